// JSON strings as bytes: finds the end of a string, and unescapes one.

const QUOTE = 34;
const BACKSLASH = 92;
const U = 117;
/** By the letter after the backslash. */
const ESCAPES: Readonly<Record<number, number>> = {
  34: 34,
  47: 47,
  92: 92,
  98: 8,
  102: 12,
  110: 10,
  114: 13,
  116: 9,
};

/** Index of the quote that closes the string whose content begins at `at`; -1 if none does before `to` or it is invalid. */
export function closingQuote(bytes: Uint8Array, at: number, to: number): number {
  while (at < to) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at;
    if (byte < 32) return -1;
    if (byte !== BACKSLASH) at++;
    else if (bytes[at + 1] === U) {
      if (codeUnit(bytes, at + 2) < 0) return -1;
      at += 6;
    } else if (ESCAPES[bytes[at + 1] as number] !== undefined) at += 2;
    else return -1;
  }
  return -1;
}

/**
 * Unescapes bytes[from, to), the content of a valid string, into `into` at `at`. Returns the end there. The result is never
 * longer than the escaped content. A lone surrogate becomes U+FFFD.
 */
export function unescape(bytes: Buffer, from: number, to: number, into: Buffer, at: number): number {
  for (;;) {
    let stop = from;
    while (stop < to && bytes[stop] !== BACKSLASH) stop++;
    bytes.copy(into, at, from, stop);
    at += stop - from;
    if (stop >= to) return at;
    if (bytes[stop + 1] !== U) {
      into[at++] = ESCAPES[bytes[stop + 1] as number] as number;
      from = stop + 2;
      continue;
    }
    const unit = codeUnit(bytes, stop + 2);
    const low =
      bytes[stop + 6] === BACKSLASH && bytes[stop + 7] === U && stop + 12 <= to ? codeUnit(bytes, stop + 8) : -1;
    const pair = unit >= 0xd800 && unit < 0xdc00 && low >= 0xdc00 && low < 0xe000;
    at = writeUtf8(into, at, pair ? 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00) : unit);
    from = stop + (pair ? 12 : 6);
  }
}

/** The value of four hexadecimal digits; -1 if they are not hexadecimal. */
function codeUnit(bytes: Uint8Array, at: number): number {
  let unit = 0;
  for (let i = at; i < at + 4; i++) {
    const byte = bytes[i] ?? 0;
    const letter = byte | 32;
    if (byte >= 48 && byte <= 57) unit = unit * 16 + byte - 48;
    else if (letter >= 97 && letter <= 102) unit = unit * 16 + letter - 87;
    else return -1;
  }
  return unit;
}

function writeUtf8(into: Buffer, at: number, point: number): number {
  if (point < 0x80) into[at++] = point;
  else if (point < 0x800) {
    into[at++] = 0xc0 | (point >> 6);
    into[at++] = 0x80 | (point & 63);
  } else if (point >= 0xd800 && point < 0xe000) return writeUtf8(into, at, 0xfffd);
  else {
    if (point < 0x10000) into[at++] = 0xe0 | (point >> 12);
    else {
      into[at++] = 0xf0 | (point >> 18);
      into[at++] = 0x80 | ((point >> 12) & 63);
    }
    into[at++] = 0x80 | ((point >> 6) & 63);
    into[at++] = 0x80 | (point & 63);
  }
  return at;
}
