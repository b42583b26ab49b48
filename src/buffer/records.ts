// Where the records of a loaded chunk lie, for the rare paths that need one record at a time: mixed answers, dead
// letters. The common path settles whole chunks and never comes here.
import type { Arena } from "../core/arena.ts";
import { TABLE, TABLE_ENTRY } from "../core/chunk.ts";
import { assert } from "../core/errors.ts";
import type { Chunk } from "./chunk.ts";

const LF = 10;
const CR = 13;

/** Bytes of the source that each record stands for; they add up to `chunk.bytes`. */
export function recordSizes(arena: Arena, chunk: Chunk): Float64Array {
  const sizes = new Float64Array(chunk.records);
  if (chunk.table) {
    const table = viewOf(arena, chunk.table.ptr, chunk.table.length);
    for (let i = 0; i < sizes.length; i++) sizes[i] = table.getUint32(i * TABLE_ENTRY + TABLE.length, true);
    return sizes;
  }
  const starts = lineStarts(arena, chunk);
  for (let i = 0; i < sizes.length; i++) {
    // Skipped empty lines belong to the record before them; those at the very beginning to the first.
    const from = i === 0 ? 0 : (starts[i] as number);
    sizes[i] = (starts[i + 1] ?? chunk.length) - from;
  }
  return sizes;
}

/** One record: its offset in the source and its bytes, copied out of the arena. */
export function recordAt(arena: Arena, chunk: Chunk, index: number): { offset: number; bytes: Uint8Array } {
  const region = chunk.region;
  assert(region !== undefined, "a record is looked at in a chunk that is not loaded");
  const bytes = arena.bytes.subarray(region.ptr, region.ptr + region.length);
  if (chunk.table) {
    const table = viewOf(arena, chunk.table.ptr, chunk.table.length);
    const from = index === 0 ? 0 : table.getUint32((index - 1) * TABLE_ENTRY + TABLE.end, true);
    const to = table.getUint32(index * TABLE_ENTRY + TABLE.end, true);
    const offset = chunk.start + table.getUint32(index * TABLE_ENTRY + TABLE.start, true);
    return { offset, bytes: bytes.slice(from, to) };
  }
  const from = lineStarts(arena, chunk)[index] as number;
  let to = bytes.indexOf(LF, from);
  if (to < 0) to = bytes.length;
  if (to > from && bytes[to - 1] === CR) to--;
  return { offset: chunk.start + from, bytes: bytes.slice(from, to) };
}

/** Where the non-empty lines of a chunk without a table begin. */
function lineStarts(arena: Arena, chunk: Chunk): number[] {
  const region = chunk.region;
  assert(region !== undefined, "lines are looked at in a chunk that is not loaded");
  const bytes = arena.bytes.subarray(region.ptr, region.ptr + region.length);
  const starts: number[] = [];
  for (let at = 0; at < bytes.length;) {
    const lf = bytes.indexOf(LF, at);
    const end = lf < 0 ? bytes.length : lf;
    if (end - at > 1 || (end - at === 1 && bytes[at] !== CR)) starts.push(at);
    at = end + 1;
  }
  assert(starts.length === chunk.records, "a chunk's lines are not as many as its records");
  return starts;
}

function viewOf(arena: Arena, ptr: number, length: number): DataView {
  return new DataView(arena.bytes.buffer, ptr, length);
}
