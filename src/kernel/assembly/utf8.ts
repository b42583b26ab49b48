// UTF-8: is a run of it well formed (16 bytes a step), and if not, what is one bad sequence.
// `wellFormed` classifies every pair of neighbouring bytes by three table look-ups, each of which says which faults are
// still possible; a fault that all three allow is one. What two bytes cannot show, that the third and fourth byte of a
// sequence are continuations, is compared with where E0.. and F0.. stand two and three bytes before.

import { LINE, Unit } from "./unit";

const SHORT: u8 = 1; // a lead byte without its continuation
const LONG: u8 = 2; // a continuation after ASCII
const OVER3: u8 = 4; // E0 80..9F
const LARGE: u8 = 8; // F4 90.., F5.. above 10FFFF
const SURROGATE: u8 = 16; // ED A0..
const OVER2: u8 = 32; // C0, C1
const OVER4: u8 = 64; // F0 80..8F; also F5.. 80..8F
const PAIR: u8 = 128; // two continuations: a fault unless a longer sequence wants them
const ANY: u8 = SHORT | LONG | PAIR; // do not depend on the low half of the first byte
const OVER: u8 = ANY | LARGE | OVER4; // F5 and above, when the high half is F
const LATER: u8 = LONG | PAIR | OVER2; // faults of every continuation

/** By the high half of the first byte of a pair. */
const FIRST_HIGH: usize = memory.data<u8>([
  LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, PAIR, PAIR, PAIR, PAIR,
  SHORT | OVER2, SHORT, SHORT | OVER3 | SURROGATE, SHORT | LARGE | OVER4,
], 16);
/** By its low half. */
const FIRST_LOW: usize = memory.data<u8>([
  ANY | OVER2 | OVER3 | OVER4, ANY | OVER2, ANY, ANY, ANY | LARGE, OVER, OVER, OVER,
  OVER, OVER, OVER, OVER, OVER, OVER | SURROGATE, OVER, OVER,
], 16);
/** By the high half of the second. */
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

/** Not zero where a byte of `block` shows a fault, of its own sequence or of the one before it. */
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
  // The highest bit is left exactly where the second byte before is E0.. or the third is F0..
  const wanted = v128.or(i8x16.sub_sat_u(two, i8x16.splat(0x60)), i8x16.sub_sat_u(three, i8x16.splat(0x70)));
  return v128.xor(pair, v128.and(wanted, i8x16.splat(i8(0x80))));
}

/** Whether [s, end), or what of it stands before the first \n (`unit` LINE), is UTF-8; `s` is not within a sequence. */
export function wellFormed(s: usize, end: usize, unit: Unit): bool {
  const firstHigh = v128.load(FIRST_HIGH);
  const firstLow = v128.load(FIRST_LOW);
  const secondHigh = v128.load(SECOND_HIGH);
  let previous = i8x16.splat(0);
  // One block beyond the end, of zeros, shows a sequence that the end cuts.
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

/** Bytes of the well-formed sequence at `s`, or minus the bytes for which one U+FFFD stands (the maximal subpart). */
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
