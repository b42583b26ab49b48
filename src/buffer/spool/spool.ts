// The interface between the buffer and durable storage: transactions out, chunks in. Calls are carried out in the order in which
// they are made. The buffer has at most one commit under way, and per queue at most one call that reads or sheds heads.
import type { Envelope } from "../../core/chunk.ts";
import type { Count, Fate } from "../../core/fate.ts";
import type { Identity, Mark, SourceId } from "../../core/source.ts";
import type { LedgerDelta } from "../ledger/ledger.ts";

/** A source. Heads refer to it by `num`. */
export interface SourceRow {
  readonly num: number;
  readonly id: SourceId;
  readonly input: string;
  readonly identity: Identity;
  readonly origin: number;
  readonly checkpoint: number;
  readonly mark: Mark;
}

/** Numbers per entry of `moves`: source number, checkpoint, mark length, mark hash. */
export const MOVE_WIDTH = 4;
/** A source as it is stored. */
export interface StoredSource extends SourceRow {
  /** Its chunks in the backlog. */
  readonly chunks: number;
}

/** A queue of the backlog: the chunks of one ladder for one target. */
export interface QueueRow {
  readonly id: number;
  readonly policy: string;
  readonly target: string;
}

export interface DeadLetter {
  readonly atMs: number;
  readonly input: string;
  readonly source: SourceId;
  readonly path: string;
  /** Where the record begins in its source, and its bytes in the ledger. */
  readonly offset: number;
  readonly bytes: number;
  readonly index: string;
  readonly status: number;
  readonly type: string;
  readonly reason: string;
  /** The record's bytes; undefined: too many letters were waiting for a commit. */
  readonly body: Uint8Array | undefined;
  /** A `LetterDocument` as JSON. */
  readonly document: string;
}

/** What a replay needs, beside the bytes of the record, to build the document again. */
export interface LetterDocument {
  readonly host: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly readAtMs: number;
  /** As in the record table. `time` null: the time of reading. */
  readonly kind: number;
  readonly weight: number;
  readonly time: number | null;
}

/** Dead letters of one input and index that were evicted to keep within the budget. */
export interface Evicted extends Count {
  readonly input: string;
  readonly index: string;
  /** What the server said about the first of them. */
  readonly status: number;
  readonly type: string;
}

export interface Loss extends Count {
  readonly atMs: number;
  readonly input: string;
  readonly source: SourceId;
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly fate: Fate;
  /** Some of the records may have been stored, by an attempt whose response was lost. */
  readonly uncertain: boolean;
  /** For a sampled range: one record in `keep` was kept, chosen by this version of the hash. */
  readonly keep: number;
  readonly hashVersion: number;
  /** Several ranges were merged into this one, to bound their number. Records between them were not lost. */
  readonly merged: boolean;
}

/** When an input started for the first time. */
export interface FirstStart {
  readonly input: string;
  /** Wall clock; 0: before start times were recorded. */
  readonly atMs: number;
}

/** Consecutive rows of a transaction with the same queue and input. They may share a block. */
export interface RowGroup {
  readonly queue: number;
  readonly input: string;
  readonly rows: number;
}

/** Commits as a whole or not at all. */
export interface Transaction {
  /** synchronous=FULL: once answered, this and all earlier transactions survive a power cut. */
  readonly full: boolean;
  /** New sources, and sources whose file has another name or fingerprint now. */
  readonly sources: readonly SourceRow[];
  /** Stored sources with only a new checkpoint, `MOVE_WIDTH` numbers each, because there may be very many. */
  readonly moves: Float64Array;
  /** Numbers of sources to forget. */
  readonly forgotten: readonly number[];
  /** Envelopes that the rows refer to, including those already stored. A start deletes envelopes that no row refers to. */
  readonly envelopes: readonly Envelope[];
  readonly queues: readonly QueueRow[];
  /** Heads of new rows, group after group. Their regions are read in place and stay pinned until the commit is answered. */
  readonly rows: Float64Array;
  readonly groups: readonly RowGroup[];
  /** Rows to remove, as pairs of queue and sequence number. */
  readonly removed: Float64Array;
  readonly ledger: readonly LedgerDelta[];
  readonly losses: readonly Loss[];
  readonly deadLetters: readonly DeadLetter[];
  readonly starts: readonly FirstStart[];
  readonly meta: Meta;
}

/** What a start has to know beyond the tables. */
export interface Meta {
  /** Greater than the sequence number of every chunk ever admitted. */
  readonly nextSeq: number;
  readonly age: AgeStamp;
  /** By ladder: bytes of the share into which its backlog last fitted. */
  readonly limits: Readonly<Record<string, number>>;
}

