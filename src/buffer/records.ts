// Locates the records of a loaded chunk, for the rare paths that need single records: responses with mixed results, and dead
// letters. One pass over the chunk locates all of its records. The common path settles whole chunks and does not need this.
import type { Arena } from "../core/arena.ts";
import { TABLE, TABLE_ENTRY } from "../core/chunk.ts";
import { assert } from "../core/errors.ts";
import type { Chunk } from "./chunk.ts";

const LF = 10;
const CR = 13;

/** Arrays with one element per record of a chunk. */
export interface Spans {
  /** The record's bytes in the region, `to` exclusive. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  /** Where the record begins in the source, relative to the chunk. */
  readonly start: Uint32Array;
  /** Bytes of the source that the record accounts for. They add up to `chunk.bytes`. */
  readonly size: Uint32Array;
}

export function recordSpans(arena: Arena, chunk: Chunk): Spans {
  const { region, table, records } = chunk;
  assert(region !== undefined && chunk.isLoaded, "records are looked at in a chunk that is not loaded");
  const column = (): Uint32Array => new Uint32Array(records);
  const spans: Spans = { from: column(), to: column(), start: column(), size: column() };
  if (table) readTable(new DataView(arena.bytes.buffer, table.ptr, table.length), spans);
  else readLines(arena.bytes.subarray(region.ptr, region.ptr + region.length), spans);
  return spans;
}

function readTable(table: DataView, { from, to, start, size }: Spans): void {
  for (let i = 0, end = 0; i < from.length; i++) {
    const entry = i * TABLE_ENTRY;
    from[i] = end;
    end = to[i] = table.getUint32(entry + TABLE.end, true);
    start[i] = table.getUint32(entry + TABLE.start, true);
    size[i] = table.getUint32(entry + TABLE.length, true);
  }
}

/** Each line that is not empty is a record. An empty line's bytes count for the record before it, or else for the first one. */
function readLines(bytes: Uint8Array, { from, to, start, size }: Spans): void {
  let record = 0;
  for (let at = 0; at < bytes.length;) {
    const lf = bytes.indexOf(LF, at);
    let end = lf < 0 ? bytes.length : lf;
    const next = end + 1;
    if (end > at && bytes[end - 1] === CR) end--;
    if (end > at) {
      from[record] = start[record] = at;
      to[record] = end;
      if (record > 0) size[record - 1] = at - sizeStart(record - 1, from);
      record++;
    }
    at = next;
  }
  assert(record === from.length, "a chunk's lines are not as many as its records");
  if (record > 0) size[record - 1] = bytes.length - sizeStart(record - 1, from);
}

function sizeStart(record: number, from: Uint32Array): number {
  return record === 0 ? 0 : (from[record] as number);
}
