// The seam between the buffer and what is durable: transactions out, rows in. The real one is SQLite behind a worker
// thread (sqlite-spool.ts); tests put an adversary here. Transactions are answered in the order in which they are given,
// and the buffer has one under way at a time.
import type { Region } from "../core/arena.ts";
import type { Envelope } from "../core/chunk.ts";
import type { Fate } from "../core/fate.ts";
import type { Identity, KnownSource, Mark, SourceId } from "../core/source.ts";
import type { LedgerDelta } from "./ledger.ts";
import type { FirstStart } from "./starts.ts";

export interface Row {
  readonly seq: number;
  readonly source: SourceId;
  readonly envelope: number;
  readonly start: number;
  readonly end: number;
  readonly records: number;
  /** Bytes of the source that the records stand for. */
  readonly bytes: number;
  readonly readAtMs: number;
  readonly markBefore: Mark;
  /** Bytes of the region and of the record table. */
  readonly length: number;
  readonly tableLength: number;
}

export interface NewRow extends Row {
  /** Read in place by the worker: pinned until the answer. */
  readonly region: Region;
  readonly table: Region | undefined;
}

export interface StoredRow extends Row {
  /** Bytes that the row takes in the database. */
  readonly stored: number;
}

export interface SourceRow {
  readonly id: SourceId;
  readonly input: string;
  readonly identity: Identity;
  readonly origin: number;
  readonly checkpoint: number;
  readonly mark: Mark;
}

export interface DeadLetter {
  readonly atMs: number;
  readonly input: string;
  readonly source: SourceId;
  readonly path: string;
  /** Of the record in its source. */
  readonly offset: number;
  readonly bytes: number;
  readonly index: string;
  readonly status: number;
  readonly type: string;
  readonly reason: string;
  /** The record's bytes; absent when too many waited for a commit. */
  readonly body: Uint8Array | undefined;
}

export interface Loss {
  readonly atMs: number;
  readonly input: string;
  readonly source: SourceId;
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly fate: Fate;
  readonly records: number;
  readonly bytes: number;
  /** An attempt whose answer was lost may have stored some of it (rule L5). */
  readonly uncertain: boolean;
  /** For sampled ranges: one in n was kept, by this version of the hash. */
  readonly keep: number;
  readonly hashVersion: number;
}

/** Commits or vanishes as a whole. */
export interface Transaction {
  /** synchronous=FULL: durable through a power cut once answered, and with it all before. */
  readonly full: boolean;
  readonly sources: readonly SourceRow[];
  readonly forgotten: readonly SourceId[];
  readonly envelopes: readonly Envelope[];
  readonly rows: readonly NewRow[];
  readonly removed: readonly number[];
  readonly ledger: readonly LedgerDelta[];
  readonly losses: readonly Loss[];
  readonly letters: readonly DeadLetter[];
  readonly starts: readonly FirstStart[];
}

export interface Committed {
  /** Bytes that each new row takes, in the order of `rows`. */
  readonly stored: readonly number[];
  /** Real size of database and WAL. */
  readonly size: number;
}

/** What was durable when the state directory was opened. */
export interface Recovered {
  readonly sources: readonly KnownSource[];
  readonly rows: readonly StoredRow[];
  readonly envelopes: readonly Envelope[];
  readonly ledger: readonly LedgerDelta[];
  readonly starts: readonly FirstStart[];
  /** Above that of every row. */
  readonly nextSeq: number;
  readonly size: number;
}

export interface Spool {
  /** Rejects when it could not be committed; after that it may still appear after a crash. */
  commit(transaction: Transaction): Promise<Committed>;
  /**
   * Loads a row into the regions. "corrupt": the row can never be read (checksum). Rejects when nothing can be read now.
   */
  load(seq: number, region: Region, table: Region | undefined): Promise<"loaded" | "corrupt">;
  close(): Promise<void>;
}
