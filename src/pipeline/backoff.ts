// How long to wait before the next attempt, with full jitter: a thousand agents that failed in the same second do not come back
// in the same second. Invariants: the upper bound of the random wait doubles with the attempts up to the cap; the wait is never
// shorter than the server asked for, up to the same cap: a server, or a proxy's error page, may ask for any time.

export interface BackoffRange {
  /** Milliseconds: the upper bound after the first failure. It doubles with each further failure. */
  readonly base: number;
  /** Milliseconds. */
  readonly cap: number;
}

/** With a cap of minutes, an agent would stay silent long after its server has recovered. */
export const BACKOFF: BackoffRange = { base: 500, cap: 15_000 };

/**
 * @param failures in a row, from 1
 * @param random uniform in [0, 1)
 * @param askedMs from Retry-After; 0: none
 */
export function backoff(failures: number, random: number, askedMs = 0, range: BackoffRange = BACKOFF): number {
  const bound = Math.min(range.cap, range.base * 2 ** Math.min(failures - 1, 30));
  return Math.min(askedMs, range.cap) + random * bound;
}
