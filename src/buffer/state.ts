// All mutable state of the buffer, and the accounting of what chunks occupy. Invariants (the simulation checks all of them
// after every step):
// - a chunk without a durable row is in `fresh` and in its source's list. A chunk with a row and an object is in its queue's
//   window. An open chunk is in exactly one of ready, unloaded, aside and a lease.
// - pool = regions of all chunks + regions that readers hold. unwritten = the part of `pool` that is not in a row yet.
//   staged = the part of `unwritten` in queues that spill.
import type { Arena } from "../core/arena.ts";
import type { Clock } from "../core/clock.ts";
import type { Envelope } from "../core/chunk.ts";
import { assert } from "../core/errors.ts";
import type { SourceId } from "../core/source.ts";
import type { AgeClock } from "./age-clock.ts";
import { Books } from "./ledger/books.ts";
import type { Block, Chunk, Lease, Queue, Target } from "./chunk.ts";
import type { Share } from "./budget/share.ts";
import { newQueue, newTarget } from "./queue.ts";
import { newShare } from "./budget/share.ts";
import { releaseRegions } from "./regions.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { Limits, Quotas } from "./budget/limits.ts";
import { SeqQueue } from "./seq-queue.ts";
import type { SourceState } from "./sources/source-state.ts";
import type { FirstStart } from "./spool/spool.ts";

/** The share of a ladder that is no longer configured: it only drains. */
const RETIRED = { ratio: 0, inputs: 0, firstRung: 1 };

/** working: commits are answered. late: a commit has not been answered for LATE_MS. failed: the last commit failed. */
export type Disk = "working" | "late" | "failed";

export interface StateParts {
  readonly clock: Clock;
  readonly age: AgeClock;
  readonly arena: Arena;
  readonly quotas: Quotas;
  readonly limits: Limits;
  readonly ledger: Ledger;
}

export class BufferState {
  readonly clock: Clock;
  readonly age: AgeClock;
  readonly arena: Arena;
  readonly quotas: Quotas;
  readonly limits: Limits;
  readonly ledger: Ledger;
  disk: Disk = "working";
  /** Whether rows can be read: "failing" after a failed load, until one succeeds. */
  reading: "working" | "failing" = "working";
  /**
   * "opening": sources are still being added, and rows may refer to missing ones. "ending": only the rest of chunks that are
   * settled in part is sent. "stopping": every open chunk gets a row, and nothing is leased any more.
   */
  phase: "opening" | "running" | "ending" | "stopping" = "running";
  /** "grows": inputs outpace the output, although the output accepts. */
  lag: "steady" | "grows" = "steady";

  readonly sources = new Map<SourceId, SourceState>();
  readonly sourceByNum = new Map<number, SourceState>();
  /** Sources with changes to commit. */
  readonly changed = new Set<SourceState>();
  /** New sources: nothing of them is sent until their id and first fingerprint are durable. */
  readonly notYetDurable = new Set<SourceState>();
  /** Sources with bytes that cannot be read again and have neither row nor fate: a commit is due at once. */
  readonly urgent = new Set<SourceState>();
  /** When each input started for the first time, and the first starts that are not written yet. */
  readonly starts = new Map<string, number>();
  newStarts: FirstStart[] = [];

  readonly shares = new Map<string, Share>();
  readonly targets = new Map<string, Target>();
  readonly queues = new Map<string, Queue>();
  readonly queueById = new Map<number, Queue>();
  /** Queues with rows. */
  readonly spilled = new Set<Queue>();
  /** Blocks that have rows with an object, by id. */
  readonly blocks = new Map<number, Block>();
  /** LRU cache by the envelope's facts as JSON, the most recently used last. */
  readonly envelopes = new Map<string, Envelope>();

  /** Chunks without a durable row. */
  readonly fresh = new SeqQueue<Chunk>();
  /** Rows whose records all have a fate. The next transactions remove them. */
  readonly ended = new Set<Chunk>();
  readonly leases = new Set<Lease>();
  /** Counts of chunks that were settled without ever having a row, waiting for a commit. */
  passed = new Books();

  pool = 0;
  unwritten = 0;
  staged = 0;
  leased = 0;
  bodies = 0;
  /** Rows that have an object, in all queues. */
  window = 0;
  /** Stored bytes of rows, in all shares. */
  stored = 0;
  /** Dead letters that wait for a commit, and the bytes of their bodies. */
  deadLetters = 0;
  deadLetterBytes = 0;
  /** Number of chunks with open records, in memory or not, and of targets that have such chunks. */
  open = 0;
  activeTargets = 0;
  nextSeq = 1;
  /** Chunks from this sequence number on are new. Infinity: none is, and the oldest are sent first. */
  newFrom = Infinity;
  nextSource = 1;
  nextQueue = 1;
  nextEnvelope = 1;
  /** Rows with a lower sequence number are from an earlier process. */
  firstSeq = 1;
  /** By ladder: the size of its share, in bytes, into which its backlog last fitted. */
  fitted: Readonly<Record<string, number>> = {};

