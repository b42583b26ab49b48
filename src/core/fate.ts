// What can become of a record. The order is the wire of the state database: append, never renumber.

export const FATES = [
  "open",
  "delivered",
  "duplicates",
  "sampled",
  "dead_lettered",
  "oldest",
  "newest",
  "random",
  "rate",
  "age",
  "oversize",
  "filtered",
  "corrupt",
] as const;
export type FateName = (typeof FATES)[number];
/** Index into FATES; 0 is "none yet". */
export type Fate = number;

export const OPEN = 0;
export const DELIVERED = 1;
export const DUPLICATE = 2;
export const SAMPLED = 3;
export const DEAD = 4;
export const DROPPED_OLDEST = 5;
export const DROPPED_NEWEST = 6;
export const DROPPED_RANDOM = 7;
export const DROPPED_RATE = 8;
export const DROPPED_AGE = 9;
export const DROPPED_OVERSIZE = 10;
export const DROPPED_FILTERED = 11;
export const DROPPED_CORRUPT = 12;

/** The reasons below `dropped` in the ledger, as status and metrics show them. */
export const DROP_REASONS = ["oldest", "newest", "random", "rate", "age", "oversize", "filtered", "corrupt"] as const;

/**
 * Version of the hash that decides what sampling keeps, written into each loss range that it leaves: a later hash gets a
 * new number, and `backfill` goes on reading old ranges with the hash that made them.
 */
export const HASH_VERSION = 1;

export interface Count {
  records: number;
  bytes: number;
}
