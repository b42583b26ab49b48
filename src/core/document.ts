// Field names in a document that a record cannot set.

/** Metadata fields: the server refuses every document that contains one. */
export const SERVERS_OWN: ReadonlySet<string> = new Set(
  "_id _index _source _routing _type _version _seq_no _primary_term _ignored _field_names _size _tier _data_stream_timestamp".split(
    " ",
  ),
);

/** Paths that every document has, or has where the value is known. The input's `fields` come on top of these. */
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
