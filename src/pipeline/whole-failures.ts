// Counts the requests of one target that fail as a whole, and tells whether the fault is the target's: a server that fails lets no
// target store anything.

/** The target is stuck after this long and so many failures, not counting those before other targets have stored something. */
const ALONE_MS = 10_000;
const ALONE = 3;
/** After this long without anything stored by others, the fault may be one of the server again. */
const STALE_MS = 30_000;

export class WholeFailures {
  /** Monotonic: the first failure in a row, and the last one. */
  private sinceMs = 0;
  private lastMs = -Infinity;
  /** Those of them after which another target had stored something since the first. */
  private count = 0;
  private storedMs = -Infinity;

  /** A request failed as a whole. @param storedAt monotonic: when any target last stored something */
  add(storedAt: number, now: number): void {
    if (this.lastMs === -Infinity) {
      this.sinceMs = now;
      this.count = 0;
    } else if (storedAt > this.sinceMs) this.count++;
    this.lastMs = now;
    this.storedMs = storedAt;
  }

  /** Others have stored something since the first of them, and lately. */
  get isBeside(): boolean {
    return this.count > 0 && this.lastMs - this.storedMs < STALE_MS;
  }

  /** The same, for so long that the target is stuck. */
  get isAlone(): boolean {
    return this.count >= ALONE && this.lastMs - this.sinceMs >= ALONE_MS;
  }

  clear(): void {
    this.lastMs = -Infinity;
    this.count = 0;
  }
}
