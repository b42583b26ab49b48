// What delivery requires of a destination: choose the target of documents, encode them into a body, send it, and report the
// result. Verdicts are per document, in the order of the body.
import type { Region } from "./arena.ts";
import type { Envelope } from "./chunk.ts";
import type { SourceId } from "./source.ts";

/** The target of a chunk's documents: the index, or whatever the destination calls it. @param readAtMs wall clock */
export type TargetOf = (envelope: Envelope, readAtMs: number) => string;

/**
 * For inputs whose index depends on the record. All records of a chunk go to one index, so a chunk ends where the index changes.
 */
export interface RecordIndex {
  /** Members of a JSON record that the index depends on, as dotted names. */
  readonly members: readonly string[];
  /**
   * The index pattern of the record, with the record's own values filled in.
   * @param timeMs the record's time, milliseconds since 1970
   * @param values the record's `members`, in that order; undefined for a missing one
   * @param readAtMs when it was read: wall clock
   */
  of(timeMs: number, values: RecordValues, readAtMs: number): string;
}

export type RecordValues = readonly (string | undefined)[];

/** A chunk to encode: its open records. The buffer's chunks implement this interface, so that a request needs no new objects. */
export interface Piece {
  readonly source: { readonly id: SourceId };
  readonly envelope: Envelope;
  readonly start: number;
  readonly region: Region | undefined;
  readonly table: Region | undefined;
  readonly records: number;
  readonly readAtMs: number;
  /** One fate per record, OPEN = none; undefined: all records are open. Do not change it before the response is applied. */
  readonly fates: Uint8Array | undefined;
}

/** How much of one piece is in the body. */
export interface Run {
  /** Documents from this piece. */
  readonly docs: number;
  /** How many of its first records are in the body or had a fate before. */
  readonly records: number;
}

export interface EncodedBody {
  /** Default index of the body, for the request's path. */
  readonly target: string;
  readonly bytes: number;
  readonly docs: number;
  /** One per piece, in order; fewer than the pieces when the body was full before. */
  readonly runs: readonly Run[];
}

export interface BodyEncoder {
  /**
   * Fills the body from the pieces, in order. Stops at the first unfinished piece: the body is full then, or has `maxDocs`
   * documents. Synchronous. With 0 documents, the first open record does not fit into a body of this size.
   * @param maxBytes bytes of the body to use; default: all
   */
  encodeInto(body: Region, pieces: readonly Piece[], maxDocs: number, maxBytes?: number): EncodedBody;
}

export const STORED = 0;
/** A document with this id existed: an earlier attempt stored it. */
export const EXISTS = 1;
/** Not stored, for a temporary reason. If `refusals` has it, the document may cause it each time. */
export const RETRY = 2;
/** Refused permanently; `refusals` has the reason. */
export const REFUSED = 3;
/** Not stored. It is unknown whether the document or the target is the cause; `refusals` has the reason. */
export const UNCLEAR = 4;

export interface Refusal {
  readonly status: number;
  readonly type: string;
  /** The server's text, at most 1 KiB. */
  readonly reason: string;
  /** The reason without its quotes from the document. Only this part may go into a log. */
  readonly said?: string;
}

/** The answer to a whole request that one document of the body may cause: a firewall's page, a 500, a reset connection. */
export interface Rejection {
  readonly refusal: Refusal;
  /** Number of the host that gave it. */
  readonly host: number;
}

export type SendReport =
  /** Every document was stored by this request, `failureStored` of them in the failure store of their data stream. */
  | { readonly kind: "stored"; readonly failureStored?: number }
  /** One verdict per document. `busy`: the server asked to slow down (429) for at least one. `hint`: what to do, or "". */
  | {
      readonly kind: "mixed";
      readonly verdicts: Uint8Array;
      readonly refusals: ReadonlyMap<number, Refusal>;
      readonly busy: boolean;
      readonly why: string;
      readonly hint: string;
      readonly failureStored?: number;
    }
  /**
   * The whole request was turned away and nothing was stored: 429, or 503 before any work. `isPressure`: it would take too much
   * of the server's memory, so smaller requests may succeed.
   */
  | {
      readonly kind: "busy";
      readonly why: string;
      readonly isPressure: boolean;
      readonly retryAfterMs: number | undefined;
    }
  /**
   * The body is too large or unreadable: send half of it. If it is a single document and `isCertain` is set, the document is to
   * blame and is refused. `otherHost`: a host that may take it cannot be asked now, so it is sent again later.
   */
  | {
      readonly kind: "indigestible";
      readonly refusal: Refusal;
      readonly why: "size" | "content";
      readonly isCertain: boolean;
      readonly otherHost?: "silent";
    }
  /**
   * The outcome is unknown: connection lost, timeout, 5xx. Documents may have been stored, unless `sent` says that no connection
   * was ever established.
   */
  | {
      readonly kind: "unanswered";
      readonly why: string;
      readonly sent?: "nothing";
      readonly retryAfterMs?: number | undefined;
      readonly rejection?: Rejection;
    }
  /**
   * The destination takes nothing until somebody intervenes: hold everything, report it, retry slowly. target: concerns this
   * index (no rights, missing with auto-create off, blocked). server: concerns every request (credentials, a server of another
   * kind). `mayBeStored`: the response was a success that says nothing about the documents.
   */
  | {
      readonly kind: "denied";
      readonly by: "target" | "server";
      readonly why: string;
      readonly hint: string;
      readonly mayBeStored?: boolean;
      readonly rejection?: Rejection;
    };

export interface ServerInfo {
  /** For example "elasticsearch 8.19.0" or "opensearch 3.8.0". */
  readonly name: string;
}

/** One of the servers that an output sends to. */
export interface HostState {
  /** Name and port. */
  readonly host: string;
  /** Why its last request failed; undefined: it did not. `atMs`: wall clock. */
  readonly trouble: { readonly why: string; readonly atMs: number } | undefined;
}

export interface Output {
  /** Asks the server for its name and version. Throws a SpillwayError that names the failed step. */
  connect(signal: AbortSignal): Promise<ServerInfo>;
  /**
   * Sends one body of `docs` documents. Never throws for a failure of the server or the network.
   * @param target the default index of the body
   * @param body NDJSON; may be a view into the arena; it is read only until the promise settles
   */
  send(target: string, body: Buffer, docs: number, signal: AbortSignal): Promise<SendReport>;
  /** Bytes of bodies sent so far, as they went over the wire. */
  readonly wireBytes: number;
  readonly hosts: readonly HostState[];
  close(): Promise<void>;
}
