// A record as the inside of a JSON string, repaired to UTF-8. Blocks of 16 bytes are copied first and looked at after:
// what needs no escape costs a load, a store and one test. A record is checked for UTF-8 only once it shows a byte
// above 7F, and then its rest at once; only a record that is not UTF-8 is repaired sequence by sequence.
//
// Measured on access lines of 216 bytes with 6 quotes (bench/kernel.ts; ns a line, whole document): a conditional move
// in place of the branch on "nothing special here" made every block wait for the one before: 100; with the branch and
// hoisted constants 59; 64 bytes a step 54; offset digits copied rather than made twice 48.
import { LINE, Unit } from "./unit";
import { sequence, wellFormed } from "./utf8";

/** What stands after the backslash for 00..1F; 0 = the long form. */
const SHORT_FORMS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 98, 116, 110, 0, 102, 114, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

// With bit 1 turned a quote changes places with the space, next to the control characters: one signed comparison then
// finds a quote, what is below 20 and what is above 7F; with the highest bit turned as well, only the first two.
// Constants as memory: V8 builds a literal anew in each round of a loop, but hoists a load.
const MIX: usize = memory.data<u64>([0x0202020202020202, 0x0202020202020202], 16);
const BOUND: usize = memory.data<u64>([0x2121212121212121, 0x2121212121212121], 16);
const MIX_VALID: usize = memory.data<u64>([0x8282828282828282, 0x8282828282828282], 16);
const BOUND_VALID: usize = memory.data<u64>([0xa1a1a1a1a1a1a1a1, 0xa1a1a1a1a1a1a1a1], 16);
const BACKSLASH: usize = memory.data<u64>([0x5c5c5c5c5c5c5c5c, 0x5c5c5c5c5c5c5c5c], 16);

/** Both halves of where an escape ended: in the source and in the destination. 0 = it does not fit. */
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
 * Escapes [s, end), or what of it is the line at `s`, 16 bytes a step, exact to the byte at both ends. `d` may not pass
 * `stop`. `valid`: the text is known to be UTF-8, and `s` may be within a sequence.
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
 * The same, 64 bytes a step where neither end is near. All special bytes of a block are known from one mask, and after
 * each the rest of the block is copied again behind its escape: more bytes are moved, but no load waits for where the
 * last special byte was, which is what the time went for.
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
    d -= s; // from here on how far ahead the target is
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