  constructor(parts: StateParts) {
    this.clock = parts.clock;
    this.age = parts.age;
    this.arena = parts.arena;
    this.quotas = parts.quotas;
    this.limits = parts.limits;
    this.ledger = parts.ledger;
  }

  addSource(source: SourceState): void {
    this.sources.set(source.id, source);
    this.sourceByNum.set(source.num, source);
  }

  removeSource(source: SourceState): void {
    this.sources.delete(source.id);
    this.sourceByNum.delete(source.num);
    this.changed.delete(source);
    this.urgent.delete(source);
  }

  /** A ladder that is no longer configured gets a share without a part of the budget, which only drains. */
  share(policy: string): Share {
    let share = this.shares.get(policy);
    if (!share) this.shares.set(policy, (share = newShare(policy, RETIRED)));
    return share;
  }

  target(name: string): Target {
    let target = this.targets.get(name);
    if (!target) this.targets.set(name, (target = newTarget(name, this.clock.now())));
    return target;
  }

  queue(policy: string, target: string, id = this.nextQueue): Queue {
    const key = JSON.stringify([policy, target]);
    let queue = this.queues.get(key);
    if (!queue) {
      queue = newQueue(id, this.share(policy), this.target(target));
      this.nextQueue = Math.max(this.nextQueue, id + 1);
      this.queues.set(key, queue);
      this.queueById.set(id, queue);
    }
    return queue;
  }

  get isDelivering(): boolean {
    return this.phase === "running" || this.phase === "ending";
  }

  /** Whether rows can be written. If so, the disk budget is the one that binds, else the memory budget. */
  get writes(): boolean {
    return this.limits.rows > 0 && this.disk === "working";
  }
}

/** Runs a change to a chunk, and updates the counts of what the chunk occupies. */
export function account(state: BufferState, chunk: Chunk, change: () => void): void {
  occupy(state, chunk, -1);
  change();
  occupy(state, chunk, 1);
}

/** Adds (1) or subtracts (-1) what a chunk occupies now. The disk space of rows is charged by block. */
export function occupy(state: BufferState, chunk: Chunk, sign: 1 | -1): void {
  const memory = sign * chunk.memory;
  state.pool += memory;
  if (chunk.row === "yes") return;
  state.unwritten += memory;
  if (chunk.queue.mode === "spill") state.staged += memory;
  if (!chunk.isOpen) return;
  const charge = sign * Math.max(chunk.memory, state.quotas.leastCharge);
  const { share } = chunk.queue;
  share.memory += charge;
  chunk.stock.memory += charge;
  share.disk += sign * diskCharge(chunk);
  chunk.stock.disk += sign * diskCharge(chunk);
}

/** Estimated bytes on disk of a chunk that has no row yet. */
function diskCharge(chunk: Chunk): number {
  return chunk.length + chunk.tableLength + chunk.actionsLength + 128;
}

/** Adds a block's bytes on disk to the sums, or subtracts them once its last row is settled. */
export function chargeBlock(
  state: BufferState,
  { stock, stored }: Pick<Block, "stock" | "stored">,
  sign: 1 | -1,
): void {
  const { share } = stock.queue;
  share.disk += sign * stored;
  share.stored += sign * stored;
  stock.disk += sign * stored;
  state.stored += sign * stored;
}

/** Adds a row's object to the window. @param block facts of its block, used for the first object of the block */
export function enterWindow(state: BufferState, chunk: Chunk, block: Omit<Block, "objects" | "stock">): void {
  const { queue, stock } = chunk;
  let held = state.blocks.get(block.id);
  if (!held) state.blocks.set(block.id, (held = { ...block, stock, objects: 0 }));
  held.objects++;
  chunk.block = held;
  chunk.row = "yes";
  queue.window.add(chunk);
  state.window++;
}

/** Removes a row's object from the window. The row is gone too, or waits on disk. */
export function leaveWindow(state: BufferState, chunk: Chunk): void {
  const block = chunk.block as Block;
  if (--block.objects === 0) state.blocks.delete(block.id);
  chunk.queue.window.remove(chunk);
  state.window--;
}

/** Adds to a queue's number of rows. @param rows negative to subtract */
export function countRows(state: BufferState, queue: Queue, rows: number): void {
  queue.rows += rows;
  if (queue.rows > 0) state.spilled.add(queue);
  else state.spilled.delete(queue);
}

/** Gives the chunk's regions back to the arena. */
export function unload(state: BufferState, chunk: Chunk): void {
  account(state, chunk, () => releaseRegions(state.arena, chunk));
}

/** Adds to a target's number of open chunks. @param chunks negative to subtract */
export function countOpen(state: BufferState, target: Target, chunks: number): void {
  // The time without progress counts from when the target had something to accept.
  if (chunks === 0) return;
  if (target.open === 0) target.lastTake = state.clock.now();
  if (target.open === 0) state.activeTargets++;
  target.open += chunks;
  state.open += chunks;
  if (target.open === 0) state.activeTargets--;
  assert(target.open >= 0, "a target has fewer open chunks than none");
}
