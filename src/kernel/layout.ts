// Layout of the structs in assembly/job.ts, as indices of 32-bit words (f64 fields: of 64-bit words). Same fields in the same
// order: change both.

/** Address of the running call's struct. The kernel's static data is below it; both are within KERNEL_BYTES. */
export const JOB = 32768;

export const SCAN = { src: 0, length: 1, records: 2, end: 3, longest: 4 } as const;

export const ENCODE = {
  /** f64 */
  base: 0,
  src: 2,
  length: 3,
  dst: 4,
  capacity: 5,
  maxDocs: 6,
  verdicts: 7,
  table: 8,
  first: 9,
  template: 10,
  head: 11,
  middle: 12,
  time: 13,
  lead: 14,
  path: 15,
  level: 16,
  close: 17,
  tail: 18,
  docs: 19,
  bytes: 20,
  consumed: 21,
  records: 22,
} as const;

export const THIN = {
  /** f64 */
  base: 0,
  src: 2,
  length: 3,
  table: 4,
  seedHigh: 5,
  seedLow: 6,
  threshold: 7,
  always: 8,
  weight: 9,
  records: 10,
  bytes: 11,
  sampledRecords: 12,
  sampledBytes: 13,
} as const;

export const LEVEL = { src: 0, length: 1, level: 2 } as const;

export const OBJECT = {
  src: 0,
  length: 1,
  verdict: 2,
  start: 3,
  end: 4,
  level: 5,
  field: 6,
  fieldEnd: 7,
  members: 8,
} as const;

/** The same addresses as in assembly/page.ts, relative to JOB. */
export const MEMBERS = JOB + 128;
export const MOST_MEMBERS = 8;
/** An entry in the list of members that `object` writes, MEMBER_WORDS each. */
export const MEMBER = { what: 0, key: 1, value: 2, end: 3 } as const;
export const MEMBER_WORDS = 4;
export const NAMES = JOB + 256;
export const NAMES_BYTES = 14_016;
