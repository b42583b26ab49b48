// An input with a changed id is a new input: the state of the old id is not used, and its files are read again. Warns about this
// at the start at which it would happen.
import type { FirstStart } from "../buffer/spool/spool.ts";
import { count } from "../core/figures.ts";
import type { Log } from "../core/log.ts";
import type { FileInputOptions } from "../core/options.ts";

/** What the state contains: the number of files by input, and the inputs that have ever started. */
export interface KnownInputs {
  readonly sources: ReadonlyMap<string, number>;
  readonly starts: readonly FirstStart[];
}

export function sayLeftInputs(log: Log, { sources, starts }: KnownInputs, inputs: readonly FileInputOptions[]): void {
  const before = new Set([...starts.map(({ input }) => input), ...sources.keys()]);
  const now = new Set(inputs.map(({ id }) => id));
  const fresh = [...now].filter((id) => !before.has(id));
  if (fresh.length === 0) return;
  for (const [input, files] of sources)
    if (!now.has(input))
      log.warn(
        "input_left",
        `The state knows ${count(files)} file${files === 1 ? "" : "s"} of input ${input}, which is not configured any more, ` +
          `and ${fresh.join(", ")} starts for the first time. If it is the same one with another id, give it back its old ` +
          "one and restart: to a new id all files are new, and are read again from where `start` says.",
        { input, files, new: fresh },
      );
}
