// Where the line begins in which an offset lies. Other agents keep offsets behind whole lines, but for one that was killed
// with half a line read: reading then begins with that line, so that nothing of it is missed.
import { readSync } from "node:fs";

const BLOCK = 65536;

/** Of UTF-16 the unit of a line end has two bytes, and lies at an even offset. */
function lineEnd(label: string): Buffer {
  const { encoding } = new TextDecoder(label);
  if (encoding === "utf-16le") return Buffer.from([10, 0]);
  return Buffer.from(encoding === "utf-16be" ? [0, 10] : [10]);
}

/** @param encoding a WHATWG label @returns `offset`, where a line begins there */
export function lineStart(fd: number, offset: number, encoding: string): number {
  const end = lineEnd(encoding);
  const bytes = Buffer.allocUnsafe(BLOCK);
  for (let to = offset - (offset % end.length); to > 0; to -= BLOCK) {
    const from = Math.max(0, to - BLOCK);
    const block = bytes.subarray(0, readSync(fd, bytes, 0, to - from, from));
    for (let at = block.lastIndexOf(end); at >= 0; at = block.lastIndexOf(end, at - 1)) {
      if (at % end.length === 0) return from + at + end.length;
      if (at === 0) break;
    }
  }
  return 0;
}
