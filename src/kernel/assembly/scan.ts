// Framing: counts the records in a range of bytes, and finds the end of its last whole line and the length of its longest line.
// A line that is empty or only \r is no record. Bit masks stand for 64 bytes per step, so that a popcount counts the records.
import { ScanJob } from "./job";

const NEWLINE: u8 = 10;
const RETURN: u8 = 13;

// @ts-ignore: decorator
@inline
function mask16(p: usize, byte: u8): u64 {
  return u64(i8x16.bitmask(i8x16.eq(v128.load(p), i8x16.splat(byte))));
}

/** A mask of the positions of `byte` among the 64 bytes from `p`, or among the first `length` if those are fewer. */
// @ts-ignore: decorator
@inline
function mask64(p: usize, length: usize, byte: u8): u64 {
  if (length >= 64)
    return mask16(p, byte) | (mask16(p + 16, byte) << 16) | (mask16(p + 32, byte) << 32) | (mask16(p + 48, byte) << 48);
  let mask: u64 = 0;
  for (let i: usize = 0; i < length; i += 16) mask |= mask16(p + i, byte) << u64(i);
  return mask & ((u64(1) << u64(length)) - 1);
}

export function scan(job: ScanJob): void {
  const start: usize = job.src;
  const end = start + job.length;
  let records: usize = 0;
  let longest: usize = 0;
  let line = start; // start of the current line
  let afterLine: u64 = 1; // bit 0: the byte before this block ended a line
  let afterReturn: u64 = 0; // bit 0: the byte before this block was a \r at the start of a line
  for (let p = start; p < end; p += 64) {
    const length = end - p;
    const newlines = mask64(p, length, NEWLINE);
    const starts = (newlines << 1) | afterLine;
    afterLine = newlines >> 63;
    // A \r matters only at the start of a line. A block in which no line begins costs one test.
    let returns = starts != 0 ? mask64(p, length, RETURN) & starts : 0;
    const empty = newlines & (starts | (returns << 1) | afterReturn);
    afterReturn = returns >> 63;
    if (newlines == 0) continue;
    records += usize(popcnt(newlines & ~empty));
    // A line inside this block has at most 62 bytes. If `longest` is 64 or more, only the first newline can change it.
    let rest = newlines;
    do {
      const at = p + usize(ctz(rest));
      if (at - line > longest) longest = max(longest, at - line - usize(load<u8>(at - 1) == RETURN));
      line = at + 1;
      rest &= rest - 1;
    } while (rest != 0 && longest < 64);
    line = p + 64 - usize(clz(newlines));
  }
  job.records = records;
  job.end = line - start;
  job.longest = longest;
}
