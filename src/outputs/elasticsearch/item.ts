// Classifies one item of a bulk response: what its status and error mean for the document. The classes cover Elasticsearch
// 7.17 to 9 and OpenSearch. Invariants: a document that may still pass is never refused for good; a fault of the cluster or of
// its configuration, which affects every document, never empties the queue into the dead letters.

/**
 * stored, exists: done. retry: temporary. busy: the server asks to slow down. refused: this document, for good. held: cluster
 * or configuration, somebody has to act. unclear: refused or held, not yet known which. too-large: one document among those of
 * a shard exceeds the server's limit, and the server does not say which.
 */
export type ItemClass = "stored" | "exists" | "retry" | "busy" | "refused" | "held" | "unclear" | "too-large";

export interface ItemError {
  readonly type: string;
  readonly reason: string;
}

/** Error types of a 400 that always concern the document: its fields, its JSON, its size, its id. */
const REFUSED_TYPES = new Set(
  (
    "document_parsing_exception mapper_parsing_exception strict_dynamic_mapping_exception parsing_exception " +
    "parse_exception x_content_parse_exception json_parse_exception json_e_o_f_exception not_x_content_exception " +
    "x_content_e_o_f_exception action_request_validation_exception routing_missing_exception"
  ).split(" "),
);
/** Reasons with the same meaning, for an error type that is ambiguous. */
const REFUSED_REASONS = new RegExp(
  "^(Limit of (total fields|mapping depth|nested fields|field name length)|The number of nested documents|" +
    "mapper \\[[^\\]]*\\] (cannot be changed|of different type)|Mapper for \\[|can't merge a non.object mapping|" +
    "Document contains at least one immense term|id is too long|id \\[.*\\] is too long|data stream timestamp field|" +
    "field name cannot be|Field name \\[|Malformed action/metadata line|the document timestamp \\[)",
  "i",
);

/**
 * Error types of a 400 that no document causes. A reason is matched only at its beginning. Further on it may quote the document
 * ("Preview of field's value"), and a log line with matching words must not stop the queue.
 */
const HELD_TYPES = new Set(
  (
    "validation_exception cluster_block_exception security_exception index_not_found_exception " +
    "resource_not_found_exception index_closed_exception invalid_index_name_exception invalid_index_template_exception " +
    "index_template_missing_exception invalid_alias_name_exception"
  ).split(" "),
);
const HELD_REASONS = new RegExp(
  "^(only write ops with an op_type of create|no write index|pipeline with id|no matching (index )?template|" +
    "matching index template \\[[^\\]]*\\] for data stream|index template \\[|composable template|" +
    "cannot write to|index \\[[^\\]]*\\] (is|has) (closed|read.only)|" +
    "\\[?data_stream|data stream \\[[^\\]]*\\] (is|has))",
);
/** The server gives this reason to all operations that share a shard with the large one. */
const TOO_LARGE = /^(Request contains an operation of size|operation size exceeds maximum)/;

export function classify(status: number, error: ItemError, operation: "create" | "index"): ItemClass {
  if (status === 200 || status === 201) return "stored";
  switch (status) {
    case 409:
      return operation === "create" ? "exists" : "retry";
    case 413:
      return "refused";
    case 429:
      // The server's disk is full, which can last for hours.
      if (error.type === "cluster_block_exception") return "held";
      return TOO_LARGE.test(error.reason) ? "too-large" : "busy";
    case 401:
    case 403:
    case 404:
      return "held";
    default:
      return status >= 400 && status < 500 && status !== 408 ? blame(error) : "retry";
  }
}

/** Classifies a 4xx whose status alone does not decide. */
export function blame({ type, reason }: ItemError): "refused" | "held" | "unclear" {
  if (HELD_TYPES.has(type)) return "held";
  if (REFUSED_TYPES.has(type)) return "refused";
  if (type !== "illegal_argument_exception") return "unclear";
  if (HELD_REASONS.test(reason)) return "held";
  return REFUSED_REASONS.test(reason) ? "refused" : "unclear";
}

/** Reads `error` in the forms that servers use: an object, a bare string, or nothing. */
export function errorOf(error: unknown, status: number): ItemError {
  if (typeof error === "string") return { type: `status_${status}`, reason: cut(error) };
  const { type, reason } = (error ?? {}) as { type?: unknown; reason?: unknown };
  return {
    type: typeof type === "string" ? type : `status_${status}`,
    reason: typeof reason === "string" ? cut(reason) : "",
  };
}

const MAX_REASON = 1024;

/** Cuts a text to at most 1 KiB of UTF-8, between characters. */
export function cut(text: string): string {
  if (text.length <= MAX_REASON / 3) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_REASON) return text;
  let end = MAX_REASON - 3;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.toString("utf8", 0, end)}\u2026`;
}

/** Where a reason begins to quote the document. */
const QUOTES =
  /\.? ?(Preview of field's value|The prefix of the first immense term|For input string)|, found |: ['"`{]/;

/** A reason that may be logged: without what it quotes of the document, and without the semicolon that some reasons end with. */
export function withoutQuotes(reason: string): string {
  const at = reason.search(QUOTES);
  const text = (at < 0 ? reason : reason.slice(0, at)).replace(/[;\s]+$/, "");
  return text.length > 200 ? `${text.slice(0, 200)}\u2026` : text;
}
