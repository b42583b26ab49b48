// Moving and finding bytes, 16 at a time. All over the kernel, loads and stores may run up to 31 bytes past what they
// are asked for: every region of the arena has 32 bytes of slack behind it for that.

/** Copies at least 16 bytes; the caller writes on at the returned end, over what is too much. */
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

/** The same for at most 16 bytes. */
// @ts-ignore: decorator
@inline
export function copy16(to: usize, from: usize, length: usize): usize {
  v128.store(to, v128.load(from));
  return to + length;
}

/** Behind the next \n at or after `s`, or `end` where there is none before it. */
export function nextLine(s: usize, end: usize): usize {
  const newline = i8x16.splat(10);
  while (s < end) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(s), newline));
    if (mask != 0) return min(s + usize(ctz(mask)) + 1, end);
    s += 16;
  }
  return end;
}

/** Behind the empty lines (nothing, or only \r, before the end of the line) that begin at `s`. */
export function skipEmpty(s: usize, end: usize): usize {
  while (s < end) {
    const byte = load<u8>(s);
    if (byte == 10) s++;
    else if (byte == 13 && (s + 1 >= end || load<u8>(s + 1) == 10)) s = min(s + 2, end);
    else break;
  }
  return s;
}

/** The next double quote at or after `s` that no backslash stands before, or `end`. */
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
