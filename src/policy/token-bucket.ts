// A token bucket over bytes. Pure: the caller passes state and time. Invariant: within any t milliseconds, `take` grants at most
// burst + rate * t / 1000 bytes.

export interface Limit {
  /** Bytes per second. */
  readonly rate: number;
  /** Bytes. */
  readonly burst: number;
}

export interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

export function fullBucket(limit: Limit, nowMs: number): Bucket {
  return { tokens: limit.burst, atMs: nowMs };
}

function refill(limit: Limit, bucket: Bucket, nowMs: number): Bucket {
  const tokens = Math.min(limit.burst, bucket.tokens + (limit.rate * (nowMs - bucket.atMs)) / 1000);
  return { tokens, atMs: nowMs };
}

/** Grants the wanted bytes as far as there are tokens, in whole bytes. */
export function take(limit: Limit, bucket: Bucket, nowMs: number, wanted: number): { bucket: Bucket; granted: number } {
  const { tokens } = refill(limit, bucket, nowMs);
  const granted = Math.max(0, Math.min(wanted, Math.floor(tokens)));
  return { bucket: { tokens: tokens - granted, atMs: nowMs }, granted };
}

/** Charges all of the bytes, even beyond the tokens. The bucket goes into debt, and the next tokens pay it off. */
export function charge(limit: Limit, bucket: Bucket, nowMs: number, bytes: number): Bucket {
  return { tokens: refill(limit, bucket, nowMs).tokens - bytes, atMs: nowMs };
}

/** Milliseconds until `wanted` bytes, or a whole burst if that is less, can be granted. With 0 wanted: until the debt is paid. */
export function waitMs(limit: Limit, bucket: Bucket, nowMs: number, wanted: number): number {
  const missing = Math.min(wanted, limit.burst) - refill(limit, bucket, nowMs).tokens;
  return missing <= 0 ? 0 : Math.ceil((missing / limit.rate) * 1000);
}
