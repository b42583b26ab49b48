// Who may read how much now (rules Q3 and Q4): readers wait here, first come first served, and nowhere else. A region
// that a reader holds counts as taken until it is admitted or given up.
import type { Region } from "../core/arena.ts";
import { Arena } from "../core/arena.ts";
import { SpillwayError } from "../core/errors.ts";
import { type BufferState, reserve } from "./state.ts";

interface Waiter {
  readonly bytes: number;
  readonly resolve: (region: Region) => void;
  readonly reject: (reason: unknown) => void;
}

export class RoomQueue {
  private readonly state: BufferState;
  private waiters: Waiter[] = [];
  /** Regions in readers' hands, with the size that was reserved for them. */
  private readonly handed = new Map<Region, number>();

  constructor(state: BufferState) {
    this.state = state;
  }

  take(bytes: number, signal: AbortSignal): Promise<Region> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const abort = (): void => {
        this.waiters = this.waiters.filter((w) => w !== waiter);
        reject(signal.reason as Error);
        this.grant();
      };
      const done = (region: Region): void => {
        signal.removeEventListener("abort", abort);
        resolve(region);
      };
      const waiter: Waiter = { bytes, resolve: done, reject };
      signal.addEventListener("abort", abort, { once: true });
      this.waiters.push(waiter);
      this.grant();
    });
  }

  /** Serves the waiters in order, as far as there is room. */
  grant(): void {
    while (this.waiters.length > 0) {
      const { bytes, resolve } = this.waiters[0] as Waiter;
      if (!hasRoom(this.state, Arena.cost(bytes))) return;
      const region = this.state.arena.alloc(bytes);
      if (!region) return;
      this.waiters.shift();
      this.state.arena.pin(region);
      this.handed.set(region, region.size);
      reserve(this.state, region.size, 1);
      resolve(region);
    }
  }

  /** The reader's region becomes a chunk's: the books move from the reader to the chunk. */
  handOver(region: Region): void {
    reserve(this.state, this.handed.get(region) ?? 0, -1);
    this.handed.delete(region);
  }

  giveUp(region: Region): void {
    this.handOver(region);
    this.state.arena.unpin(region);
    this.state.arena.release(region);
  }

  /** No more reading: every waiter is turned away. */
  close(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (const w of waiters) w.reject(new SpillwayError("stopping", "the buffer is stopping and takes nothing new"));
  }
}

/** Whether a reader may take a region of `size` bytes now. */
export function hasRoom(state: BufferState, size: number): boolean {
  if (state.phase === "stopping") return false;
  const { pool, page, stage, largest, ahead, chunks } = state.quotas;
  // The file is the outermost buffer: what the sink cannot take yet need not be read yet, as long as there is a disk that
  // takes over when the sink stalls. Reading 2 batches ahead instead of a full pool halves the cost of reading: the
  // regions are used again while they are still in the processor's cache.
  const enough = state.ready.weight >= ahead || state.ready.size >= 2 * chunks;
  if (state.mode === "memory" && state.rowBudget > 0 && enough) return false;
  if (state.mode !== "spill") return state.pool + size <= pool - page;
  return state.unwritten + size <= Math.max(stage, largest) && state.pool + size <= pool;
}
