// UTF-8: checks if a range is well formed (16 bytes per step), and measures one sequence of a range that is not.
// `wellFormed` classifies every pair of neighbouring bytes by three table look-ups. Each gives the faults that are still
// possible; a fault that all three allow is a real one. Two bytes do not show whether the third and fourth byte of a sequence are
// continuations. So pairs of continuations are compared with the positions of E0.. two and of F0.. three bytes before.

import { LINE, Unit } from "./unit";

const SHORT: u8 = 1; // a lead byte without its continuation
const LONG: u8 = 2; // a continuation after ASCII
const OVER3: u8 = 4; // overlong: E0 80..9F
const LARGE: u8 = 8; // above 10FFFF: F4 90.., F5..
const SURROGATE: u8 = 16; // ED A0..
const OVER2: u8 = 32; // overlong: C0, C1
const OVER4: u8 = 64; // overlong: F0 80..8F; also F5.. 80..8F
const PAIR: u8 = 128; // two continuations: a fault unless a longer sequence needs them
const ANY: u8 = SHORT | LONG | PAIR; // faults that do not depend on the low half of the first byte
const OVER: u8 = ANY | LARGE | OVER4; // low half 5 and above: F5 and above if the high half is F
const LATER: u8 = LONG | PAIR | OVER2; // faults that every continuation can show

/** Possible faults by the high half of a pair's first byte. */
const FIRST_HIGH: usize = memory.data<u8>([
  LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, PAIR, PAIR, PAIR, PAIR,
  SHORT | OVER2, SHORT, SHORT | OVER3 | SURROGATE, SHORT | LARGE | OVER4,
], 16);
/** Possible faults by the low half of the first byte. */
const FIRST_LOW: usize = memory.data<u8>([
  ANY | OVER2 | OVER3 | OVER4, ANY | OVER2, ANY, ANY, ANY | LARGE, OVER, OVER, OVER,
  OVER, OVER, OVER, OVER, OVER, OVER | SURROGATE, OVER, OVER,
], 16);
/** Possible faults by the high half of the second byte. */
const SECOND_HIGH: usize = memory.data<u8>([
  SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT,
  LATER | OVER3 | OVER4, LATER | OVER3 | LARGE, LATER | SURROGATE | LARGE, LATER | SURROGATE | LARGE,
  SHORT, SHORT, SHORT, SHORT,
], 16);
const LANES: usize = memory.data<u8>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], 16);

// @ts-ignore: decorator
@inline
function look(table: v128, halves: v128): v128 {
  return i8x16.swizzle(table, v128.and(halves, i8x16.splat(15)));
}

/** Not zero at each byte of `block` that shows a fault in its own sequence or in the one before. */
// @ts-ignore: decorator
@inline
function faults(previous: v128, block: v128, firstHigh: v128, firstLow: v128, secondHigh: v128): v128 {
  const one = i8x16.shuffle(previous, block, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  const two = i8x16.shuffle(previous, block, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
  const three = i8x16.shuffle(previous, block, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
  const pair = v128.and(
    v128.and(look(firstHigh, i16x8.shr_u(one, 4)), look(firstLow, one)),
    look(secondHigh, i16x8.shr_u(block, 4)),
  );
  // The highest bit is set exactly where the second byte before is E0.. and above, or the third byte before is F0.. and above.
  const wanted = v128.or(i8x16.sub_sat_u(two, i8x16.splat(0x60)), i8x16.sub_sat_u(three, i8x16.splat(0x70)));
  return v128.xor(pair, v128.and(wanted, i8x16.splat(i8(0x80))));
}

/** Whether [s, end) is UTF-8; with `unit` LINE only up to the first \n. `s` must not be within a sequence. */
export function wellFormed(s: usize, end: usize, unit: Unit): bool {
  const firstHigh = v128.load(FIRST_HIGH);
  const firstLow = v128.load(FIRST_LOW);
  const secondHigh = v128.load(SECOND_HIGH);
  let previous = i8x16.splat(0);
  // A block of zeros after the end shows a sequence that the end cuts off.
  for (let at = s; at < end + 16; at += 16) {
    let block = v128.load(at);
    if (at + 16 > end) {
      const inside = i8x16.splat(i8(at < end ? end - at : 0));
      block = v128.and(block, i8x16.lt_s(v128.load(LANES), inside));
    }
    let bad: i32 = 0;
    if (i8x16.bitmask(v128.or(previous, block)) != 0)
      bad = i8x16.bitmask(i8x16.ne(faults(previous, block, firstHigh, firstLow, secondHigh), i8x16.splat(0)));
    const stop = unit == LINE ? i8x16.bitmask(i8x16.eq(block, i8x16.splat(10))) : 0;
    if (stop != 0) return (bad & (stop ^ (stop - 1))) == 0;
    if (bad != 0) return false;
    previous = block;
  }
  return true;
}

/** Length of the well-formed sequence at `s`. Negative: minus the bytes that one U+FFFD replaces (the maximal subpart). */
export function sequence(s: usize, end: usize): i32 {
  const lead = load<u8>(s);
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const more: i32 = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  let low: u8 = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  let high: u8 = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  for (let i: i32 = 1; i <= more; i++) {
    if (s + i >= end) return -i;
    const byte = load<u8>(s + i);
    if (byte < low || byte > high) return -i;
    low = 0x80;
    high = 0xbf;
  }
  return more + 1;
}
