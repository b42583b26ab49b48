// How a rate-limit rung measures what comes in. A chunk comes in whole or not at all, though it may be larger than the
// bucket: what it takes beyond the tokens is owed, and nothing else comes in before that is paid. What must hold: within
// any stretch of t milliseconds at most burst + rate * t / 1000 bytes come in, and the last chunk.
import { type Bucket, type Limit, fullBucket, take, waitMs } from "../policy/token-bucket.ts";

export class Meter {
  private readonly limit: Limit;
  private bucket: Bucket;
  private owed = 0;

  constructor(limit: Limit, nowMs: number) {
    this.limit = limit;
    this.bucket = fullBucket(limit, nowMs);
  }

  /** Milliseconds until what came in before is paid for; 0: it is. */
  waitMs(nowMs: number): number {
    this.pay(nowMs);
    return this.owed === 0 ? 0 : waitMs(this.limit, this.bucket, nowMs, this.owed);
  }

  /** It comes in, whatever it costs. */
  charge(nowMs: number, bytes: number): void {
    this.owed += bytes;
    this.pay(nowMs);
  }

  /** It comes in if there are tokens for it: for one that is larger than the bucket, a full bucket. */
  takes(nowMs: number, bytes: number): boolean {
    if (this.waitMs(nowMs) > 0) return false;
    if (waitMs(this.limit, this.bucket, nowMs, bytes) > 0) return false;
    this.charge(nowMs, bytes);
    return true;
  }

  private pay(nowMs: number): void {
    const { bucket, granted } = take(this.limit, this.bucket, nowMs, this.owed);
    this.bucket = bucket;
    this.owed -= granted;
  }
}
