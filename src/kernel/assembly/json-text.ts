// The tokens of JSON text: white space, strings, numbers, words. Each function takes the start of a token and returns its end,
// or 0 if the token is invalid. The text is known to be UTF-8: utf8.ts has checked it before.

// As in escape.ts. They stop the walk through a string at a quote, a byte below 20 or a backslash.
const MIX: usize = memory.data<u64>([0x8282828282828282, 0x8282828282828282], 16);
const BOUND: usize = memory.data<u64>([0xa1a1a1a1a1a1a1a1, 0xa1a1a1a1a1a1a1a1], 16);
const BACKSLASH: usize = memory.data<u64>([0x5c5c5c5c5c5c5c5c, 0x5c5c5c5c5c5c5c5c], 16);

// @ts-ignore: decorator
@inline
export function skipSpace(p: usize, end: usize): usize {
  while (p < end) {
    const byte = load<u8>(p);
    if (byte > 32 || (byte != 32 && byte != 9 && byte != 13 && byte != 10)) break;
    p++;
  }
  return p;
}

/** The first quote, control character or backslash at or after `p`; `end` or more if there is none. */
// @ts-ignore: decorator
@inline
export function nextStop(p: usize, end: usize): usize {
  const mix = v128.load(MIX);
  const bound = v128.load(BOUND);
  const backslash = v128.load(BACKSLASH);
  while (p < end) {
    const block = v128.load(p);
    const mask = i8x16.bitmask(v128.or(i8x16.lt_s(v128.xor(block, mix), bound), i8x16.eq(block, backslash)));
    if (mask != 0) return p + usize(ctz(mask));
    p += 16;
  }
  return p;
}

// @ts-ignore: decorator
@inline
function isDigit(byte: u32): bool {
  return byte - 48 < 10;
}

function isHexadecimal(byte: u32): bool {
  return isDigit(byte) || (byte | 32) - 97 < 6;
}

/** Length of the escape whose backslash is at `p`; 0: invalid. The caller must refuse an escape that passes the record's end. */
function escapeLength(p: usize): usize {
  switch (load<u8>(p + 1)) {
    case 34: case 47: case 92: case 98: case 102: case 110: case 114: case 116:
      return 2;
    case 117:
      for (let i: usize = 2; i < 6; i++) if (!isHexadecimal(load<u8>(p + i))) return 0;
      return 6;
    default:
      return 0;
  }
}

/** The closing quote of the string whose content begins at `p`. */
export function stringEnd(p: usize, end: usize): usize {
  for (p = nextStop(p, end); p < end; p = nextStop(p, end)) {
    const byte = load<u8>(p);
    if (byte == 34) return p;
    const length = byte == 92 ? escapeLength(p) : 0;
    if (length == 0) return 0;
    p += length;
  }
  return 0;
}

// @ts-ignore: decorator
@inline
function digitsEnd(p: usize, end: usize): usize {
  while (p < end && isDigit(load<u8>(p))) p++;
  return p;
}

export function numberEnd(p: usize, end: usize): usize {
  if (load<u8>(p) == 45) p++;
  const whole = digitsEnd(p, end);
  if (whole == p || (load<u8>(p) == 48 && whole > p + 1)) return 0;
  p = whole;
  if (p < end && load<u8>(p) == 46) {
    const fraction = digitsEnd(p + 1, end);
    if (fraction == p + 1) return 0;
    p = fraction;
  }
  if (p < end && (load<u8>(p) | 32) == 101) {
    p++;
    if (p < end && (load<u8>(p) == 43 || load<u8>(p) == 45)) p++;
    const exponent = digitsEnd(p, end);
    if (exponent == p) return 0;
    p = exponent;
  }
  return p;
}

/** true, false, null */
export function wordEnd(p: usize, end: usize): usize {
  const word = load<u32>(p);
  if (word == 0x65757274 || word == 0x6c6c756e) return p + 4 <= end ? p + 4 : 0;
  return word == 0x736c6166 && load<u8>(p + 4) == 101 && p + 5 <= end ? p + 5 : 0;
}
