// Circuit breaker: after several failures in a row nothing is sent for a while, then one trial request. closed: requests may be
// sent. open: none may, until `retryAt`. half-open: the trial request is under way, and its result decides.
// Invariants: half-open lasts exactly as long as its trial request; open is left only through half-open, or by a response to a
// request that was sent before.
import { backoff } from "./backoff.ts";

export type Circuit = "closed" | "open" | "half-open";

/** Permission to send one request. The caller must report its end to `ended`. */
export interface Pass {
  readonly startedAt: number;
  readonly trial: boolean;
}

/** For the breaker. answered: the server works. failed: no response, or the server takes nothing. abandoned: says neither. */
export type Ending = "answered" | "failed" | "abandoned";

/** Failures in a row that open the circuit. The failures of one burst of concurrent requests count as one. */
const THRESHOLD = 3;

export class CircuitBreaker {
  private mode: Circuit = "closed";
  /** Failed bursts since the last answered request. */
  private failures = 0;
  private lastFailureAt = -Infinity;
  private openUntil = 0;
  private readonly random: () => number;

  constructor(random: () => number) {
    this.random = random;
  }

  get circuit(): Circuit {
    return this.mode;
  }

  /** When the next request may be tried: in the past unless the circuit is open. Monotonic milliseconds. */
  get retryAt(): number {
    return this.openUntil;
  }

  /** Whether a request could start now. */
  wouldPass(now: number): boolean {
    return this.mode === "closed" || (this.mode === "open" && now >= this.openUntil);
  }

  /** Milliseconds until a request could start; Infinity while the trial request is under way. */
  waitMs(now: number): number {
    return this.mode === "half-open" ? Infinity : this.openUntil - now;
  }

  /** Permits a request that is sent now; undefined: none may be sent. */
  pass(now: number): Pass | undefined {
    if (!this.wouldPass(now)) return undefined;
    const trial = this.mode === "open";
    if (trial) this.mode = "half-open";
    return { startedAt: now, trial };
  }

  /** @param askedMs from Retry-After */
  ended({ startedAt, trial }: Pass, how: Ending, now: number, askedMs = 0): void {
    if (how === "answered") return this.close();
    if (trial && this.mode === "half-open") {
      if (how === "failed") this.failures++;
      this.open(how === "failed" ? now + backoff(this.failures, this.random(), askedMs) : now);
    }
    if (how !== "failed") return;
    // A request that was already under way at the last failure met the same fault.
    const sameBurst = startedAt < this.lastFailureAt;
    this.lastFailureAt = now;
    if (trial || sameBurst || this.mode !== "closed") return;
    this.failures++;
    if (this.failures >= THRESHOLD) this.open(now + backoff(this.failures, this.random(), askedMs));
  }

  private close(): void {
    this.mode = "closed";
    this.failures = 0;
    this.openUntil = 0;
  }

  private open(until: number): void {
    this.mode = "open";
    this.openUntil = until;
  }
}
