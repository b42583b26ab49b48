// Container runtimes split long lines into parts. An agent that was killed may have stored an offset after the first parts
// while it held them in memory. Reading therefore resumes at the first part, so that the record is complete.
import { readSync } from "node:fs";
import type { FileInputOptions } from "../../core/options.ts";
import { isObject, parseExact } from "./exact-json.ts";

/** Runtimes split lines into parts of 16 KiB and add a timestamp. */
const LARGEST_LINE = 128 * 1024;
const NEWLINE = 10;

/** @param offset the start of a line @returns the start of the record that this line is part of */
export function wholeRecord(fd: number, offset: number, format: FileInputOptions["format"]): number {
  const isPart = PARTS[format];
  if (isPart === undefined) return offset;
  let at = offset;
  for (;;) {
    const from = Math.max(0, at - LARGEST_LINE);
    const bytes = Buffer.allocUnsafe(at - from);
    const block = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, from));
    const start = block.lastIndexOf(NEWLINE, -2) + 1;
    if (start === 0 && from > 0) return at;
    if (block.length < 2 || !isPart(block.toString("latin1", start, block.length - 1))) return at;
    at = from + start;
  }
}

const PARTS: Readonly<Partial<Record<FileInputOptions["format"], (line: string) => boolean>>> = {
  cri: (line) => /^\S+ (?:stdout|stderr) P[: ]/.test(line),
  docker: (line) => {
    const value = parseExact(line);
    return isObject(value) && typeof value["log"] === "string" && !value["log"].endsWith("\n");
  },
};
