// How long to wait before the next attempt: full jitter, so that a thousand agents that failed in the same second do
// not come back in the same second. What must hold: the wait grows with the attempts, never exceeds the cap by itself,
// and is never shorter than what the server asked for.

export interface BackoffRange {
  /** Milliseconds: the upper bound after the first failure; doubles with each further one. */
  readonly base: number;
  /** Milliseconds. */
  readonly cap: number;
}

/** A cap of minutes would leave an agent silent long after its server has healed. */
export const BACKOFF: BackoffRange = { base: 500, cap: 15_000 };

/** A server (or a proxy's page) may name any time; nobody waits longer than this for one. */
const ASKED_CAP = 300_000;

/**
 * @param failures in a row, from 1
 * @param random uniform in [0, 1)
 * @param askedMs what Retry-After said; 0 = nothing
 */
export function backoff(failures: number, random: number, askedMs = 0, range: BackoffRange = BACKOFF): number {
  const bound = Math.min(range.cap, range.base * 2 ** Math.min(failures - 1, 30));
  return Math.min(askedMs, ASKED_CAP) + random * bound;
}

/** Retry-After in milliseconds, from seconds or an HTTP date; undefined where it says nothing usable. */
export function retryAfter(header: string | undefined, wallMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallMs);
}
