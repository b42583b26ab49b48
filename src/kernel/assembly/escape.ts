// A record as the inside of a JSON string, repaired to UTF-8. Blocks of 16 bytes are copied first and looked at after:
// what needs no escape costs a load, a store and one test. A record is checked for UTF-8 only once it shows a byte
// above 7F, and then its rest at once; only a record that is not UTF-8 is repaired sequence by sequence.
import { sequence, wellFormed } from "./utf8";

/** What stands after the backslash for 00..1F; 0 = the long form. */
const SHORT_FORMS: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 98, 116, 110, 0, 102, 114, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

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

/** Escapes [s, end), or what of it stands before the first \n or \r\n (`lines`). `d` may not pass `stop`. */
// @ts-ignore: decorator
@inline
function escape(s: usize, end: usize, d: usize, stop: usize, lines: bool): Ends {
  const quote = i8x16.splat(34);
  const backslash = i8x16.splat(92);
  // One signed comparison finds below 20 and above 7F; with the sign turned it finds only below 20.
  let sign = i8x16.splat(0);
  let bound = i8x16.splat(32);
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
    const mask = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(block, quote), i8x16.eq(block, backslash)),
        i8x16.lt_s(v128.xor(block, sign), bound),
      ),
    );
    const plain: usize = mask != 0 ? usize(ctz(mask)) : 16;
    s += plain;
    d += plain;
    if (mask == 0 || s >= end) continue;
    const byte: u32 = load<u8>(s);
    if (lines && (byte == 10 || (byte == 13 && (s + 1 >= end || load<u8>(s + 1) == 10)))) break;
    if (byte < 0x80) {
      d = escapeByte(d, byte);
      s++;
    } else if (!broken && wellFormed(s, end, lines)) {
      sign = i8x16.splat(i8(0x80));
      bound = i8x16.splat(i8(0xa0));
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

/** One line: the source ends at its \r\n, \n or `end`. */
export function escapeLine(s: usize, end: usize, d: usize, stop: usize): Ends {
  return escape(s, end, d, stop, true);
}

/** All of [s, end). */
export function escapeRecord(s: usize, end: usize, d: usize, stop: usize): Ends {
  return escape(s, end, d, stop, false);
}
