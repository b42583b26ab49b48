// Corrects a row of which a number is wrong, by what its numbers say of each other and of the bytes in its block: without a record
// table the row holds the bytes of its span, and its records are the lines in them; with one, the table has an entry per record.
import { TABLE, TABLE_ENTRY } from "../../core/chunk.ts";
import { HEAD, type Head, bodyBytes, isSound } from "../spool/rows/heads.ts";
import { countRecords } from "../spool/rows/lines.ts";
import { readRange } from "../spool/rows/reread.ts";
import type { FoundSource } from "./fresh.ts";

/**
 * @param plain the bytes of its block @param accepts what else a corrected row must be
 * @returns the row, or a corrected copy; undefined: no single number explains what is there
 */
export function mended(head: Head, plain: Uint8Array, accepts: (other: Head) => boolean): Head | undefined {
  if (fits(head, plain)) return head;
  for (const change of changes(head, plain)) {
    const other = head.slice();
    for (const [column, value] of change) other[column] = value;
    if (fits(other, plain) && accepts(other)) return other;
  }
  return undefined;
}

/** Whether the row can be what its block holds there. */
function fits(head: Head, plain: Uint8Array): boolean {
  const [at, length, table] = [HEAD.at, HEAD.length, HEAD.tableLength].map((column) => head[column]) as Numbers;
  if (!isSound(head) || at + bodyBytes(head) > plain.length) return false;
  if (table === 0) return countRecords(plain.subarray(at, at + length)) === head[HEAD.records];
  const last = new DataView(plain.buffer, plain.byteOffset + at + length + table - TABLE_ENTRY);
  return last.getUint32(TABLE.end, true) === length;
}

type Numbers = [number, number, number];
type Change = readonly (readonly [column: number, value: number])[];

/** What the row may have been, the likeliest first. */
function* changes(head: Head, plain: Uint8Array): Generator<Change> {
  const [at, length, table] = [HEAD.at, HEAD.length, HEAD.tableLength].map((column) => head[column]) as Numbers;
  const [start, end, records] = [HEAD.start, HEAD.end, HEAD.records].map((column) => head[column]) as Numbers;
  const span = end - start;
  // Lines: one of the lengths, or the bytes.
  yield [
    [HEAD.length, span],
    [HEAD.bytes, span],
    [HEAD.tableLength, 0],
    [HEAD.actionsLength, 0],
  ];
  if (table === 0) {
    yield [[HEAD.records, countRecords(plain.subarray(at, at + length))]];
    yield [[HEAD.end, start + length]];
    yield [[HEAD.start, end - length]];
  }
  yield [[HEAD.records, table / TABLE_ENTRY]];
  yield [[HEAD.tableLength, records * TABLE_ENTRY]];
}

/** Whether the span of a row lies in what was read of its source. */
export function isIn(head: Head, { origin, checkpoint }: FoundSource): boolean {
  const [start, end] = [head[HEAD.start], head[HEAD.end]] as [number, number];
  return start >= origin && start <= end && end <= checkpoint;
}

/** False: the log file has other bytes at the span of this row of lines. */
export function isOfFile(head: Head, source: FoundSource, plain: Uint8Array): boolean {
  const [start, at, length] = [head[HEAD.start], head[HEAD.at], head[HEAD.length]] as [number, number, number];
  if ((head[HEAD.tableLength] as number) > 0) return true;
  const there = readRange(source, start, length);
  return there === undefined || Buffer.compare(there, plain.subarray(at, at + length)) === 0;
}
