// Finds the level of a text record. Most words are not a level and most records have none, so bit masks test 64 bytes per step.
// A word can be a level, or name one, only outside of double quotes, and only if it ends with three capitals or is followed by
// one of : ; < = > ]. level-word.ts then tests such a word by itself.
//
// Measured: ns that the level adds to a document of some 200 bytes (bench/kernel.ts; the whole takes 35 to 50): 76 to 260 with
// each word tested by itself; 70 to 85 by masks with constants as literals; 44 to 58 with constants in memory, which V8 hoists;
// 33 to 50 with masks of letters only where a word may be a level; 35 to 40 without a loop to find the start of the word, or 22
// if a level is at the beginning.
import { isLetter, WINDOW, wordLevel } from "./level-word";
import { closing } from "./memory";

const QUOTE: usize = memory.data<u64>([0x2222222222222222, 0x2222222222222222], 16);
const BACKSLASH: usize = memory.data<u64>([0x5c5c5c5c5c5c5c5c, 0x5c5c5c5c5c5c5c5c], 16);
const CASE: usize = memory.data<u64>([0x2020202020202020, 0x2020202020202020], 16);
// A range needs one addition and one comparison: the range's last byte becomes 127, and the bytes above it become -128 and more.
const TO_Z: usize = memory.data<u64>([0x2525252525252525, 0x2525252525252525], 16);
const TO_SMALL_Z: usize = memory.data<u64>([0x0505050505050505, 0x0505050505050505], 16);
const BELOW_26: usize = memory.data<u64>([0x6565656565656565, 0x6565656565656565], 16);
const TO_GREATER: usize = memory.data<u64>([0x4141414141414141, 0x4141414141414141], 16);
const BELOW_5: usize = memory.data<u64>([0x7a7a7a7a7a7a7a7a, 0x7a7a7a7a7a7a7a7a], 16);
const BRACKET: usize = memory.data<u64>([0x5d5d5d5d5d5d5d5d, 0x5d5d5d5d5d5d5d5d], 16);

// @ts-ignore: decorator
@inline
function inRange(block: v128, added: usize, below: usize): v128 {
  return i8x16.gt_s(i8x16.add(block, v128.load(added)), v128.load(below));
}

/** : ; < = > and ] */
// @ts-ignore: decorator
@inline
function mark(block: v128): v128 {
  return v128.or(inRange(block, TO_GREATER, BELOW_5), i8x16.eq(block, v128.load(BRACKET)));
}

// @ts-ignore: decorator
@inline
function letter(block: v128): v128 {
  return inRange(v128.or(block, v128.load(CASE)), TO_SMALL_Z, BELOW_26);
}

// @ts-ignore: decorator
@inline
function bits(a: v128, b: v128, c: v128, d: v128): u64 {
  const low = u64(i8x16.bitmask(a)) | (u64(i8x16.bitmask(b)) << 16);
  return low | (u64(i8x16.bitmask(c)) << 32) | (u64(i8x16.bitmask(d)) << 48);
}

// @ts-ignore: decorator
@inline
function equal(a: v128, b: v128, c: v128, d: v128, byte: usize): u64 {
  const same = v128.load(byte);
  return bits(i8x16.eq(a, same), i8x16.eq(b, same), i8x16.eq(c, same), i8x16.eq(d, same));
}

// @ts-ignore: decorator
@inline
function anyBackslash(a: v128, b: v128, c: v128, d: v128): bool {
  const same = v128.load(BACKSLASH);
  const low = v128.or(i8x16.eq(a, same), i8x16.eq(b, same));
  return v128.any_true(v128.or(low, v128.or(i8x16.eq(c, same), i8x16.eq(d, same))));
}

/** Sets the bits from each odd quote up to, but without, the next quote. */
// @ts-ignore: decorator
@inline
function betweenPairs(quotes: u64): u64 {
  quotes ^= quotes << 1;
  quotes ^= quotes << 2;
  quotes ^= quotes << 4;
  quotes ^= quotes << 8;
  quotes ^= quotes << 16;
  return quotes ^ (quotes << 32);
}

/** The positions right after three set bits of `kind` in a row. `last`: the last three bits of `kind` in the previous block. */
// @ts-ignore: decorator
@inline
function behindThree(kind: u64, last: u64): u64 {
  return ((kind << 1) | (last >> 2)) & ((kind << 2) | (last >> 1)) & ((kind << 3) | last);
}

/** Which of the three bytes before `p` are letters, the nearest in bit 2. */
// @ts-ignore: decorator
@inline
function lettersBefore(p: usize): u64 {
  const near = (u64(isLetter(load<u8>(p - 1))) << 2) | (u64(isLetter(load<u8>(p - 2))) << 1);
  return near | u64(isLetter(load<u8>(p - 3)));
}

/** Start of the word that continues at `p`. If the word is longer than any level word, a position inside it. */
function wordStart(p: usize, from: usize): usize {
  const least = max(from, p - 16);
  while (p > least && isLetter(load<u8>(p - 1))) p--;
  return p;
}

export function textLevel(s: usize, end: usize): i32 {
  const window = min(end, s + WINDOW);
  let from = s; // no word begins before this position
  let lastCapitals: u64 = 0; // the last three bits of the previous block, the nearest in bit 2
  let quoted: u64 = 0; // all ones: the previous block ended within quotes
  let p = s;
  // A word that begins in the window may end at the window's end or after it.
  while (p < window || (p == window && p > from && isLetter(load<u8>(p - 1)))) {
    // Loads reach at most 16 bytes past the end of the record.
    const a = v128.load(p);
    const b = v128.load(min(p + 16, end));
    const c = v128.load(min(p + 32, end));
    const d = v128.load(min(p + 48, end));
    const valid: u64 = end - p >= 64 ? ~u64(0) : (u64(1) << u64(end - p)) - 1;
    const capitals =
      valid &
      bits(
        inRange(a, TO_Z, BELOW_26), inRange(b, TO_Z, BELOW_26),
        inRange(c, TO_Z, BELOW_26), inRange(d, TO_Z, BELOW_26),
      );
    const quotes = equal(a, b, c, d, QUOTE) & valid;
    const inside = betweenPairs(quotes) ^ quoted;
    let stops = (behindThree(capitals, lastCapitals) | bits(mark(a), mark(b), mark(c), mark(d))) & ~(inside | quotes);
    // A backslash may escape a quote, so the masks hold only up to the first backslash within quotes. The search continues after
    // the quote that closes that string.
    const escapes = anyBackslash(a, b, c, d) ? equal(a, b, c, d, BACKSLASH) & valid & inside : 0;
    if (escapes != 0) stops &= (escapes & -escapes) - 1;
    if (stops != 0) {
      const letters = bits(letter(a), letter(b), letter(c), letter(d)) & valid;
      const lastLetters = p > from ? lettersBefore(p) : 0;
      const starts = letters & ~((letters << 1) | (lastLetters >> 2));
      for (stops &= behindThree(letters, lastLetters) & ~letters; stops != 0; stops &= stops - 1) {
        const before = starts & ((stops & -stops) - 1);
        const word = before != 0 ? p + 63 - usize(clz(before)) : wordStart(p, from);
        const found = wordLevel(s, end, word, p + usize(ctz(stops)));
        if (found >= 0) return found;
      }
    }
    if (escapes != 0) {
      from = closing(p + usize(ctz(escapes)), end) + 1;
      p = from;
      lastCapitals = 0;
      quoted = 0;
    } else {
      p += 64;
      lastCapitals = capitals >> 61;
      quoted = u64(i64(inside) >> 63);
    }
  }
  return -1;
}
