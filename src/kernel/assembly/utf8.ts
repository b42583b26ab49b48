// UTF-8: is a run of it well formed (16 bytes a step), and if not, what is one bad sequence.
// `wellFormed` classifies every pair of neighbouring bytes by three table look-ups, each of which says which faults are
// still possible; a fault that all three allow is one. What two bytes cannot show, that the third and fourth byte of a
// sequence are continuations, is compared with where E0.. and F0.. stand two and three bytes before.

const SHORT: u8 = 1; // a lead byte without its continuation
const LONG: u8 = 2; // a continuation after ASCII
const OVER3: u8 = 4; // E0 80..9F
const LARGE: u8 = 8; // F4 90.., F5.. above 10FFFF
const SURROGATE: u8 = 16; // ED A0..
const OVER2: u8 = 32; // C0, C1
const OVER4: u8 = 64; // F0 80..8F; also F5.. 80..8F
const PAIR: u8 = 128; // two continuations: a fault unless a longer sequence wants them
const ANY: u8 = SHORT | LONG | PAIR; // do not depend on the low half of the first byte

// @ts-ignore: decorator
@inline
function faults(previous: v128, block: v128): v128 {
  const low = i8x16.splat(15);
  const one = i8x16.shuffle(previous, block, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
  const byHigh = i8x16.swizzle(
    i8x16(LONG, LONG, LONG, LONG, LONG, LONG, LONG, LONG, PAIR, PAIR, PAIR, PAIR,
      SHORT | OVER2, SHORT, SHORT | OVER3 | SURROGATE, SHORT | LARGE | OVER4),
    v128.and(i16x8.shr_u(one, 4), low),
  );
  const byLow = i8x16.swizzle(
    i8x16(ANY | OVER2 | OVER3 | OVER4, ANY | OVER2, ANY, ANY, ANY | LARGE, ANY | LARGE | OVER4, ANY | LARGE | OVER4,
      ANY | LARGE | OVER4, ANY | LARGE | OVER4, ANY | LARGE | OVER4, ANY | LARGE | OVER4, ANY | LARGE | OVER4,
      ANY | LARGE | OVER4, ANY | LARGE | OVER4 | SURROGATE, ANY | LARGE | OVER4, ANY | LARGE | OVER4),
    v128.and(one, low),
  );
  const bySecond = i8x16.swizzle(
    i8x16(SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT, SHORT,
      LONG | OVER2 | PAIR | OVER3 | OVER4, LONG | OVER2 | PAIR | OVER3 | LARGE,
      LONG | OVER2 | PAIR | SURROGATE | LARGE, LONG | OVER2 | PAIR | SURROGATE | LARGE, SHORT, SHORT, SHORT, SHORT),
    v128.and(i16x8.shr_u(block, 4), low),
  );
  const two = i8x16.shuffle(previous, block, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
  const three = i8x16.shuffle(previous, block, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
  // The highest bit is left exactly where the second byte before is E0.. or the third is F0..
  const wanted = v128.or(i8x16.sub_sat_u(two, i8x16.splat(0x60)), i8x16.sub_sat_u(three, i8x16.splat(0x70)));
  const pairs = v128.and(wanted, i8x16.splat(i8(0x80)));
  return v128.xor(v128.and(v128.and(byHigh, byLow), bySecond), pairs);
}

/** Whether [s, end), which begins with a whole sequence, is UTF-8, or what of it stands before the first \n (`lines`). */
export function wellFormed(s: usize, end: usize, lines: bool): bool {
  const lanes = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  let previous = i8x16.splat(0);
  let at = s;
  // One block beyond the end as zeros shows a sequence that the end cuts.
  do {
    let block = v128.load(at);
    if (at + 16 > end) block = v128.and(block, i8x16.lt_s(lanes, i8x16.splat(i8(at < end ? end - at : 0))));
    const bad = i8x16.bitmask(i8x16.ne(faults(previous, block), i8x16.splat(0)));
    const stop = lines ? i8x16.bitmask(i8x16.eq(block, i8x16.splat(10))) : 0;
    if (stop != 0) return (bad & (stop ^ (stop - 1))) == 0;
    if (bad != 0) return false;
    previous = block;
    at += 16;
  } while (at < end + 16);
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
