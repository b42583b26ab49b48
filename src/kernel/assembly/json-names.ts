// Compares the name of a record's top-level member with the paths of the document's own values. A path is names joined by dots; a
// member's name with dots is a path, too. kernel/names.ts writes the data that this file reads:
//
//   a filter of 1024 bits | length of the timestamp's path, u32 | that path, 256 bytes | number of paths, u32 |
//   each path: its length, u16, and its bytes
import { head } from "./json-keys";
import { NAMES } from "./page";

const FIELD_LENGTH: usize = NAMES + 128;
export const FIELD: usize = FIELD_LENGTH + 4;
const PATHS: usize = FIELD + 256;
const FIRST_PATH: usize = PATHS + 4;

// @ts-ignore: decorator
@inline
export function fieldLength(): usize {
  return load<u32>(FIELD_LENGTH);
}

/**
 * free: the document has nothing at this name. near: free, but one of the document's own paths has the same first part. leaf: the
 * name is the path of one of the document's values, or leads through one. inner: the document has members below this name.
 */
export type Meaning = i32;
export const FREE: Meaning = 0;
export const NEAR: Meaning = 1;
const LEAF: Meaning = 2;
export const INNER: Meaning = 3;

export function same(a: usize, b: usize, length: usize): bool {
  for (let i: usize = 0; i < length; i += 8) {
    if (head(a + i, length - i) != head(b + i, length - i)) return false;
  }
  return true;
}

/** The filter. False: no path begins with the first part of the name. Only the first 8 bytes of the part count. */
// @ts-ignore: decorator
@inline
function mayMean(p: usize, length: usize): bool {
  let word = head(p, length);
  const dots = word ^ 0x2e2e2e2e2e2e2e2e;
  const found = (dots - 0x0101010101010101) & ~dots & 0x8080808080808080;
  if (found != 0) word &= ((found & (0 - found)) >> 7) - 1;
  const bit = u32((word * 0x9e3779b97f4a7c15) >> 54);
  return ((load<u32>(NAMES + usize((bit >> 5) << 2)) >> (bit & 31)) & 1) != 0;
}

// @ts-ignore: decorator
@inline
export function meaning(p: usize, length: usize): Meaning {
  return mayMean(p, length) ? among(p, length) : FREE;
}

function firstPart(p: usize, length: usize): usize {
  let part: usize = 0;
  while (part < length && load<u8>(p + part) != 46) part++;
  return part;
}

function among(p: usize, length: usize): Meaning {
  const part = firstPart(p, length);
  let means = FREE;
  let at = FIRST_PATH;
  for (let left = load<u32>(PATHS); left > 0; left--) {
    const own: usize = load<u16>(at);
    const path = at + 2;
    at = path + own;
    const shorter = min(own, length);
    if (part > own || !same(p, path, part)) continue;
    if (part < own && load<u8>(path + part) == 46) means = NEAR;
    if (!same(p, path, shorter)) continue;
    if (own == length) return LEAF;
    if (load<u8>((own < length ? p : path) + shorter) == 46) return own < length ? LEAF : INNER;
  }
  return means;
}

/** Matches a name with the timestamp's path from byte `passed` on. Returns the bytes matched in all, with the dot; -1: none. */
export function along(p: usize, length: usize, passed: i32): i32 {
  const wanted = fieldLength();
  const from = FIELD + usize(passed);
  const stop = usize(passed) + length;
  if (stop > wanted || !same(p, from, length)) return -1;
  if (stop == wanted) return i32(stop);
  return load<u8>(FIELD + stop) == 46 ? i32(stop) + 1 : -1;
}
