// Spares a server that is down, and us: after some failures in a row nothing is sent for a while, then one request
// tries. closed: all may go. open: none may, until `retryAt`. half-open: exactly one is under way and decides.
// What must hold: in half-open never more than one; every way out of open leads through half-open.
import { backoff } from "./backoff.ts";

export type Circuit = "closed" | "open" | "half-open";

/** Failures in a row that open it. Those of one burst of concurrent requests count together. */
const THRESHOLD = 3;

export class CircuitBreaker {
  private mode: Circuit = "closed";
  /** Bursts that failed since the last success. */
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

  /** True when a request may start now. In an open circuit whose time has come this makes it the trial. */
  admit(now: number): boolean {
    if (this.mode === "closed") return true;
    if (this.mode === "half-open" || now < this.openUntil) return false;
    this.mode = "half-open";
    return true;
  }

  /** A server answered, and not with a refusal of the whole. */
  succeeded(): void {
    this.mode = "closed";
    this.failures = 0;
    this.openUntil = 0;
  }

  /**
   * Nothing came back, or the whole was turned away.
   * @param startedAt of the request: what was already under way at the last failure has met the same fault
   * @param askedMs what Retry-After said
   */
  failed(startedAt: number, now: number, askedMs = 0): void {
    if (this.mode === "open" || startedAt < this.lastFailureAt) return;
    this.failures++;
    this.lastFailureAt = now;
    if (this.mode === "half-open" || this.failures >= THRESHOLD) this.open(now, askedMs);
  }

  /** Credentials or server are wrong: only time or a person helps, a further attempt at once does not. */
  denied(now: number): void {
    if (this.mode === "open") return;
    this.failures = Math.max(this.failures + 1, THRESHOLD);
    this.lastFailureAt = now;
    this.open(now, 0);
  }

  /** The trial ended without saying anything (given up at shutdown): the next may try. */
  abandoned(now: number): void {
    if (this.mode === "half-open") {
      this.mode = "open";
      this.openUntil = now;
    }
  }

  private open(now: number, askedMs: number): void {
    this.mode = "open";
    this.openUntil = now + backoff(this.failures, this.random(), askedMs);
  }
}
