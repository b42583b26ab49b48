// Finds line ends in a file that is not being read: the last one, or those around a checkpoint.
import { readSync } from "../mounts/system-calls.ts";
import { leadingNuls } from "./holes.ts";
import type { TextCode } from "./text-code.ts";

/** start: the position is the start of a line. oversized: it is inside a line whose rest is passed over. */
export type LineState = "start" | "oversized";

/** Offset after the last line end before `size`; 0 if there is none. */
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
 * Whether a checkpoint is inside a line that is being passed over: it is not after a line end, and the `cutBehind` bytes before
 * it contain none. (After an unterminated last line that was taken, or after a hole of NULs, a new record begins.)
 */
export function lineStateAt(fd: number, checkpoint: number, cutBehind: number, code: TextCode): LineState {
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
