// One item of a bulk answer: what its status and error mean for the document. The classes are those of Elasticsearch
// 7.17 to 9 and OpenSearch. What must hold: what may pass is never refused for good, and a fault of configuration, which
// hits every document alike, never empties the queue into the dead letters.

/**
 * stored, exists: done. retry: passes by itself. busy: the server asks to slow down. refused: this document, for good.
 * held: configuration, somebody has to act. too-large: one document among those of a shard exceeds what the server ever
 * takes, and the server does not say which.
 */
export type ItemClass = "stored" | "exists" | "retry" | "busy" | "refused" | "held" | "too-large";

export interface ItemError {
  readonly type: string;
  readonly reason: string;
}

/**
 * 400 that no document is to blame for. A reason counts only from its beginning: further on it may quote the document
 * ("Preview of field's value"), and a line that says the magic words must not stop the queue.
 */
const HELD_TYPES = new Set(["index_closed_exception", "invalid_index_name_exception"]);
const HELD_REASONS = /^(only write ops with an op_type of create|no write index|pipeline with id)/;
/** Said to all operations that share the shard with the large one. */
const TOO_LARGE = /^(Request contains an operation of size|operation size exceeds maximum)/;

export function classify(status: number, error: ItemError, operation: "create" | "index"): ItemClass {
  if (status === 200 || status === 201) return "stored";
  switch (status) {
    case 409:
      return operation === "create" ? "exists" : "retry";
    case 429:
      return TOO_LARGE.test(error.reason) ? "too-large" : "busy";
    case 401:
    case 403:
    case 404:
      return "held";
    case 400:
      return isConfiguration(error) ? "held" : "refused";
    default:
      return status > 400 && status < 500 && status !== 408 ? "refused" : "retry";
  }
}

function isConfiguration({ type, reason }: ItemError): boolean {
  return HELD_TYPES.has(type) || (type === "illegal_argument_exception" && HELD_REASONS.test(reason));
}

/** `error` as servers write it: an object, a bare string, or nothing. */
export function errorOf(error: unknown, status: number): ItemError {
  if (typeof error === "string") return { type: `status_${status}`, reason: error };
  const { type, reason } = (error ?? {}) as { type?: unknown; reason?: unknown };
  return {
    type: typeof type === "string" ? type : `status_${status}`,
    reason: typeof reason === "string" ? cut(reason) : "",
  };
}

const MAX_REASON = 1024;

/** At most 1 KiB of UTF-8, and never half a character. */
export function cut(text: string): string {
  if (text.length <= MAX_REASON / 3) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= MAX_REASON) return text;
  let end = MAX_REASON - 3;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.toString("utf8", 0, end)}\u2026`;
}
