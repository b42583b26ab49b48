// How many requests may be under way at once: additive increase, multiplicative decrease. It rises while all that is
// allowed is used and a byte costs about as little time as it ever did lately; it halves when the server asks for mercy
// or does not answer. What must hold: 1 <= limit <= max; one overload, seen by many requests at once, halves once.
//
// Time is measured per byte, because batches differ: a quiet hour's small ones would set a minimum that no full one can
// meet. Below FLOOR_BYTES the fixed cost of a request rules, and such a request says nothing.

/** 16 bodies of 5 MiB are 80 MiB: a node with 1 GiB of heap rejects above about 100 MB from all its clients together. */
export const MAX_CONCURRENCY = 16;
const START = 2;
const FLOOR_BYTES = 64 * 1024;
/** A byte may cost this much more than the cheapest one of late: beyond it, more requests would only queue. */
const SLOWDOWN = 2;
/** The minimum is taken over this window and the one before, so that a server that became slower for good is believed. */
const WINDOW_MS = 30_000;

/** What an ended request says about the server. */
export type Load = "taken" | "overloaded";

export interface Finished {
  readonly load: Load;
  readonly bytes: number;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** Requests under way when this one ended, itself included. */
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
    // One more after a whole round of requests, as each of the `limit` requests of a round adds its part.
    if (saturated && cost <= cheapest * SLOWDOWN) this.value = Math.min(MAX_CONCURRENCY, this.value + 1 / this.limit);
  }

  private halve(request: Finished): void {
    // What was sent before the last halving has met the same overload.
    if (request.startedAt < this.halvedAt) return;
    this.halvedAt = request.endedAt;
    this.value = Math.max(1, this.value / 2);
  }

  /** The lowest cost of this window and the last. */
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
