// Filebeat reads a container's log once per stream. Each stream's offset advances only with the lines of that stream, so the
// offset of a quiet stderr stays far behind. spillway reads both streams at once and resumes at the first line that lies
// beyond the offset of its own stream.
import { readSync } from "node:fs";
import { isObject, parseExact } from "./exact-json.ts";

/** How far each stream was shipped. */
export type Offsets = ReadonlyMap<string, number>;

/** Lines longer than this are not examined; reading resumes there. */
const LARGEST = 1024 * 1024;
const NEWLINE = 10;

/** @returns the offset to resume at; it is the smallest offset if the lines are not those of a container's log */
export function commonStart(fd: number, offsets: Offsets): number {
  const end = Math.max(...offsets.values());
  let at = Math.min(...offsets.values());
  const bytes = Buffer.allocUnsafe(LARGEST);
  while (at < end) {
    const block = bytes.subarray(0, readSync(fd, bytes, 0, Math.min(LARGEST, end - at), at));
    const passed = pass(block, at, offsets);
    at += passed.bytes;
    if (passed.found === "open line" || passed.bytes === 0) return at;
  }
  return at;
}

/** Skips whole lines that lie before the offset of their stream. */
function pass(block: Buffer, start: number, offsets: Offsets): { bytes: number; found: "open line" | "nothing" } {
  let from = 0;
  for (let to = block.indexOf(NEWLINE); to >= 0; to = block.indexOf(NEWLINE, from)) {
    const shipped = offsets.get(streamOf(block.toString("latin1", from, to)) ?? "");
    if (shipped === undefined || shipped <= start + from) return { bytes: from, found: "open line" };
    from = to + 1;
  }
  return { bytes: from, found: "nothing" };
}

/** The stream of a line written by containerd or Docker. */
function streamOf(line: string): string | undefined {
  if (!line.startsWith("{")) return /^\S+ (stdout|stderr) /.exec(line.slice(0, 100))?.[1];
  const value = parseExact(line);
  const stream = isObject(value) ? value["stream"] : undefined;
  return typeof stream === "string" ? stream : undefined;
}
