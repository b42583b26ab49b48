// What a destination answers. Verdicts are about documents, in the order in which they stood in the body.

export const STORED = 0;
/** The same id was there already: an earlier attempt stored it. */
export const EXISTS = 1;
/** Not stored for a reason that passes. */
export const RETRY = 2;
/** Refused for good: `refusals` says why. */
export const REFUSED = 3;

export interface Refusal {
  readonly status: number;
  readonly type: string;
  /** As the server says it, at most 1 KiB. */
  readonly reason: string;
}

export type SendReport =
  /** Every document was stored now; `failureStored` of them in the failure store of their data stream. */
  | { readonly kind: "stored"; readonly failureStored?: number }
  /** A verdict per document. `busy`: the server asked to slow down (429) for at least one. */
  | {
      readonly kind: "mixed";
      readonly verdicts: Uint8Array;
      readonly refusals: ReadonlyMap<number, Refusal>;
      readonly busy: boolean;
      readonly why: string;
      readonly failureStored?: number;
    }
  /** The request as a whole was turned away and nothing of it was stored: 429, 503 before any work. */
  | { readonly kind: "busy"; readonly why: string; readonly retryAfterMs: number | undefined }
  /** The body is too large (413) or cannot be parsed (400): halve it; a single document is refused with this. */
  | { readonly kind: "indigestible"; readonly refusal: Refusal }
  /**
   * Nothing is known: connection lost, time-out, 5xx. Some of it may have been stored, except where `sent` says that no
   * connection ever came about.
   */
  | {
      readonly kind: "unanswered";
      readonly why: string;
      readonly sent?: "nothing";
      readonly retryAfterMs?: number | undefined;
    }
  /** Credentials, wrong server, missing index with auto-create off: hold everything, tell somebody, try again slowly. */
  | { readonly kind: "denied"; readonly why: string; readonly hint: string };

export interface ServerInfo {
  /** For example "elasticsearch 8.19.0" or "opensearch 3.8.0". */
  readonly name: string;
}

export interface Output {
  /** Asks the server who it is. Throws a SpillwayError that says which step failed. */
  connect(signal: AbortSignal): Promise<ServerInfo>;
  /**
   * Sends one body of `docs` documents and never throws for what a server or a network can do.
   * @param target the default index of the body
   * @param body NDJSON; may be a view into the arena, read until the promise settles and not after
   */
  send(target: string, body: Buffer, docs: number, signal: AbortSignal): Promise<SendReport>;
  /** Bytes of bodies as they went over the wire, so far. */
  readonly wireBytes: number;
  close(): Promise<void>;
}
