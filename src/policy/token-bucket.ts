// A token bucket over bytes. Pure: the state is a value and time is handed in. What must hold: within any stretch of t
// milliseconds at most burst + rate * t / 1000 bytes are granted.

export interface Limit {
  /** Bytes a second. */
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

/** As many of the wanted bytes as there are tokens for, in whole bytes. */
export function take(limit: Limit, bucket: Bucket, nowMs: number, wanted: number): { bucket: Bucket; granted: number } {
  const { tokens } = refill(limit, bucket, nowMs);
  const granted = Math.max(0, Math.min(wanted, Math.floor(tokens)));
  return { bucket: { tokens: tokens - granted, atMs: nowMs }, granted };
}

/** All of the bytes, whatever that costs: what the bucket does not hold is owed, and paid by the next tokens. */
export function charge(limit: Limit, bucket: Bucket, nowMs: number, bytes: number): Bucket {
  return { tokens: refill(limit, bucket, nowMs).tokens - bytes, atMs: nowMs };
}

/** Milliseconds until `wanted` bytes, or a whole burst where that is less, can be granted; of 0: until nothing is owed. */
export function waitMs(limit: Limit, bucket: Bucket, nowMs: number, wanted: number): number {
  const missing = Math.min(wanted, limit.burst) - refill(limit, bucket, nowMs).tokens;
  return missing <= 0 ? 0 : Math.ceil((missing / limit.rate) * 1000);
}
