// `output.rate`: limits the bytes sent per second with a token bucket. A body is sent whole: it needs tokens to start, and bytes
// beyond them become debt, which the next body waits for.
import type { Clock } from "../core/clock.ts";
import { type Bucket, type Limit, charge, fullBucket, waitMs } from "../policy/token-bucket.ts";

export class RateCap {
  private readonly clock: Clock;
  private readonly limit: Limit | undefined;
  private bucket: Bucket;

  /** @param rate bytes per second; 0: no cap @param body the largest body in bytes */
  constructor(clock: Clock, rate: number, body: number) {
    this.clock = clock;
    this.limit = rate > 0 ? { rate, burst: Math.max(rate, body) } : undefined;
    this.bucket = fullBucket(this.limit ?? { rate: 1, burst: 0 }, clock.now());
  }

  /** Milliseconds until a body may start. */
  get waitMs(): number {
    return this.limit ? waitMs(this.limit, this.bucket, this.clock.now(), 1) : 0;
  }

  /** Charges a body that is sent. */
  spend(bytes: number): void {
    if (this.limit) this.bucket = charge(this.limit, this.bucket, this.clock.now(), bytes);
  }
}
