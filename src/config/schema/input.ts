// The keys of an input.
import * as kinds from "../values/kinds.ts";
import {
  about,
  anything,
  choice,
  count,
  duration,
  flag,
  list,
  maybe,
  optional,
  section,
  size,
  table,
  text,
} from "../values/vocabulary.ts";

const MOMENT = { value: 1, text: "1ms" };
const BYTE = { value: 1, text: "1B" };

const multiline = section({
  start: about("pattern of a record's first line", maybe(kinds.pattern())),
  end: about("pattern of a record's last line", maybe(kinds.pattern())),
  indent: about("lines that begin with white space belong to the one before", optional(flag(), false)),
  timeout: about("how long to wait for the rest of a record", optional(duration(MOMENT), "2s")),
  max_records: about("maximum number of lines in a record", optional(count(1, 1_000_000), 1000)),
});

const timestamp = section({
  field: about("key of a JSON record that holds the time, dotted if nested; default `@timestamp`", maybe(text())),
  format: about("strptime-like, for example `%d/%b/%Y:%H:%M:%S %z`, or `rfc3339`", kinds.timeFormat()),
});

export const input = section({
  id: about("unique name; appears in metrics and in the state", kinds.id()),
  type: about("`file`; other words are reserved", optional(choice("file"), "file")),
  paths: about("glob patterns, also with `**`", list(text())),
  exclude: about(
    "glob patterns of files to skip; .zst, .xz, .tgz and the like are always skipped, gzip files are read",
    optional(list(text()), []),
  ),
  start: about("`end`: on the first start, skip existing content", optional(choice("beginning", "end"), "beginning")),
  format: about("format of a line", optional(choice("text", "json", "cri", "docker"), "text")),
  encoding: about("WHATWG name of the encoding", optional(kinds.encoding(), "utf-8")),
  multiline: about("joins lines into records", maybe(multiline)),
  partial_timeout: about(
    "take a last line without line end once its file has not grown for this long; 0 waits for the line end",
    optional(duration(), "0s"),
  ),
  timestamp: about("where a record has its own time", maybe(timestamp)),
  include_lines: about(
    "patterns; records that match none of them are dropped and counted as filtered",
    optional(list(kinds.pattern()), []),
  ),
  exclude_lines: about(
    "patterns; records that match any of them are dropped and counted as filtered",
    optional(list(kinds.pattern()), []),
  ),
  redact: about("patterns whose matches are replaced before anything is stored", optional(list(kinds.pattern()), [])),
  max_record: about("maximum size of a record", optional(size(BYTE), "1MiB")),
  oversize: about("what to do with a longer record", optional(choice("truncate", "skip"), "truncate")),
  ignore_older: about(
    "skip files unmodified for this long, until they change; 0 skips none",
    optional(duration(), "0s"),
  ),
  held: about(
    "size limit for deleted files that the agent keeps open; beyond it the oldest are closed, their unread bytes counted",
    optional(size(), "1GiB"),
  ),
  fields: about("constant fields of every document", optional(table(anything()), {})),
  index: about("overrides `output.index`", maybe(text())),
  policy: about("name of the ladder, one of `policies`", optional(text(), "default")),
});
