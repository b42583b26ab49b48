// Decides whether a reader may read now, and gives it a region of the arena to read into. The region counts as used until its
// draft is admitted or the region is given back. Also computes how full each ladder's share is.
import { Arena, type Region } from "../../core/arena.ts";
import { takes } from "./modes.ts";
import { newFrom, sendable, sendableNew } from "../queue.ts";
import type { Block, Queue, Target } from "../chunk.ts";
import type { Share } from "./share.ts";
import type { BufferState } from "../state.ts";

/**
 * Why nothing may be read now. target: a target of the input is stuck, and the input has used its part of the ladder's share.
 * share: the ladder's share is full. ahead: enough chunks wait to be sent. stage: chunks that were read have to become rows
 * first. memory: the arena is full, or there are too many chunks without a row.
 */
export type Refusal = "target" | "share" | "ahead" | "stage" | "memory";

export interface Wanted {
  readonly input: string;
  readonly policy: string;
  /** The targets to which the input's next documents may go, the likeliest first; none before its first document. */
  readonly targets: readonly string[];
  readonly bytes: number;
}

/** The regions that readers hold. */
export class Reservations {
  private readonly held = new Map<Region, { readonly size: number; readonly staged: boolean; readonly share: Share }>();

  /** Returns a pinned region of the wanted size, or the reason why there is none. */
  take(state: BufferState, wanted: Wanted): Region | Refusal {
    const share = state.share(wanted.policy);
    if (exceedsItsPart(state, share, wanted)) return "target";
    const queue = queueOf(state, wanted.policy, wanted.targets[0]);
    const size = Arena.cost(wanted.bytes);
    const refusal = refuse(state, share, queue, size);
    if (refusal) return refusal;
    const region = state.arena.alloc(wanted.bytes);
    if (!region) return "memory";
    state.arena.pin(region);
    const staged = queue?.mode === "spill";
    this.held.set(region, { size: region.size, staged, share });
    share.reserved += region.size;
    this.count(state, region.size, staged);
    return region;
  }

  /** The reader is done with the region. The region becomes part of a chunk, or the caller releases it. */
  release(state: BufferState, region: Region): void {
    const held = this.held.get(region);
    if (!held) return;
    this.held.delete(region);
    held.share.reserved -= held.size;
    this.count(state, -held.size, held.staged);
  }

  private count(state: BufferState, bytes: number, staged: boolean): void {
    state.pool += bytes;
    state.unwritten += bytes;
    if (staged) state.staged += bytes;
  }
}

function queueOf(state: BufferState, policy: string, target: string | undefined): Queue | undefined {
  return target === undefined ? undefined : state.queues.get(JSON.stringify([policy, target]));
}

function refuse(state: BufferState, share: Share, queue: Queue | undefined, size: number): Refusal | undefined {
  if (isFull(state, share)) return "share";
  const { pool, page, stage, fresh } = state.quotas;
  if (state.fresh.size >= fresh) return "memory";
  if (queue?.mode === "spill" && state.writes) {
    if (state.staged > 0 && state.staged + size > stage) return "stage";
    return state.pool + size > pool ? "memory" : undefined;
  }
  // The file is the outermost buffer: as long as the target accepts, records need not be read long before they can be sent.
  // Reading 2 batches ahead instead of a full pool halves the cost of reading: the regions are used again while they are
  // still in the processor's cache.
  if (!queue || takes(state, queue.target)) {
    if ((queue && hasReadAhead(state, queue.target)) || wouldClimb(state, share, size)) return "ahead";
  }
  // While nothing can be written, loaded rows give way to reads, down to one page. That page of rows is not counted here.
  const taken = state.writes ? state.pool : Math.max(state.unwritten, state.pool - page);
  if (taken + size <= pool - page) return undefined;
  // Loaded rows leave the stage free. A server that takes none of them must not keep an input of another queue from it.
  return state.writes && state.unwritten + size <= stage && state.pool + size <= pool ? undefined : "memory";
}

/**
 * Whether readers have read enough for the target. If there are new chunks, only they count: a backlog in memory must not keep
 * readers from the records of now, as long as the target leaves other targets their part of the memory.
 */
function hasReadAhead(state: BufferState, target: Target): boolean {
  const from = newFrom(state, target);
  if (from === Infinity) return isAhead(state, target);
  const { pool, page, chunks } = state.quotas;
  const recent = sendableNew(target, 2 * chunks, from);
  let taken = 0;
  for (const queue of target.queues) for (const { memory } of queue.stocks.values()) taken += memory;
  const full = taken >= (pool - page) / Math.max(1, state.activeTargets);
  return full || recent.bytes >= aheadPart(state) || recent.chunks >= 2 * chunks;
}

