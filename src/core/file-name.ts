// File names as text. A file name is bytes: it may be invalid UTF-8, and may contain characters that move a terminal's cursor or
// reorder its line. spillway writes such bytes as \xHH, so that paths can be stored, logged, shown and sent as they are; only
// system calls need the bytes again. Invariants: two names never become the same text, and a text converts back to the name it
// came from.
import { isUtf8 } from "node:buffer";

/** Control characters, line and paragraph separators, direction marks; and a backslash that would read as an escape. */
const UNSAFE = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\\(?=x[0-9A-F]{2})/gu;
const ESCAPED = /\\x([0-9A-F]{2})/g;
/** A decoder writes this in place of invalid UTF-8. */
const REPLACEMENT = "\ufffd";

/** True when a name that was read as text may have lost bytes, so that it must be read again as bytes. */
export function mayLackBytes(text: string): boolean {
  return text.includes(REPLACEMENT);
}

export function nameOfText(text: string): string {
  return text.replace(UNSAFE, (part) => escaped(Buffer.from(part)));
}

export function nameOfBytes(bytes: Buffer): string {
  let name = "";
  for (let at = 0; at < bytes.length;) {
    const end = textEnd(bytes, at);
    name += nameOfText(bytes.toString("utf8", at, end));
    if (end < bytes.length) name += escaped(bytes.subarray(end, end + 1));
    at = end + 1;
  }
  return name;
}

/** The path for a system call: the same text when it contains no escape, else bytes. */
export function systemPath(path: string): string | Buffer {
  if (!path.includes("\\x")) return path;
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { 0: escape, 1: hex = "", index } of path.matchAll(ESCAPED)) {
    pieces.push(Buffer.from(path.slice(from, index)), Buffer.from(hex, "hex"));
    from = index + escape.length;
  }
  return from === 0 ? path : Buffer.concat([...pieces, Buffer.from(path.slice(from))]);
}

/** Whether the name is valid UTF-8. File watchers report only such names faithfully. */
export function isText(path: string): boolean {
  const name = systemPath(path);
  return typeof name === "string" || isUtf8(name);
}

function escaped(bytes: Buffer): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}

/** Index of the first byte, from `at` on, that is not part of a valid character. */
function textEnd(bytes: Buffer, at: number): number {
  if (isUtf8(bytes.subarray(at))) return bytes.length;
  let end = at;
  for (let length = 1; length <= 4;) {
    const whole = end + length <= bytes.length && isUtf8(bytes.subarray(end, end + length));
    if (whole) end += length;
    length = whole ? 1 : length + 1;
  }
  return end;
}
