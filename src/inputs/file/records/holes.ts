// NUL bytes where nobody wrote: a program that does not append goes on at its old offset after its log was truncated, so
// that the file begins with as many of them as it had bytes; where a machine went down, they may stand within a file. They
// are passed over, counted as filtered with 0 records, and the line behind them is a record at its own offset.
//
// Which ones depends on the file only and not on how it is read: those that it begins with, and those that a line begins
// with which is longer than max_record. Others are part of their lines: to find them would cost a look at every line.
import { DROPPED_FILTERED } from "../../../core/fate.ts";
import { counted, type Framed, type ReadBytes } from "./framing.ts";
import { type TextCode, wholeUnits } from "./text-code.ts";

const NULS = Buffer.alloc(4096);

/** What was read, behind `before`, at the start of a line: the hole that a file begins with, or the rest of one. */
export function passHole(read: ReadBytes, before: Buffer): Framed | undefined {
  if (read.bytes[0] !== 0) return undefined;
  return read.offset === 0 || endsInHole(before, read.code) ? passNuls(read) : undefined;
}

/** The NULs that bytes begin with. Undefined: there are none, or they are half a character. */
export function passNuls(read: ReadBytes): Framed | undefined {
  const { bytes, code, offset } = read;
  const nuls = leadingNuls(bytes);
  if (nuls === 0) return undefined;
  const end = nuls === bytes.length ? wholeUnits(read) : nuls - ((offset + nuls) % code.unit);
  return end === 0 ? undefined : counted(DROPPED_FILTERED, 0, end, "start");
}

export function leadingNuls(bytes: Buffer): number {
  let at = 0;
  while (bytes.length - at >= NULS.length && NULS.equals(bytes.subarray(at, at + NULS.length))) at += NULS.length;
  while (bytes[at] === 0) at++;
  return at;
}

function endsInHole(before: Buffer, { unit }: TextCode): boolean {
  const last = before.subarray(-unit);
  return last.length === unit && leadingNuls(last) === unit;
}
