// The buffer's one mutable state and the steps that change a chunk's place in it. What must hold is checked by
// invariants.ts after every step of the model test:
// - `fresh` holds the chunks without a durable row, `rows` those with one; `ready` the open, loaded, unleased ones;
//   `unloaded` the open rows without a region. Each by sequence number.
// - pool = regions of all chunks + regions that readers hold; unwritten = what of it is not yet a row.
import type { Arena } from "../core/arena.ts";
import type { Clock } from "../core/clock.ts";
import type { Envelope } from "../core/chunk.ts";
import { assert } from "../core/errors.ts";
import { type Count, type Fate, OPEN } from "../core/fate.ts";
import { type Chunk, NONE_UNLOADED, addCount, encodedEstimate, isOpen, memoryOf, releaseRegions } from "./chunk.ts";
import type { Lease } from "./chunk.ts";
import type { Ledger } from "./ledger.ts";
import type { Quotas } from "./quotas.ts";
import { SeqQueue } from "./seq-queue.ts";
import type { Share } from "./shares.ts";
import type { SourceState } from "./chunk.ts";
import { recordSizes } from "./records.ts";
import { Starts } from "./starts.ts";

export type Mode = "memory" | "spill" | "degraded";

export class BufferState {
  readonly clock: Clock;
  readonly arena: Arena;
  readonly quotas: Quotas;
  readonly ledger: Ledger;
  /** Bytes of rows that the database may hold; 0: no rows at all. */
  readonly rowBudget: number;
  mode: Mode = "memory";
  /** Whether rows can be read: "failing" after a failed load, until one succeeds. */
  reading: "working" | "failing" = "working";
  /** "stopping": everything wants a row, nothing is leased any more. */
  phase: "running" | "stopping" = "running";
  /** "grows": producers are faster than the sink takes, though it takes. */
  lag: "steady" | "grows" = "steady";
  readonly sources = new Map<string, SourceState>();
  /** New sources: their ids, or the first of their heads, are not durable, and until then nothing of them is sent. */
  readonly nascent = new Set<SourceState>();
  /** Sources that a commit should not let wait: gone with bytes that are neither row nor fate. */
  readonly urgent = new Set<SourceState>();
  readonly starts = new Starts();
  readonly shares = new Map<string, Share>();
  /** By their facts as JSON: those that were asked for last, the latest last. */
  readonly envelopes = new Map<string, Envelope>();
  nextEnvelope = 1;
  readonly durableEnvelopes = new WeakSet<Envelope>();
  readonly fresh = new SeqQueue<Chunk>();
  readonly rows = new SeqQueue<Chunk>();
  readonly ready = new SeqQueue<Chunk>(encodedEstimate);
  readonly unloaded = new SeqQueue<Chunk>();
  /** Rows whose records all have their fate: removed with the next transactions. */
  readonly endedRows = new Set<Chunk>();
  readonly leases = new Set<Lease>();
  pool = 0;
  unwritten = 0;
  leased = 0;
  bodies = 0;
  /** Rows that are being loaded now. */
  loading = 0;
  /** Stored bytes of all rows. */
  rowBytes = 0;
  /** Bytes of dead letters' bodies that wait for a commit. */
  letterBytes = 0;
  /** Open chunks. */
  open = 0;
  nextSeq = 1;
  /** Last time the sink answered for a record (monotonic). */
  lastTake: number;

  constructor(parts: { clock: Clock; arena: Arena; quotas: Quotas; ledger: Ledger; rowBudget: number }) {
    this.clock = parts.clock;
    this.arena = parts.arena;
    this.quotas = parts.quotas;
    this.ledger = parts.ledger;
    this.rowBudget = parts.rowBudget;
    this.lastTake = parts.clock.now();
  }

  /** The sink takes: it answered for something lately, or nothing is open. */
  taking(stallMs: number): boolean {
    return this.open === 0 || this.clock.now() - this.lastTake < stallMs;
  }
}

/** Moves what a chunk occupies in its share and in the pool after its place has changed. */
export function account(state: BufferState, chunk: Chunk, change: () => void): void {
  occupy(state, chunk, -1);
  change();
  occupy(state, chunk, 1);
}

function occupy(state: BufferState, chunk: Chunk, sign: 1 | -1): void {
  const memory = memoryOf(chunk);
  state.pool += sign * memory;
  if (chunk.row !== "yes") state.unwritten += sign * memory;
  if (!isOpen(chunk)) return;
  chunk.share.memory += sign * memory;
  chunk.share.disk += sign * (chunk.row === "yes" ? chunk.stored : memory);
}

