// Filebeat reads a container's log once per stream, with an offset for each that moves with the lines of that stream
// alone: a rare stderr stays far behind. One reader of both goes on at the first line that its own stream has not passed.
import { readSync } from "node:fs";
import { isObject, parseExact } from "./exact-json.ts";

/** How far each stream was shipped. */
export type Offsets = ReadonlyMap<string, number>;

/** Longer lines are not looked at further: reading goes on there. */
const LARGEST = 1024 * 1024;
const NEWLINE = 10;

/** @returns the least offset, where the lines up to the greatest are none of a container's log */
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

/** Passes whole lines that their stream has passed. */
function pass(block: Buffer, start: number, offsets: Offsets): { bytes: number; found: "open line" | "nothing" } {
  let from = 0;
  for (let to = block.indexOf(NEWLINE); to >= 0; to = block.indexOf(NEWLINE, from)) {
    const shipped = offsets.get(streamOf(block.toString("latin1", from, to)) ?? "");
    if (shipped === undefined || shipped <= start + from) return { bytes: from, found: "open line" };
    from = to + 1;
  }
  return { bytes: from, found: "nothing" };
}

/** Of a line as containerd or Docker writes it. */
function streamOf(line: string): string | undefined {
  if (!line.startsWith("{")) return /^\S+ (stdout|stderr) /.exec(line.slice(0, 100))?.[1];
  const value = parseExact(line);
  const stream = isObject(value) ? value["stream"] : undefined;
  return typeof stream === "string" ? stream : undefined;
}
