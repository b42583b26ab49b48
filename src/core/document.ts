// The names in a document that are not a record's to give.

/** Metadata: the server refuses every document that has one of them as a field. */
export const SERVERS_OWN: ReadonlySet<string> = new Set(
  "_id _index _source _routing _type _version _seq_no _primary_term _ignored _field_names _size _tier _data_stream_timestamp".split(
    " ",
  ),
);

/** Paths of what every document has, or has where it is known: the rest is an input's `fields`. */
export const DOCUMENT_PATHS: readonly string[] = [
  "@timestamp",
  "log.file.path",
  "log.offset",
  "log.level",
  "host.name",
  "event.dataset",
  "_doc_count",
  "sample.rate",
];