/** Takes a region that a reader held into the books of a new chunk. */
export function enter(state: BufferState, chunk: Chunk): void {
  occupy(state, chunk, 1);
  chunk.source.held++;
  if (!isOpen(chunk)) return;
  // The sink's silence counts from when there was something to take.
  if (state.open === 0) state.lastTake = state.clock.now();
  state.open++;
}

/** A run of records of a chunk reaches its fate; those that have one keep it. */
export function settleRun(state: BufferState, chunk: Chunk, from: number, to: number, fate: Fate): void {
  if (chunk.open === chunk.records && from === 0 && to === chunk.records) {
    return count(state, chunk, fate, chunk.open, chunk.openBytes);
  }
  settleEach(state, chunk, new Uint8Array(chunk.records).fill(fate, from, to));
}

/** @param fates per record of the chunk; OPEN leaves a record as it is */
export function settleEach(state: BufferState, chunk: Chunk, fates: Uint8Array): void {
  if (chunk.open === 0) return;
  const sizes = recordSizes(state.arena, chunk);
  const known = (chunk.fates ??= new Uint8Array(chunk.records));
  const counts = new Map<Fate, Count>();
  for (let i = 0; i < fates.length; i++) {
    const fate = fates[i] as Fate;
    if (fate === OPEN || known[i] !== OPEN) continue;
    known[i] = fate;
    addCount(counts, fate, 1, sizes[i] as number);
  }
  for (const [fate, { records, bytes }] of counts) count(state, chunk, fate, records, bytes);
}

function count(state: BufferState, chunk: Chunk, fate: Fate, records: number, bytes: number): void {
  if (records === 0) return;
  state.ledger.fate(chunk.source.input, fate, records, bytes);
  addCount(chunk.settled, fate, records, bytes);
  account(state, chunk, () => {
    chunk.open -= records;
    chunk.openBytes -= bytes;
  });
  assert(chunk.open >= 0 && chunk.openBytes >= 0, "more records settled than were open");
  if (chunk.open === 0) finish(state, chunk);
}

/** Drops what is still open of a chunk, whole and without looking at it: it may not be loaded. */
export function dropOpen(state: BufferState, chunk: Chunk, fate: Fate): void {
  const { open, openBytes } = chunk;
  chunk.marked = undefined;
  count(state, chunk, fate, open, openBytes);
}

/** All records of a chunk have their fate: it leaves every queue; its row, if any, goes with the next transaction. */
function finish(state: BufferState, chunk: Chunk): void {
  assert(chunk.openBytes === 0, "bytes left open in a settled chunk");
  state.open--;
  if (chunk.lease) leave(state, chunk);
  state.ready.remove(chunk);
  if (chunk.row === "yes") state.endedRows.add(chunk);
  state.unloaded.remove(chunk);
  chunk.source.unloaded.remove(chunk);
  chunk.fates = undefined;
  if (chunk.row !== "writing" && chunk.paging === "none") unload(state, chunk);
  answered(chunk);
}

/** The buffer answers for the chunk: it is durable, or every record has its fate. */
export function answered(chunk: Chunk): void {
  chunk.answer?.();
  chunk.answer = undefined;
}

/** Takes a chunk out of its lease. */
export function leave(state: BufferState, chunk: Chunk): void {
  const lease = chunk.lease as Lease;
  state.leased -= memoryOf(chunk);
  chunk.lease = undefined;
  lease.chunks.splice(lease.chunks.indexOf(chunk), 1);
}

/** Gives the chunk's regions back to the arena. */
export function unload(state: BufferState, chunk: Chunk): void {
  account(state, chunk, () => releaseRegions(state.arena, chunk));
}

/** An open row without its bytes in memory: waits to be loaded, and bars younger chunks of its source until it is. */
export function listUnloaded(state: BufferState, chunk: Chunk): void {
  state.unloaded.add(chunk);
  if (chunk.source.unloaded === NONE_UNLOADED) chunk.source.unloaded = new SeqQueue();
  chunk.source.unloaded.add(chunk);
}

/** What a reader holds counts in the pool before it is a chunk. */
export function reserve(state: BufferState, size: number, sign: 1 | -1): void {
  state.pool += sign * size;
  state.unwritten += sign * size;
}
