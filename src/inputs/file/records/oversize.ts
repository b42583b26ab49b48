// Lines longer than `max_record`. truncate: the first bytes, up to a character boundary, are the record; the rest of the line is
// passed over and counted as oversize with 0 records. skip: the whole line is counted, with 1 record. Record and rest are
// separate chunks, and each read of the rest advances the position. So a line of any length needs only `max_record` of memory and
// no record table.
import { DROPPED_OVERSIZE } from "../../../core/fate.ts";
import { counted, type Framed, type ReadBytes, WAIT } from "./framing.ts";
import { type TextCode, wholeUnits } from "./text-code.ts";

export const NEWLINE = 10;
export const RETURN = 13;

/** Start of the first line, whole or not, that exceeds `max`. There must be one. */
export function firstOversize(bytes: Buffer, max: number): number {
  let start = 0;
  for (;;) {
    const end = bytes.indexOf(NEWLINE, start);
    if (end < 0 || contentEnd(bytes, start, end) - start > max) return start;
    start = end + 1;
  }
}

/** Skips the line at the start of the read. */
export function skipLine(read: ReadBytes): Framed {
  const { end, rest } = passOver(read);
  return counted(DROPPED_OVERSIZE, 1, end, rest);
}

/** Passes over all bytes up to and including the next line end. */
export function passOver(read: ReadBytes): Framed {
  const { bytes, code, offset } = read;
  const end = code.lineEnd(bytes, 0, offset);
  if (end >= 0) return counted(DROPPED_OVERSIZE, 0, end, "start");
  const whole = wholeUnits(read);
  return whole === 0 ? WAIT : counted(DROPPED_OVERSIZE, 0, whole, "oversized");
}

/** Where to cut a line at or before `at`: at a character in UTF-8, else at a code unit, since only decoding finds characters. */
export function placeToCut(bytes: Buffer, at: number, code: TextCode, offset: number): number {
  if (code.decode === undefined) return characterBoundary(bytes, at);
  return at - ((offset + at) % code.unit);
}

function contentEnd(bytes: Buffer, start: number, end: number): number {
  return end > start && bytes[end - 1] === RETURN ? end - 1 : end;
}

/** The last boundary of a UTF-8 character at or before `at`; `at` itself if the bytes are not UTF-8. */
export function characterBoundary(bytes: Buffer, at: number): number {
  for (let back = 0; back < 4 && back < at; back++) {
    const byte = bytes[at - back] as number;
    if ((byte & 0xc0) !== 0x80) return at - back;
  }
  return at;
}
