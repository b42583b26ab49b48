// Copies and finds bytes, 16 at a time. Everywhere in the kernel, loads and stores may run up to 31 bytes past their range.
// Every region of the arena therefore has 32 bytes of slack after it.

/** Copies whole blocks of 16 bytes, at least one. Returns the end of `length` bytes; the caller overwrites the excess. */
// @ts-ignore: decorator
@inline
export function copy(to: usize, from: usize, length: usize): usize {
  let i: usize = 0;
  do {
    v128.store(to + i, v128.load(from + i));
    i += 16;
  } while (i < length);
  return to + length;
}

/** The same as `copy`, for at most 16 bytes. */
// @ts-ignore: decorator
@inline
export function copy16(to: usize, from: usize, length: usize): usize {
  v128.store(to, v128.load(from));
  return to + length;
}

/** The position after the next \n at or after `s`, or `end` if there is none. */
export function nextLine(s: usize, end: usize): usize {
  const newline = i8x16.splat(10);
  while (s < end) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(s), newline));
    if (mask != 0) return min(s + usize(ctz(mask)) + 1, end);
    s += 16;
  }
  return end;
}

/** The position after the empty lines that begin at `s`. A line with only a \r is empty, too. */
export function skipEmpty(s: usize, end: usize): usize {
  while (s < end) {
    const byte = load<u8>(s);
    if (byte == 10) s++;
    else if (byte == 13 && (s + 1 >= end || load<u8>(s + 1) == 10)) s = min(s + 2, end);
    else break;
  }
  return s;
}

/** The next double quote at or after `s` that no backslash escapes, or `end`. */
export function closing(s: usize, end: usize): usize {
  while (s < end) {
    const block = v128.load(s);
    const mask = i8x16.bitmask(v128.or(i8x16.eq(block, i8x16.splat(34)), i8x16.eq(block, i8x16.splat(92))));
    if (mask == 0) {
      s += 16;
      continue;
    }
    s += usize(ctz(mask));
    if (s >= end) break;
    if (load<u8>(s) == 34) return s;
    s += 2;
  }
  return end;
}
