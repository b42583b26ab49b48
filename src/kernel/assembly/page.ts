// The upper half of the arena's first page: the struct of the running call and what `object` keeps beside it. Addresses
// are the same in kernel/layout.ts: change both.

const JOB: usize = 32768;
/** Where `object` says which members are in the way, MEMBER_BYTES each. */
export const MEMBERS: usize = JOB + 128;
export const MEMBER_BYTES: usize = 16;
export const MOST_MEMBERS: usize = 8;
/** What a document has itself, as kernel/names.ts writes it. */
export const NAMES: usize = JOB + 256;
/** What the walk through a record knows. */
export const WALK: usize = JOB + 14272;
/** Objects and arrays that are open. */
export const FRAMES: usize = JOB + 14336;
export const MOST_DEPTH: usize = 128;
/** Hashes of the names of all objects that are open. */
export const HASHES: usize = JOB + 16384;
export const HASHES_END: usize = JOB + 32768 - 64;
