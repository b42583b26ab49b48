// Limits concurrent requests by additive increase and multiplicative decrease (AIMD). The limit rises while it is fully used and
// the time per byte is close to its recent minimum. It halves when the server is overloaded or does not answer.
// Invariants: 1 <= limit <= MAX_CONCURRENCY; one overload that many requests meet at once halves the limit once.
//
// Time is measured per byte, because batches differ: the small batches of a quiet hour would set a minimum that no full batch can
// meet. Requests below FLOOR_BYTES are ignored, because their fixed cost dominates.

/** 16 bodies of 5 MiB are 80 MiB: a node with 1 GiB of heap rejects above about 100 MB from all its clients together. */
export const MAX_CONCURRENCY = 16;
const START = 2;
const FLOOR_BYTES = 64 * 1024;
/** The limit rises while a byte costs at most this many times the recent minimum. Beyond it, more requests would only queue. */
const SLOWDOWN = 2;
/** The minimum is taken over this window and the one before, so that it adapts to a server that became permanently slower. */
const WINDOW_MS = 30_000;

/** What the end of a request says about the server's load. */
export type Load = "taken" | "overloaded";

export interface Finished {
  readonly load: Load;
  readonly bytes: number;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Requests under way, including this one. */
  readonly inFlight: number;
}

export class ConcurrencyLimiter {
  private readonly fixed: boolean;
  private value: number;
  private halvedAt = -Infinity;
  private windowStart = -Infinity;
  private windowMin = Infinity;
  private previousMin = Infinity;

  constructor(mode: "auto" | number) {
    this.fixed = mode !== "auto";
    this.value = mode === "auto" ? START : mode;
  }

  get limit(): number {
    return Math.floor(this.value);
  }

  finished(request: Finished): void {
    if (this.fixed) return;
    if (request.load === "overloaded") return this.halve(request);
    if (request.bytes < FLOOR_BYTES) return;
    const cost = (request.endedAt - request.startedAt) / request.bytes;
    const cheapest = this.observe(cost, request.endedAt);
    const saturated = request.inFlight >= this.limit;
    // The limit rises by one per round of `limit` requests: each adds 1 / `limit`.
    if (saturated && cost <= cheapest * SLOWDOWN) this.value = Math.min(MAX_CONCURRENCY, this.value + 1 / this.limit);
  }

  private halve(request: Finished): void {
    // A request that was sent before the last halving met the same overload.
    if (request.startedAt < this.halvedAt) return;
    this.halvedAt = request.endedAt;
    this.value = Math.max(1, this.value / 2);
  }

  /** Records a cost. @returns the lowest cost of this window and the previous one */
  private observe(cost: number, now: number): number {
    if (now - this.windowStart >= WINDOW_MS) {
      this.previousMin = now - this.windowStart >= 2 * WINDOW_MS ? Infinity : this.windowMin;
      this.windowMin = Infinity;
      this.windowStart = now;
    }
    this.windowMin = Math.min(this.windowMin, cost);
    return Math.min(this.windowMin, this.previousMin);
  }
}
