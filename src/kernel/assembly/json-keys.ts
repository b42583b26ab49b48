// Detects a name that an object has twice, by 32-bit hashes. Two names with the same hash count as the same name. A collision
// only makes the record undecided, so that the caller parses it. More than 256 names do the same. Compares four at once.
import { HASHES_END } from "./page";

const MULTIPLIER: u64 = 0x9e3779b97f4a7c15;
const MOST_NAMES_BYTES: usize = 256 * 4;

/** The first `length` bytes as one word, 8 bytes at most. */
// @ts-ignore: decorator
@inline
export function head(p: usize, length: usize): u64 {
  const word = load<u64>(p);
  return length < 8 ? word & ((u64(1) << (u64(length) << 3)) - 1) : word;
}

// @ts-ignore: decorator
@inline
function hash(p: usize, length: usize): u32 {
  let h = u64(length) * MULTIPLIER;
  while (length > 8) {
    h = (h ^ load<u64>(p)) * MULTIPLIER;
    h ^= h >> 32;
    p += 8;
    length -= 8;
  }
  h = (h ^ head(p, length)) * MULTIPLIER;
  return u32(h >> 32);
}

/** Adds a name's hash to those of its object, [first, free). False: the name is already there, or one too many. */
// @ts-ignore: decorator
@inline
export function isNew(p: usize, length: usize, first: usize, free: usize): bool {
  if (free - first >= MOST_NAMES_BYTES || free >= HASHES_END) return false;
  const own = hash(p, length);
  const wanted = i32x4.splat(own);
  for (let at = first; at < free; at += 16) {
    const mask = i32x4.bitmask(i32x4.eq(v128.load(at), wanted));
    // After `free` are stale hashes, of objects that are closed.
    if (mask != 0 && (free - at >= 16 || (mask & ((1 << i32((free - at) >> 2)) - 1)) != 0)) return false;
  }
  store<u32>(free, own);
  return true;
}
