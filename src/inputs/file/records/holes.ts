// Holes of NUL bytes that nobody wrote. After its log is truncated, a program that does not append continues at its old offset,
// so the file begins with as many NULs as it had bytes. After a crash of the machine, NULs may be inside of a file. They are
// passed over and counted as filtered with 0 records. The line after them is a record at its own offset.
//
// Which NULs are passed over depends only on the file, not on how it is read: those at the start of the file, and those at the
// start of a line longer than max_record. Others stay part of their lines, because finding them would cost a look at every line.
import { DROPPED_FILTERED } from "../../../core/fate.ts";
import { counted, type Framed, type ReadBytes } from "./framing.ts";
import { type TextCode, wholeUnits } from "./text-code.ts";

const NULS = Buffer.alloc(4096);

/** Passes over a hole at the start of the file, or the rest of one. `before` are the bytes before this read. */
export function passHole(read: ReadBytes, before: Buffer): Framed | undefined {
  if (read.bytes[0] !== 0) return undefined;
  return read.offset === 0 || endsInHole(before, read.code) ? passNuls(read) : undefined;
}

/** Passes over the NULs at the start of the read. Undefined: there are none, or they are half a character. */
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
