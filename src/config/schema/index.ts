// The schema of the configuration: for each key its kind, its default as a user would write it, and a one-sentence description.
// Constraints between several values are in rules/.
import * as kinds from "../values/kinds.ts";
import {
  about,
  choice,
  duration,
  flag,
  list,
  optional,
  ratio,
  section,
  size,
  table,
  text,
} from "../values/vocabulary.ts";
import type { Infer } from "../values/vocabulary.ts";
import { input } from "./input.ts";
import { DEFAULT_LADDER, ladder } from "./ladder.ts";
import { output } from "./output.ts";

const buffer = section({
  path: about(
    "state directory, mode 0700; its subfolder `state` if it has other files or others may write to it",
    optional(text(), "/var/lib/spillway"),
  ),
  memory: about(
    "all log bytes in memory: queued, in flight, encoded, compressed; at least 8MiB and 4x `max_record`; with a memory limit of the cgroup, the default is at most that limit less 130MiB, but at least 8MiB",
    optional(size(), "64MiB"),
  ),
  disk: about(
    "actual size of database, WAL and reserve; at least 2x `memory`; 0: memory only",
    optional(size(), "1GiB"),
  ),
  shares: about(
    "share of the budget for each ladder; ladders not named share the rest equally",
    optional(table(ratio()), {}),
  ),
  max_age: about("drop records that were read longer ago; 0: never", optional(duration(), "0s")),
});

export const schema = section({
  inputs: about("what is read", optional(list(input), [])),
  buffer: about("memory and disk", optional(buffer, {})),
  policies: about(
    "ladders by name: what happens when the buffer fills",
    optional(table(ladder), { default: DEFAULT_LADDER }),
  ),
  output: about("the destination; one in this version", optional(output, {})),
  admin: about(
    "health, metrics, status",
    optional(
      section({
        listen: about("`host:port`, `unix:/path` or `off`", optional(kinds.listen(), "127.0.0.1:9650")),
        hosts: about(
          "Host names allowed in requests, besides loopback names and IP addresses",
          optional(list(text()), []),
        ),
      }),
      {},
    ),
  ),
  shutdown: about(
    "what a stop does",
    optional(
      section({
        grace: about("how long it continues to deliver", optional(duration(), "10s")),
        read_to_end: about(
          "first read until no file has grown for 1 s, for at most half the grace, including last lines without line end",
          optional(flag(), false),
        ),
      }),
      {},
    ),
  ),
  log: about(
    "the agent's own log",
    optional(
      section({
        level: about("lowest level that is logged", optional(choice("debug", "info", "warn", "error"), "info")),
      }),
      {},
    ),
  ),
});

/** A parsed configuration with defaults. Keys are as in the file; values are in bytes, milliseconds and ratios. */
export type Read = Infer<typeof schema>;
export type ReadRung = Read["policies"][string][number];
export type ReadInput = Read["inputs"][number];
