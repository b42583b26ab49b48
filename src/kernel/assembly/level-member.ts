// Writes the level of a document, as a member of its `log` object: ,"level":"warn"
import { copy, copy16 } from "./memory";

/** ,"level":" */
const OPENING: usize = memory.data<u8>([44, 34, 108, 101, 118, 101, 108, 34, 58, 34, 0, 0, 0, 0, 0, 0]);
const OPENING_LENGTH: usize = 10;

/** LEVELS of core/options.ts. Per name: its ASCII bytes, the first in the lowest byte, and their number. */
const NAMES: usize = memory.data<u64>([
  0x6563617274, 5, // trace
  0x6775626564, 5, // debug
  0x6f666e69, 4, // info
  0x656369746f6e, 6, // notice
  0x6e726177, 4, // warn
  0x726f727265, 5, // error
  0x6c61636974697263, 8, // critical
  0x7472656c61, 5, // alert
  0x6c61746166, 5, // fatal
], 16);

// @ts-ignore: decorator
@inline
function nameOf(level: i32): usize {
  return NAMES + (usize(level) << 4);
}

/** Bytes that a document's level takes. When no level is recognised: `other`. */
// @ts-ignore: decorator
@inline
export function levelLength(level: i32, other: usize): usize {
  return level < 0 ? other : OPENING_LENGTH + usize(load<u64>(nameOf(level) + 8)) + 1;
}

/** Writes the level, or the `length` bytes of `other` if there is none. The caller overwrites what is after the returned end. */
export function writeLevel(d: usize, level: i32, other: usize, length: usize): usize {
  if (level < 0) return copy(d, other, length);
  d = copy16(d, OPENING, OPENING_LENGTH);
  store<u64>(d, load<u64>(nameOf(level)));
  d += usize(load<u64>(nameOf(level) + 8));
  store<u8>(d, 34);
  return d + 1;
}