/** Whether as much waits to be sent to the target as may be read ahead for it. */
export function isAhead(state: BufferState, target: Target): boolean {
  const most = 2 * state.quotas.chunks;
  const { bytes, chunks } = sendable(state, target, most);
  return bytes >= aheadPart(state) || chunks >= most;
}

/** Estimated bytes of documents that may be read ahead for one target. */
export function aheadPart(state: BufferState): number {
  const { ahead, pool, page } = state.quotas;
  return Math.min(ahead, Math.floor((pool - page) / Math.max(1, state.activeTargets)));
}

/** Whether reading ahead alone would reach the ladder's first rung. If nothing is held, one read is granted, however large. */
function wouldClimb(state: BufferState, share: Share, size: number): boolean {
  let ahead = share.reserved;
  for (const queue of state.queues.values()) {
    if (queue.share !== share || queue.mode === "spill" || !takes(state, queue.target)) continue;
    for (const stock of queue.stocks.values()) ahead += state.writes ? stock.disk : stock.memory;
  }
  return ahead > 0 && ahead + Math.max(size, state.quotas.leastCharge) >= share.firstRung * shareBudget(state, share);
}

/**
 * Whether an input has used its part of the ladder's share, 1/n for a ladder with n inputs, for those of its targets that are
 * stuck. Its other targets have to wait with them, because a file is read in order.
 */
function exceedsItsPart(state: BufferState, share: Share, { input, policy, targets }: Wanted): boolean {
  if (share.inputs < 2) return false;
  let occupied = 0;
  for (const target of targets) {
    const queue = queueOf(state, policy, target);
    const stock = queue?.target.stuck ? queue.stocks.get(input) : undefined;
    if (stock) occupied += state.writes ? stock.disk : stock.memory;
  }
  return occupied > 0 && occupied >= shareBudget(state, share) / share.inputs;
}

/** A share is full when all of it is used; else a rung just below 100 % would never be reached. The last read may exceed it. */
function isFull(state: BufferState, share: Share): boolean {
  const taken = occupied(state, share);
  return taken > 0 && taken >= shareBudget(state, share);
}

/**
 * Bytes that a share's open chunks occupy of the budget that binds: the disk, or memory while nothing can be written. Rows on
 * disk that are set aside do not count: they wait for another configuration, and nothing else should wait for them.
 */
export function occupied(state: BufferState, share: Share): number {
  return state.writes ? share.disk - setAside(state, share) : share.memory;
}

/** Stored bytes of the blocks that have rows set aside. @param share undefined for all shares */
export function setAside(state: BufferState, share: Share | undefined): number {
  // Called for every read, and almost always there are no rows at all.
  if (state.spilled.size === 0) return 0;
  const blocks = new Set<Block>();
  for (const queue of state.spilled) {
    if (queue.aside.size === 0 || (share !== undefined && queue.share !== share)) continue;
    for (const { block } of queue.aside) if (block) blocks.add(block);
  }
  let stored = 0;
  for (const block of blocks) stored += block.stored;
  return stored;
}

/** Bytes that the shares divide: those for rows on disk, or, while nothing can be written, memory less room for a last read. */
export function budget(state: BufferState): number {
  const { pool, page, largest } = state.quotas;
  const room = pool - page;
  return state.writes ? state.limits.rows : Math.max(room / 2, room - largest);
}

/** A share's part of the budget, after subtracting what ladders that are no longer configured still hold. */
export function shareBudget(state: BufferState, share: Share): number {
  let left = budget(state);
  for (const other of state.shares.values()) if (other.ratio === 0) left -= occupied(state, other);
  return share.ratio * Math.max(0, left);
}

/** How much a ladder occupies of its share of the budget that binds, in bytes. */
export interface Level {
  readonly occupied: number;
  readonly budget: number;
}

export function level(state: BufferState, share: Share): Level {
  return { occupied: occupied(state, share), budget: shareBudget(state, share) };
}

/**
 * The same without what the share holds for stuck targets. Undefined if it holds nothing for any, or if one of `targets` is stuck.
 * @param targets none: not known yet
 */
export function levelBesideStuck(state: BufferState, share: Share, targets: readonly string[]): Level | undefined {
  if (targets.some((target) => state.targets.get(target)?.stuck)) return undefined;
  let stuck = 0;
  for (const queue of state.queues.values()) {
    if (queue.share !== share || !queue.target.stuck) continue;
    for (const stock of queue.stocks.values()) stuck += state.writes ? stock.disk : stock.memory;
  }
  if (stuck === 0) return undefined;
  const { occupied: all, budget: whole } = level(state, share);
  return { occupied: all - stuck, budget: whole - stuck };
}
