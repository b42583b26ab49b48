// An input that gets another id is another input: what was read under the old one is known to nobody, and is read again.
// That is said at the start that would do so.
import type { Recovered } from "../buffer/spool.ts";
import { count } from "../core/figures.ts";
import type { Log } from "../core/log.ts";
import type { FileInputOptions } from "../core/options.ts";

export function sayLeftInputs(log: Log, { sources, starts }: Recovered, inputs: readonly FileInputOptions[]): void {
  const before = new Set([...starts, ...sources].map(({ input }) => input));
  const now = new Set(inputs.map(({ id }) => id));
  const fresh = [...now].filter((id) => !before.has(id));
  if (fresh.length === 0) return;
  const left = Map.groupBy(sources, ({ input }) => input);
  for (const [input, { length: files }] of left)
    if (!now.has(input))
      log.warn(
        "input_left",
        `The state knows ${count(files)} file${files === 1 ? "" : "s"} of input ${input}, which is not configured any more, ` +
          `and ${fresh.join(", ")} starts for the first time. If it is the same one with another id, give it back its old ` +
          "one and restart: to a new id all files are new, and are read again from where `start` says.",
        { input, files, new: fresh },
      );
}
