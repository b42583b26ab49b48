// A chunk as the buffer holds it, from admission until its fates are durable. Invariants:
// - `open` counts the records without a fate; `openBytes` counts their bytes of the source.
// - the bytes of a chunk with open records are in regions of the arena, in a durable row, or in both.
// - while `row` is "writing", a transaction reads the regions; they stay until the commit is answered.
// Thousands of chunks are held at once, so a field that few chunks need is undefined until it is needed.
//
// Also the objects that a chunk belongs to. A target is an index that documents are sent to. A queue holds the chunks of one
// ladder for one target, in sending order, so that a target that accepts nothing does not delay others. A stock sums what is
// open in one queue for one input. Here and in the other files, a row "has an object" while a Chunk in memory stands for it.
import type { Region } from "../core/arena.ts";
import type { Envelope } from "../core/chunk.ts";
import type { Count, Fate } from "../core/fate.ts";
import type { Mark } from "../core/source.ts";
import type { SeqQueue } from "./seq-queue.ts";
import type { Share } from "./budget/share.ts";
import type { SourceState } from "./sources/source-state.ts";
import type { DeadLetter } from "./spool/spool.ts";

export interface Target {
  readonly name: string;
  readonly queues: Queue[];
  /** Open chunks, whether in memory or not. */
  open: number;
  /** Monotonic clock: when the target last accepted something, or when chunks began to wait for it. */
  lastTake: number;
  /** The target accepts nothing while other targets do. Meanwhile it holds no memory and no request, except to probe it. */
  stuck: boolean;
  /** The stuck target is about to be probed, and needs one chunk in memory. */
  wantsProbe: boolean;
}

/** memory: chunks stay in memory, rows are the exception. spill: every old chunk becomes a row, and memory holds the oldest. */
export type QueueMode = "memory" | "spill";

export interface Queue {
  readonly id: number;
  readonly policy: string;
  readonly share: Share;
  readonly target: Target;
  mode: QueueMode;
  /** Rows in the database. */
  rows: number;
  /** Every row up to this sequence number has an object. Later rows have none, with few exceptions. */
  cursor: number;
  /** Rows that have an object, open or settled, until the row is removed. */
  readonly window: SeqQueue<Chunk>;
  /** Open chunks of the window whose bytes are not in memory, or are being loaded. */
  readonly unloaded: SeqQueue<Chunk>;
  /** Open chunks of the window that are too large for the memory, or unreadable for now. Nothing waits for them. */
  readonly aside: SeqQueue<Chunk>;
  /** Open chunks in memory that no request carries. */
  readonly ready: SeqQueue<Chunk>;
  /** A call to the spool that reads or sheds heads is in flight. */
  busy: boolean;
  /** Calls to the spool in flight that load bytes. */
  loads: number;
  readonly stocks: Map<string, Stock>;
}

/** What a queue holds of one input. */
export interface Stock {
  readonly queue: Queue;
  readonly input: string;
  /** Records that have no fate yet. */
  readonly open: Count;
  /** The stock's part of the share's `memory` and `disk`. */
  memory: number;
  disk: number;
}

/** A block of the database, the bytes of several rows stored together, of which at least one row has an object. */
export interface Block {
  readonly id: number;
  readonly stock: Stock;
  /** Bytes on disk, charged until the block's last row is settled. */
  readonly stored: number;
  /** Rows that are not settled, whether they have an object or not. */
  open: number;
  /** Rows that have an object. */
  objects: number;
}

/** Which chunks of a target a request takes; see newest.ts. With `output.order: oldest` all chunks are old. */
export type Side = "old" | "new";

/** Chunks handed out for one request. */
export interface Lease {
  readonly target: string;
  readonly side: Side;
  /** As handed out, by ascending sequence number. Chunks that have left the lease stay in this list; see `leasedIn`. */
  readonly chunks: Chunk[];
  /** Bytes that the lease holds of the quota for request bodies. */
  body: number;
}

/** The chunks that are still in the lease. */
export function leasedIn(lease: Lease): Chunk[] {
  return lease.chunks.filter((chunk) => chunk.lease === lease);
}

/** How much of a chunk has one fate. */
export interface Settled extends Count {
  readonly fate: Fate;
}

/** The fields of a chunk that the constructor needs. */
export type ChunkFacts = Pick<
  Chunk,
  | "seq"
  | "source"
  | "envelope"
  | "queue"
  | "stock"
  | "start"
  | "end"
  | "records"
  | "bytes"
  | "readAtMs"
  | "agedMs"
  | "possiblyStored"
  | "length"
  | "tableLength"
  | "actionsLength"
>;

