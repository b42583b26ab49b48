// Finds the level of a JSON record. Walks over its braces and compares the names at the top level only. Strings are skipped 16
// bytes at a time. The walk checks no more of the JSON than it needs to find the level.
import { closing } from "./memory";
import { isLevelName, levelWord } from "./words";

function skipSpace(p: usize, end: usize): usize {
  while (p < end && load<u8>(p) <= 32) p++;
  return p;
}

/** pino's numbers, by their first digit. */
function numericLevel(tens: u32): i32 {
  switch (tens) {
    case 49: return 0;
    case 50: return 1;
    case 51: return 2;
    case 52: return 4;
    case 53: return 5;
    case 54: return 8;
    default: return -1;
  }
}

/** The level that the value at `p` names, or -1. */
export function valueLevel(p: usize, end: usize): i32 {
  if (p >= end) return -1;
  if (load<u8>(p) == 34) {
    const close = closing(p + 1, end);
    return close < end ? levelWord(p + 1, close - p - 1) : -1;
  }
  if (p + 2 >= end || load<u8>(p + 1) != 48) return -1;
  const after = load<u8>(p + 2);
  return after <= 32 || after == 44 || after == 125 ? numericLevel(load<u8>(p)) : -1;
}

function isLog(p: usize, length: usize): bool {
  return length == 3 && (load<u32>(p) & 0xffffff) == 0x676f6c;
}

const V: usize = memory.data<u64>([0x7676767676767676, 0x7676767676767676], 16);
const E: usize = memory.data<u64>([0x6565656565656565, 0x6565656565656565], 16);
const L: usize = memory.data<u64>([0x6c6c6c6c6c6c6c6c, 0x6c6c6c6c6c6c6c6c], 16);
const CASE: usize = memory.data<u64>([0x2020202020202020, 0x2020202020202020], 16);

/** Whether `eve` or `lvl` occurs anywhere, in any case. Every name of a level field contains one of them. */
function mayName(p: usize, end: usize): bool {
  for (; p < end; p += 16) {
    const first = v128.or(v128.load(p), v128.load(CASE));
    const second = v128.or(v128.load(p + 1), v128.load(CASE));
    const third = v128.or(v128.load(p + 2), v128.load(CASE));
    const outer = v128.or(i8x16.eq(first, v128.load(E)), i8x16.eq(first, v128.load(L)));
    const found = v128.and(outer, v128.and(i8x16.eq(second, v128.load(V)), i8x16.eq(first, third)));
    if (v128.any_true(found)) return true;
  }
  return false;
}

/** @param p the opening brace */
export function jsonLevel(p: usize, end: usize): i32 {
  if (!mayName(p, end)) return -1;
  let depth: i32 = 0;
  let named: i32 = 1; // names are compared down to this depth; 2 while inside of `log`
  while (p < end) {
    const byte = load<u8>(p);
    if (byte == 34) {
      const close = closing(p + 1, end);
      const colon = skipSpace(close + 1, end);
      if (depth > named || colon >= end || load<u8>(colon) != 58) {
        p = close + 1;
        continue;
      }
      const value = skipSpace(colon + 1, end);
      if (isLevelName(p + 1, close - p - 1)) {
        const found = valueLevel(value, end);
        if (found >= 0) return found;
      }
      if (depth == 1 && value < end && load<u8>(value) == 123 && isLog(p + 1, close - p - 1)) named = 2;
      p = value;
      continue;
    }
    if (byte == 123 || byte == 91) depth++;
    else if (byte == 125 || byte == 93) {
      depth--;
      if (depth <= 0) return -1;
      if (depth == 1) named = 1;
    }
    p++;
  }
  return -1;
}
