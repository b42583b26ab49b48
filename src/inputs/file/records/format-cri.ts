// Lines as containerd and CRI-O write them: `2026-11-24T06:40:12.123456789Z stdout F message`. With P in place of F, the message
// continues in the next line of the same stream. More tags may follow after a colon; they are ignored.
import { asItStands, type LineFormat } from "./line-format.ts";
import { rfc3339 } from "./rfc3339.ts";

const SPACE = 32;
/** Most bytes of a time: with nanoseconds and a zone. */
const TIME_BYTES = 40;

export const CRI: LineFormat = {
  records: "wrapped",
  read(bytes, from, to, line) {
    asItStands(line, from, to);
    let space = from + 19;
    while (space < to && space < from + TIME_BYTES && bytes[space] !== SPACE) space++;
    const stream = streamOf(bytes, space + 1);
    const tag = space + 8;
    if (tag >= to || stream < 0 || bytes[space] !== SPACE) return;
    const part = bytes[tag] === 70 ? "whole" : bytes[tag] === 80 ? "partial" : undefined;
    const message = endOfTags(bytes, tag + 1, to);
    const time = rfc3339(bytes, from, space);
    if (part === undefined || message < 0 || Number.isNaN(time)) return;
    line.part = part;
    line.stream = stream;
    line.from = message;
    line.time = time;
  },
};

/** 0: "stdout " is at `at`, 1: "stderr ", -1: neither. */
function streamOf(bytes: Buffer, at: number): number {
  if (bytes[at] !== 115 || bytes[at + 1] !== 116 || bytes[at + 2] !== 100 || bytes[at + 6] !== SPACE) return -1;
  if (bytes[at + 3] === 111 && bytes[at + 4] === 117 && bytes[at + 5] === 116) return 0;
  return bytes[at + 3] === 101 && bytes[at + 4] === 114 && bytes[at + 5] === 114 ? 1 : -1;
}

/** Start of the message, after `:tag:tag `; -1 if something else follows. */
function endOfTags(bytes: Buffer, at: number, to: number): number {
  if (at === to) return to;
  if (bytes[at] === SPACE) return at + 1;
  if (bytes[at] !== 58) return at === to - 1 && bytes[at] === 13 ? to : -1;
  const space = bytes.indexOf(SPACE, at);
  return space < 0 || space >= to ? to : space + 1;
}