export class Chunk {
  readonly seq: number;
  readonly source: SourceState;
  readonly envelope: Envelope;
  readonly queue: Queue;
  readonly stock: Stock;
  /** Span in the source, end exclusive. */
  readonly start: number;
  end: number;
  /** Records kept at admission, and their bytes of the source. */
  records: number;
  bytes: number;
  /** Wall clock when the chunk was read. */
  readonly readAtMs: number;
  /** Age clock at that moment. */
  readonly agedMs: number;
  readonly length: number;
  readonly tableLength: number;
  readonly actionsLength: number;
  /** An earlier request, of this process or a previous one, may have stored some of the records. */
  possiblyStored: boolean;

  // Only for chunks that this process admitted:
  /** Records that admission dropped, by fate. With a row, they enter the durable ledger when the row is inserted. */
  counted: ReadonlyMap<Fate, Count> | undefined;
  /** Sampling rate: one record in `keep` was kept. 0 if `counted` has no sampled records. */
  keep = 0;
  /** Monotonic clock at admission. */
  bornMs = 0;
  /** Checksum of the source's last bytes before `start`. */
  markBefore: Mark | undefined;
  /** The next chunk of its source that has no row. */
  next: Chunk | undefined;
  /** Must be a row before it is sent: read again, its last record may be longer, but the server keeps the first of an id. */
  rowFirst = false;
  /** For a chunk that cannot be read again: called once, when it is a durable row or settled. */
  onDurable: (() => void) | undefined;

  row: "no" | "writing" | "yes" = "no";
  /** The block that holds the row's bytes. */
  block: Block | undefined;
  /** Offset in the block. */
  at = 0;
  region: Region | undefined;
  table: Region | undefined;
  actions: Region | undefined;
  /** The worker thread is writing into the regions, so they must stay. */
  loading = false;
  lease: Lease | undefined;
  /** This process has sent the chunk, and some of its records may have been stored. */
  sent = false;
  /** Monotonic clock: the chunk is not sent again before this time. Other chunks do not wait for it. */
  waitsUntil = 0;
  /** Set if the chunk was shed while in a request: records still open when the request ends get this fate. */
  marked: Fate | undefined;
  open: number;
  openBytes: number;
  /** One fate per record, allocated when the fates first differ. */
  fates: Uint8Array | undefined;
  /** Counts per fate, from delivery and shedding so far. */
  settled: Settled[] | undefined;
  /** Dead letters to be stored in the transaction that commits the chunk's fates. */
  deadLetters: DeadLetter[] | undefined;

  constructor(facts: ChunkFacts) {
    this.seq = facts.seq;
    this.source = facts.source;
    this.envelope = facts.envelope;
    this.queue = facts.queue;
    this.stock = facts.stock;
    this.start = facts.start;
    this.end = facts.end;
    this.records = facts.records;
    this.bytes = facts.bytes;
    this.readAtMs = facts.readAtMs;
    this.agedMs = facts.agedMs;
    this.possiblyStored = facts.possiblyStored;
    this.length = facts.length;
    this.tableLength = facts.tableLength;
    this.actionsLength = facts.actionsLength;
    this.open = facts.records;
    this.openBytes = facts.bytes;
    // Set here too, so that all chunks have one hidden class.
    this.counted = undefined;
    this.markBefore = undefined;
    this.next = undefined;
    this.onDurable = undefined;
    this.block = undefined;
    this.region = undefined;
    this.table = undefined;
    this.actions = undefined;
    this.lease = undefined;
    this.marked = undefined;
    this.fates = undefined;
    this.settled = undefined;
    this.deadLetters = undefined;
  }

  get isOpen(): boolean {
    return this.open > 0;
  }

  /** Whether its bytes are in memory. */
  get isLoaded(): boolean {
    return this.region !== undefined && !this.loading;
  }

  /** Whether reading the file again would give the same records. */
  get replayable(): boolean {
    return this.source.presence === "there" && !this.rowFirst;
  }

  /** Some records are settled, or this process has sent the chunk. Only this object knows, so it must be kept. */
  get hasHistory(): boolean {
    return this.sent || this.fates !== undefined || this.settled !== undefined;
  }

  /** Notes that a request ended without a result for some of the records. */
  mayBeStored(): void {
    this.possiblyStored = true;
    this.sent = true;
  }

  /** Bytes of the arena in use for the chunk now. */
  get memory(): number {
    return (this.region?.size ?? 0) + (this.table?.size ?? 0) + (this.actions?.size ?? 0);
  }

  /** Estimated size as documents: the records' bytes, plus 256 bytes per record for what surrounds the message. */
  get encodedEstimate(): number {
    return this.length + this.records * 256;
  }
}
