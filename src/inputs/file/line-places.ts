// Where lines end in a file that is not read just now: behind the last one, or around a checkpoint.
import { readSync } from "node:fs";
import type { LineState } from "./tail.ts";
import { leadingNuls } from "./records/holes.ts";
import type { TextCode } from "./records/text-code.ts";

/** Offset behind the last line end before `size`; 0 without one. */
export function endOfLastLine(fd: number, size: number, code: TextCode): number {
  const block = Buffer.allocUnsafe(65536);
  for (let end = size - (size % code.unit); end > 0; end -= block.length) {
    const start = Math.max(0, end - block.length);
    const read = readSync(fd, block, 0, end - start, start);
    const at = code.lastLineEnd(block.subarray(0, read), start);
    if (at >= 0) return start + at;
  }
  return 0;
}

/**
 * Whether a checkpoint lies inside of a line that is passed over: it is not behind a line end, and none ends in all that
 * is read of such a line before its rest is. (Behind a last line that was taken without its end, a new record begins, and
 * so it does behind a hole.)
 */
export function lineAt(fd: number, checkpoint: number, cutBehind: number, code: TextCode): LineState {
  if (checkpoint < cutBehind) return "start";
  const last = bytesBefore(fd, checkpoint, code.unit);
  if (code.lastLineEnd(last, checkpoint - code.unit) >= 0) return "start";
  const line = bytesBefore(fd, checkpoint, cutBehind);
  const starts = code.lastLineEnd(line, checkpoint - cutBehind) >= 0 || leadingNuls(line) === line.length;
  return starts ? "start" : "oversized";
}

function bytesBefore(fd: number, end: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, end - length));
}
