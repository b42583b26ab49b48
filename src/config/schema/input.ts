// The keys of an input.
import * as kinds from "../kinds.ts";
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
} from "../vocabulary.ts";

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
  field: about(
    "key of a JSON record that holds the time, dotted where it is nested; `@timestamp` if left out",
    maybe(text()),
  ),
  format: about("strptime-like, for example `%d/%b/%Y:%H:%M:%S %z`, or `rfc3339`", kinds.timeFormat()),
});

export const input = section({
  id: about("unique; names metrics and state", kinds.id()),
  type: about("`file`; other words are reserved", optional(choice("file"), "file")),
  paths: about("globs, `**` included", list(text())),
  exclude: about(
    "globs of files that are left out; .zst, .xz, .tgz and the like always are, gzip files are read",
    optional(list(text()), []),
  ),
  start: about(
    "`end`: what files have when the input starts for the first time is not read",
    optional(choice("beginning", "end"), "beginning"),
  ),
  format: about("what a line is", optional(choice("text", "json", "cri", "docker"), "text")),
  encoding: about("WHATWG name of the encoding", optional(kinds.encoding(), "utf-8")),
  multiline: about("how lines are joined to records", maybe(multiline)),
  partial_timeout: about(
    "a last line without line end is taken as it is when its file has not grown for so long; 0 waits for ever",
    optional(duration(), "0s"),
  ),
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
  ignore_older: about(
    "files not written to for longer are not read until they are; 0 reads all",
    optional(duration(), "0s"),
  ),
  held: about(
    "bytes of files without a name that only the agent keeps alive; beyond it the oldest are let go, counted",
    optional(size(), "1GiB"),
  ),
  fields: about("constant fields of every document", optional(table(anything()), {})),
  index: about("overrides `output.index`", maybe(text())),
  policy: about("name of the ladder", optional(text(), "default")),
});
