// Every key of the configuration: its kind, its default as a user would write it, and one sentence. What several values
// must be together is in rules/.
import * as kinds from "../kinds.ts";
import { about, choice, duration, flag, list, optional, ratio, section, size, table, text } from "../vocabulary.ts";
import type { Infer } from "../vocabulary.ts";
import { input } from "./input.ts";
import { DEFAULT_LADDER, ladder } from "./ladder.ts";
import { output } from "./output.ts";

const buffer = section({
  path: about("state directory, mode 0700", optional(text(), "/var/lib/spillway")),
  memory: about(
    "all log bytes in memory: queued, in flight, encoded, compressed; at least 8MiB and 4x `max_record`",
    optional(size(), "64MiB"),
  ),
  disk: about("real size of database and WAL; at least 2x `memory`; 0 is memory only", optional(size(), "1GiB")),
  shares: about("share of a ladder in the budget; the others share the rest equally", optional(table(ratio()), {})),
  max_age: about("drops what was read longer ago; 0 is never", optional(duration(), "0s")),
});

export const schema = section({
  inputs: about("what is read", optional(list(input), [])),
  buffer: about("memory and disk", optional(buffer, {})),
  policies: about(
    "ladders by name: what happens when the buffer fills",
    optional(table(ladder), { default: DEFAULT_LADDER }),
  ),
  output: about("where it goes; one in this version", optional(output, {})),
  admin: about(
    "health, metrics, status",
    optional(
      section({
        listen: about("`host:port`, `unix:/path` or `off`", optional(kinds.listen(), "127.0.0.1:9650")),
        hosts: about("Host names allowed besides loopback names and IP literals", optional(list(text()), [])),
      }),
      {},
    ),
  ),
  shutdown: about(
    "how it stops",
    optional(
      section({
        grace: about("how long it goes on delivering", optional(duration(), "10s")),
        read_to_end: about(
          "first reads on until no file has grown for 1 s, for at most half the grace, last lines without line end included",
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
        level: about("least level", optional(choice("debug", "info", "warn", "error"), "info")),
      }),
      {},
    ),
  ),
});

/** A configuration with defaults, in bytes, milliseconds and ratios, its keys as in the file. */
export type Read = Infer<typeof schema>;
export type ReadRung = Read["policies"][string][number];
export type ReadInput = Read["inputs"][number];
