// The keys of the output.
import * as kinds from "../kinds.ts";
import {
  about,
  choice,
  count,
  duration,
  flag,
  list,
  maybe,
  optional,
  rate,
  section,
  size,
  text,
} from "../vocabulary.ts";

const MOMENT = { value: 1, text: "1ms" };
const BYTE = { value: 1, text: "1B" };

export const output = section({
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
