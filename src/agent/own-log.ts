// Warns if an input reads the file that the agent writes its own log to. The agent then ships its messages about shipping, and
// every problem feeds itself. This is allowed, because somebody may want it.
import { type BigIntStats, fstatSync, readlinkSync } from "node:fs";
import type { Log } from "../core/log.ts";
import type { InputOptions } from "../core/options.ts";
import { compile, excluding } from "../inputs/file/discovery/glob.ts";

/** Finds the path by which an input reads a file, which may be a link to it; undefined if the input does not read the file. */
export type Readers = (input: string, file: BigIntStats) => string | undefined;

/** Call after the inputs have started. @param fd descriptor of the agent's log */
export function sayOwnLog(log: Log, inputs: readonly InputOptions[], readers: Readers, fd: number): void {
  const file = fstatSync(fd, { bigint: true });
  if (!file.isFile()) return;
  const own = readlinkSync(`/proc/self/fd/${fd}`);
  for (const { id, paths, exclude } of inputs) {
    const matches = !excluding(exclude)(own) && paths.some((pattern) => compile(pattern).matches(own));
    const path = readers(id, file) ?? (matches ? own : undefined);
    if (path === undefined) continue;
    const link = path === own ? "" : ` (that is, ${own})`;
    log.warn(
      "own_log_matched",
      `Input ${id} reads ${path}${link}, which the agent writes its own log to: what it says about shipping is shipped, and ` +
        "any trouble with that makes it say more. Add the file to `exclude` of the input, or send the log elsewhere.",
      { input: id, path },
    );
  }
}
