// The keys of the output.
import * as kinds from "../values/kinds.ts";
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
  table,
  text,
} from "../values/vocabulary.ts";

const MOMENT = { value: 1, text: "1ms" };
const BYTE = { value: 1, text: "1B" };

export const output = section({
  type: about(
    "Elasticsearch 7.17, 8, 9, OpenSearch and VictoriaLogs",
    optional(choice("elasticsearch"), "elasticsearch"),
  ),
  hosts: about("URLs of the servers", optional(list(kinds.host()), ["http://127.0.0.1:9200"])),
  index: about(
    "index or data stream; may contain {input}, {field:NAME}, {date:yyyy.MM.dd} (of @timestamp)",
    optional(text(), "logs-generic-default"),
  ),
  operation: about("`create` for data streams", optional(choice("create", "index"), "create")),
  ids: about(
    "`offset`: a deterministic `_id`, so that a retry stores nothing twice",
    optional(choice("offset", "auto"), "offset"),
  ),
  auth: about(
    "an API key, a token, or a user name and a password",
    maybe(
      section({
        api_key: about("base64 form of the key, or `id:key`", maybe(text())),
        bearer: about("a token, sent as `Authorization: Bearer`", maybe(text())),
        username: about("user name", maybe(text())),
        password: about("password", maybe(text())),
      }),
    ),
  ),
  tls: about(
    "for https hosts",
    optional(
      section({
        ca: about("file with the certificate authorities to trust; default: those of the system", maybe(text())),
        cert: about("file with the client certificate", maybe(text())),
        key: about("file with its key", maybe(text())),
        passphrase: about("passphrase of the key", maybe(text())),
        verify: about("whether the server's certificate is checked", optional(flag(), true)),
      }),
      {},
    ),
  ),
  compression: about("compression of request bodies", optional(choice("none", "gzip"), "gzip")),
  batch: about(
    "a batch is sent at the first of these limits",
    optional(
      section({
        bytes: about(
          "encoded bytes; default: 5MiB or an eighth of `buffer.memory`, whichever is less",
          maybe(size(BYTE)),
        ),
        records: about("documents", optional(count(1, 1_000_000), 20_000)),
        age: about("how long the first record may wait", optional(duration(MOMENT), "1s")),
      }),
      {},
    ),
  ),
  concurrency: about("requests at a time; `auto` adapts to the server", optional(kinds.concurrency(), "auto")),
  rate: about("limit in bytes a second; 0: none", optional(rate(), 0)),
  order: about(
    "`newest`: after an outage, two of three requests carry new records, the third the backlog",
    optional(choice("oldest", "newest"), "oldest"),
  ),
  connect_timeout: about("limit for making a connection, including TLS", optional(duration(MOMENT), "5s")),
  timeout: about(
    "from the last byte of a request to the first byte of its response; twice that for the rest of the response",
    optional(duration(MOMENT), "90s"),
  ),
  headers: about("additional headers of each request", optional(table(text()), {})),
  proxy: about(
    "URL, with user name and password if needed; default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY",
    maybe(kinds.proxy()),
  ),
  pipeline: about("ingest pipeline of the server", maybe(text())),
  tags: about("`tags` of every document, before those of the input's `fields`", optional(list(text()), [])),
  require_data_stream: about("write only to data streams", optional(flag(), false)),
  dead_letters: about("space for documents that the server refused permanently", optional(size(), "64MiB")),
});
