// Every key of the configuration: its kind, its default as a user would write it, and one sentence. What several values
// must be together is in rules/.
import { LEVELS } from "../core/options.ts";
import * as kinds from "./kinds.ts";
import type { Infer, Schema } from "./vocabulary.ts";
import {
  about,
  anything,
  choice,
  count,
  duration,
  either,
  flag,
  list,
  maybe,
  optional,
  rate,
  ratio,
  section,
  size,
  table,
  tag,
  text,
} from "./vocabulary.ts";

const MOMENT = { value: 1, text: "1ms" };
const BYTE = { value: 1, text: "1B" };

const multiline = section({
  start: about("pattern of a record's first line", maybe(kinds.pattern())),
  end: about("pattern of a record's last line", maybe(kinds.pattern())),
  indent: about("lines that begin with white space belong to the one before", optional(flag(), false)),
  timeout: about("how long to wait for the rest of a record", optional(duration(MOMENT), "2s")),
  max_records: about("lines of one record at most", optional(count(1, 1_000_000), 1000)),
});

const timestamp = section({
  field: about("key of a JSON record that holds the time", maybe(text())),
  format: about("strptime-like, for example `%d/%b/%Y:%H:%M:%S %z`", text()),
});

const input = section({
  id: about("unique; names metrics and state", kinds.id()),
  type: about("`file`; other words are reserved", optional(choice("file"), "file")),
  paths: about("globs, `**` included", list(text())),
  exclude: about("globs of files that are left out", optional(list(text()), [])),
  start: about(
    "for files that are unknown when the agent first starts",
    optional(choice("beginning", "end"), "beginning"),
  ),
  format: about("what a line is", optional(choice("text", "json", "cri", "docker"), "text")),
  encoding: about("WHATWG name of the encoding", optional(kinds.encoding(), "utf-8")),
  multiline: about("how lines are joined to records", maybe(multiline)),
  timestamp: about("where a record's own time stands", maybe(timestamp)),
  include_lines: about(
    "patterns; what matches none of them is counted as filtered",
    optional(list(kinds.pattern()), []),
  ),
  exclude_lines: about(
    "patterns; what matches one of them is counted as filtered",
    optional(list(kinds.pattern()), []),
  ),
  redact: about("patterns whose matches are replaced before anything is stored", optional(list(kinds.pattern()), [])),
  max_record: about("bytes of one record at most", optional(size(BYTE), "1MiB")),
  oversize: about("what becomes of a longer record", optional(choice("truncate", "skip"), "truncate")),
  ignore_older: about("files not written to for longer are not read; 0 reads all", optional(duration(), "0s")),
  held: about(
    "bytes of files without a name that only the agent keeps alive; beyond it the oldest are let go, counted",
    optional(size(), "1GiB"),
  ),
  fields: about("constant fields of every document", optional(table(anything()), {})),
  index: about("overrides `output.index`", maybe(text())),
  policy: about("name of the ladder", optional(text(), "default")),
});

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

const marks = {
  enter: about("utilization at which the rung is entered", kinds.mark()),
  leave: about("utilization below which it is left", kinds.mark()),
  notify: about("command or URL, called when the rung has been entered for 60 s", maybe(text())),
};
const until = section({
  waited: about("opens for everything after waiting so long", maybe(duration(MOMENT))),
  at_risk: about("opens for what exceeds it of the bytes that would otherwise be lost", maybe(size())),
});
const rung = either("action", [
  section({
    action: tag("block"),
    ...marks,
    until: about("what opens the gate; without it reading waits", maybe(until)),
  }),
  section({
    action: tag("rate-limit"),
    ...marks,
    rate: about("bytes a second", rate()),
    burst: about("bytes that may come at once", size(BYTE)),
    excess: about("whether what exceeds it waits or is dropped", optional(choice("wait", "drop"), "wait")),
  }),
  section({
    action: tag("sample"),
    ...marks,
    keep: about("`1/4`, or the percentage that equals it", kinds.keep()),
    always: about(
      `records that are always kept: \`level >= WORD\`, one of ${LEVELS.join(", ")}`,
      maybe(kinds.always()),
    ),
  }),
  section({ action: tag("drop-newest"), ...marks }),
  section({ action: tag("drop-random"), ...marks }),
  section({ action: tag("drop-oldest"), ...marks }),
]);

const output = section({
  type: about("Elasticsearch 7.17, 8, 9 and OpenSearch", optional(choice("elasticsearch"), "elasticsearch")),
  hosts: about("URLs", optional(list(kinds.host()), ["http://127.0.0.1:9200"])),
  index: about(
    "index or data stream; may contain {input}, {field:NAME}, {date:yyyy.MM.dd}",
    optional(text(), "logs-generic-default"),
  ),
  operation: about("`create` for data streams", optional(choice("create", "index"), "create")),
  ids: about(
    "`offset`: a deterministic `_id`, a retry is not a duplicate",
    optional(choice("offset", "auto"), "offset"),
  ),
  auth: about(
    "an API key, or a user name and a password",
    maybe(
      section({
        api_key: about("base64 form of the key", maybe(text())),
        username: about("user name", maybe(text())),
        password: about("password", maybe(text())),
      }),
    ),
  ),
  tls: about(
    "for https hosts",
    optional(
      section({
        ca: about("file with the authorities that are trusted", maybe(text())),
        cert: about("file with the client certificate", maybe(text())),
        key: about("file with its key", maybe(text())),
        verify: about("whether the server's certificate is checked", optional(flag(), true)),
      }),
      {},
    ),
  ),
  compression: about("of the request body", optional(choice("none", "gzip"), "gzip")),
  batch: about(
    "a batch ends with what comes first",
    optional(
      section({
        bytes: about("bytes encoded; by default 5MiB or memory/8, what is less", maybe(size(BYTE))),
        records: about("documents", optional(count(1, 1_000_000), 20_000)),
        age: about("how long the first record waits", optional(duration(MOMENT), "1s")),
      }),
      {},
    ),
  ),
  concurrency: about("`auto` is adaptive, or a number of requests", optional(kinds.concurrency(), "auto")),
  rate: about("optional cap, bytes a second; 0 is none", optional(rate(), 0)),
  order: about("which comes first after an outage", optional(choice("oldest", "newest"), "oldest")),
  timeout: about("how long a request may take", optional(duration(MOMENT), "90s")),
  dead_letters: about("bytes kept of what the server refuses for good", optional(size(), "64MiB")),
});

const DEFAULT_LADDER = [
  { action: "block", enter: "70%", leave: "60%", until: { at_risk: "256MiB" } },
  { action: "sample", enter: "85%", leave: "70%", keep: "25%", always: "level >= warn" },
  { action: "drop-oldest", enter: "95%", leave: "85%" },
];

export const schema = section({
  inputs: about("what is read", optional(list(input), [])),
  buffer: about("memory and disk", optional(buffer, {})),
  policies: about(
    "ladders by name: what happens when the buffer fills",
    optional(table(list(rung)), { default: DEFAULT_LADDER }),
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
        read_to_end: about("first reads to the end of what is there", optional(flag(), false)),
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
export type AnySchema = Schema;