/** The age clock together with the machine's clocks at one moment. */
export interface AgeStamp {
  readonly agedMs: number;
  readonly wallMs: number;
  /** Identifies the boot; "": unknown. */
  readonly boot: string;
  /** Milliseconds since that boot. */
  readonly upMs: number;
}

/** How much room the state takes and has. */
export interface Room {
  /** Real size of database and WAL. */
  readonly size: number;
  /** Stored dead letters, and the bytes they take of their budget. */
  readonly deadLetters: Count;
  /** Bytes that rows may take on the disk; undefined: not measured. */
  readonly rows: number | undefined;
}

export interface Committed {
  /** Per block, in the order of the rows: id, rows, bytes on disk. */
  readonly blocks: Float64Array;
  readonly room: Room;
  /** Dead letters evicted by this transaction, which has also changed their fate in the ledger. */
  readonly evicted: readonly Evicted[];
}
export const BLOCK_WIDTH = 3;

/** Sums of the backlog per queue and input. */
export interface Total {
  readonly queue: number;
  readonly input: string;
  readonly chunks: number;
  readonly records: number;
  readonly bytes: number;
  /** Bytes on disk. */
  readonly stored: number;
}

/** The durable state when the directory was opened, without the sources, which are read page by page. */
export interface Recovered {
  readonly queues: readonly QueueRow[];
  readonly totals: readonly Total[];
  readonly ledger: readonly LedgerDelta[];
  readonly starts: readonly FirstStart[];
  readonly nextSource: number;
  readonly nextEnvelope: number;
  /** Undefined in a new directory. */
  readonly meta: Meta | undefined;
  readonly room: Room;
}

/** Heads of a queue in order, with the envelopes and blocks that they refer to. */
export interface HeadPage {
  readonly heads: Float64Array;
  readonly envelopes: readonly Envelope[];
  /** Per block of the heads: id, live rows, bytes on disk. */
  readonly blocks: Float64Array;
}

/** Which rows to shed from the backlog without loading them. */
export interface Shedding {
  readonly queue: number;
  /** Only rows with a greater sequence number, */
  readonly after: number;
  /** and none of these sequence numbers, which are in memory. */
  readonly except: readonly number[];
  readonly fate: Fate;
  /**
   * oldest: from the front, until `bytes` of disk are freed. random: blocks selected by `picks`, numbers in [0, 1), until `bytes`
   * are freed. expired: from the front, all rows read before `agedMs`.
   */
  readonly choice:
    | { readonly order: "oldest"; readonly bytes: number }
    | { readonly order: "random"; readonly bytes: number; readonly picks: readonly number[] }
    | { readonly order: "expired"; readonly agedMs: number };
  /** Rows with a smaller sequence number were read by an earlier process, which may have sent them. */
  readonly certainFrom: number;
  readonly atMs: number;
}

export interface Shed {
  /** Per input: what was shed, and the disk space freed. */
  readonly inputs: readonly Omit<Total, "queue">[];
  /** Rows shed, as pairs of source number and rows. */
  readonly sources: Float64Array;
  /** Rows shed, as pairs of block and rows, for blocks that still have others. */
  readonly blocks: Float64Array;
  /** False: stopped at the limit of one transaction; there is more to shed. */
  readonly done: boolean;
}

/** Facts that only the spool knows. */
export interface Survey {
  /** When the oldest row of each queue was read: triples of queue, age clock and wall clock. */
  readonly oldest: Float64Array;
  readonly room: Room;
}

/** Results of `load`. CORRUPT: the block can never be read, and the log file does not have the bytes any more. */
export const CORRUPT = 0;
export const LOADED = 1;
/** The block cannot be read; the log file still had the bytes. */
export const REREAD = 2;
/** The disk cannot read the block now, and the log file does not have the bytes: try again later. */
export const LATER = 3;

export interface Spool {
  /** Rejects if the commit failed. Even then the transaction may turn out to be stored after a crash. */
  commit(transaction: Transaction): Promise<Committed>;
  /** The next heads of a queue, with sequence numbers above `after`, at most `limit`. */
  heads(queue: number, after: number, limit: number): Promise<HeadPage>;
  /**
   * Loads chunks of one block into the arena, at the addresses in their heads. Rejects if nothing can be read now.
   * @returns what became of each head: LOADED, REREAD, LATER or CORRUPT
   */
  load(block: number, heads: Float64Array): Promise<Uint8Array>;
  /** Sheds rows in a transaction of its own, at most a few thousand. */
  shed(shedding: Shedding): Promise<Shed>;
  /** Called once a second. When no rows come or are read, this also gives free pages back to the file system. */
  survey(): Promise<Survey>;
  close(): Promise<void>;
}
