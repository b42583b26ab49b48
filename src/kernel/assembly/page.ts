// Addresses in the upper half of the arena's first page: the struct of the running call and the working memory of `object`.
// kernel/layout.ts has the same addresses: change both.

const JOB: usize = 32768;
/** Here `object` lists the members that cannot stay as they are, MEMBER_BYTES each. */
export const MEMBERS: usize = JOB + 128;
export const MEMBER_BYTES: usize = 16;
export const MOST_MEMBERS: usize = 8;
/** The document's own field paths, as kernel/names.ts writes them. */
export const NAMES: usize = JOB + 256;
/** The state of the walk through a record. */
export const WALK: usize = JOB + 14272;
/** A stack of the open objects and arrays. */
export const FRAMES: usize = JOB + 14336;
export const MOST_DEPTH: usize = 128;
/** Hashes of the names in all open objects. */
export const HASHES: usize = JOB + 16384;
export const HASHES_END: usize = JOB + 32768 - 64;
