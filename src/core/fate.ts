// The possible fates of a record. The state database stores them by number: append, never renumber.

/** The ledger's reasons below `dropped`, as status and metrics show them. */
export const DROP_REASONS = [
  "oldest",
  "newest",
  "random",
  "rate",
  "age",
  "oversize",
  "filtered",
  "corrupt",
  "dead_letter_budget",
] as const;
export const FATES = ["open", "delivered", "duplicates", "sampled", "dead_lettered", ...DROP_REASONS] as const;
export type FateName = (typeof FATES)[number];
/** Index into FATES; 0 = none yet. */
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
/** A dead letter removed to stay within `output.dead_letters`. Its fate was DEAD before. */
export const DROPPED_LETTER = 13;

/**
 * Version of the hash that decides which records sampling keeps. It is stored with each loss range. If the hash changes, the
 * version must, too: `backfill` then still reads old ranges with the hash that made them.
 */
export const HASH_VERSION = 1;

export interface Count {
  records: number;
  bytes: number;
}
