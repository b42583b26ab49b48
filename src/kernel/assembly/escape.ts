// Writes a record as the inside of a JSON string and repairs its UTF-8. Each block of 16 bytes is copied first and tested after:
// a block that needs no escape costs a load, a store and one test. At a record's first byte above 7F, the rest of the record is
// checked for UTF-8 at once. Only a record that is not UTF-8 is repaired sequence by sequence.
//
// Measured on access lines of 216 bytes with 6 quotes (bench/kernel.ts; ns per line, whole document): 100 with a conditional move
// in place of the branch for blocks without special bytes, because every block then waits for the one before; 59 with the branch
// and hoisted constants; 54 with 64 bytes per step; 48 with the digits of the offset copied instead of converted twice.
import { LINE, Unit } from "./unit";
import { sequence, wellFormed } from "./utf8";

/** The letter after the backslash for the bytes 00..1F; 0 = the long form, \u00XX. */
const SHORT_FORMS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 98, 116, 110, 0, 102, 114, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

// Flipping bit 1 swaps the quote with the space, so that the quote is next to the control characters. One signed comparison then
// finds quotes, bytes below 20 and bytes above 7F. With the highest bit flipped, too, it finds only the first two.
// The constants are in memory: V8 builds a literal anew in each round of a loop, but hoists a load.
const MIX: usize = memory.data<u64>([0x0202020202020202, 0x0202020202020202], 16);
const BOUND: usize = memory.data<u64>([0x2121212121212121, 0x2121212121212121], 16);
const MIX_VALID: usize = memory.data<u64>([0x8282828282828282, 0x8282828282828282], 16);
const BOUND_VALID: usize = memory.data<u64>([0xa1a1a1a1a1a1a1a1, 0xa1a1a1a1a1a1a1a1], 16);
const BACKSLASH: usize = memory.data<u64>([0x5c5c5c5c5c5c5c5c, 0x5c5c5c5c5c5c5c5c], 16);

/** Where an escape ended: the position in the source (upper half) and in the destination (lower half). 0 = no room. */
export type Ends = u64;
// @ts-ignore: decorator
@inline
export function sourceEnd(ends: Ends): usize {
  return usize(ends >> 32);
}
// @ts-ignore: decorator
@inline
export function targetEnd(ends: Ends): usize {
  return usize(ends & 0xffffffff);
}

// @ts-ignore: decorator
@inline
function escapeByte(d: usize, byte: u32): usize {
  const short: u32 = byte >= 32 ? byte : load<u8>(SHORT_FORMS + byte);
  if (short != 0) {
    store<u16>(d, u16(92 | (short << 8)));
    return d + 2;
  }
  store<u32>(d, 0x3030755c); // \u00
  const low = byte & 15;
  store<u16>(d + 4, u16((48 + (byte >> 4)) | ((low < 10 ? 48 + low : 87 + low) << 8)));
  return d + 6;
}

// @ts-ignore: decorator
@inline
function specials(block: v128, mix: v128, bound: v128, backslash: v128): u64 {
  return u64(i8x16.bitmask(v128.or(i8x16.lt_s(v128.xor(block, mix), bound), i8x16.eq(block, backslash))));
}

// @ts-ignore: decorator
@inline
function ends(unit: Unit, s: usize, end: usize, byte: u32): bool {
  return unit == LINE && (byte == 10 || (byte == 13 && (s + 1 >= end || load<u8>(s + 1) == 10)));
}

/**
 * Escapes [s, end), or with LINE only the line at `s`: 16 bytes per step, exact to the byte at both ends. Returns 0 when the
 * result would pass `stop`. `valid`: the text is known to be UTF-8; `s` may then be within a sequence.
 */
function careful(s: usize, end: usize, d: usize, stop: usize, valid: bool, unit: Unit): Ends {
  let mix = valid ? v128.load(MIX_VALID) : v128.load(MIX);
  let bound = valid ? v128.load(BOUND_VALID) : v128.load(BOUND);
  const backslash = v128.load(BACKSLASH);
  let broken = false;
  for (;;) {
    if (s >= end) {
      d -= s - end;
      s = end;
      break;
    }
    if (d > stop) return 0;
    const block = v128.load(s);
    v128.store(d, block);
    const mask = specials(block, mix, bound, backslash);
    if (mask == 0) {
      s += 16;
      d += 16;
      continue;
    }
    s += usize(ctz(mask));
    d += usize(ctz(mask));
    if (s >= end) continue;
    const byte: u32 = load<u8>(s);
    if (ends(unit, s, end, byte)) break;
    if (byte < 0x80) {
      d = escapeByte(d, byte);
      s++;
    } else if (!broken && wellFormed(s, end, unit)) {
      mix = v128.load(MIX_VALID);
      bound = v128.load(BOUND_VALID);
    } else {
      broken = true;
      const length = sequence(s, end);
      store<u32>(d, length > 0 ? load<u32>(s) : 0xbdbfef);
      d += length > 0 ? usize(length) : 3;
      s += usize(abs(length));
    }
  }
  return d > stop ? 0 : (u64(s) << 32) | u64(d);
}

// @ts-ignore: decorator
@inline
function copy64(d: usize, s: usize): void {
  v128.store(d, v128.load(s));
  v128.store(d + 16, v128.load(s + 16));
  v128.store(d + 32, v128.load(s + 32));
  v128.store(d + 48, v128.load(s + 48));
}

/**
 * The same as `careful`, but 64 bytes per step where neither end is near. One mask has all special bytes of a block. After each
 * of them, the rest of the block is copied again to where its escape ends. This moves more bytes, but no load waits for the
 * position of the last special byte, and that wait took most of the time.
 */
export function escape(s: usize, end: usize, d: usize, stop: usize, unit: Unit): Ends {
  let mix = v128.load(MIX);
  let bound = v128.load(BOUND);
  const backslash = v128.load(BACKSLASH);
  let valid = false;
  while (s + 128 <= end && d + 512 <= stop) {
    copy64(d, s);
    let rest =
      specials(v128.load(s), mix, bound, backslash) |
      (specials(v128.load(s + 16), mix, bound, backslash) << 16) |
      (specials(v128.load(s + 32), mix, bound, backslash) << 32) |
      (specials(v128.load(s + 48), mix, bound, backslash) << 48);
    let next = s + 64;
    d -= s; // from here on the distance from the source to the target
    while (rest != 0) {
      const at = s + usize(ctz(rest));
      const byte: u32 = load<u8>(at);
      if (byte == 34 || byte == 92) {
        store<u16>(at + d, u16(92 | (byte << 8)));
        d++;
      } else if (byte >= 0x80) {
        if (!wellFormed(at, end, unit)) return careful(at, end, at + d, stop, false, unit);
        valid = true;
        mix = v128.load(MIX_VALID);
        bound = v128.load(BOUND_VALID);
        next = at;
        break;
      } else if (ends(unit, at, end, byte)) {
        return (u64(at) << 32) | u64(at + d);
      } else {
        d = escapeByte(at + d, byte) - at - 1;
      }
      copy64(at + 1 + d, at + 1);
      rest &= rest - 1;
    }
    s = next;
    d += next;
  }
  return careful(s, end, d, stop, valid, unit);
}
