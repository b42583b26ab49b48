// Lists the records of a draft, each with its place in the source, because only some records of a chunk may be missing.
import type { Arena, Region } from "../../core/arena.ts";
import { type Draft, KIND, TABLE, TABLE_ENTRY } from "../../core/chunk.ts";
import { assert } from "../../core/errors.ts";

export interface Place {
  /** Index of the record in the draft. */
  readonly record: number;
  /** Offset in the source. */
  readonly offset: number;
  /** Length in the source. */
  readonly bytes: number;
}

export interface Records {
  readonly region: Region;
  readonly table: Region;
  readonly places: readonly Place[];
}

const NEWLINE = 10;
const RETURN = 13;

/** Takes ownership of the draft's regions. Undefined if the draft has no records. */
export function recordsOf(arena: Arena, draft: Draft): Records | undefined {
  const { region, records, start } = draft;
  if (region === undefined) return undefined;
  const table = draft.table ?? tableOf(arena, region, records, draft.end - start);
  const entries = arena.view(table);
  const places: Place[] = [];
  for (let record = 0; record < records; record++) {
    const entry = entries.subarray(record * TABLE_ENTRY);
    const offset = start + entry.readUInt32LE(TABLE.start);
    places.push({ record, offset, bytes: entry.readUInt32LE(TABLE.length) });
  }
  return { region, table, places };
}

/** Builds the record table for raw lines, and compacts the region: line ends and empty lines are removed. */
function tableOf(arena: Arena, region: Region, records: number, length: number): Region {
  const table = arena.alloc(records * TABLE_ENTRY);
  assert(table !== undefined, "no room for a table");
  const [bytes, entries] = [arena.view(region), arena.view(table)];
  const starts: number[] = [];
  let to = 0;
  for (let at = 0; at < length;) {
    const found = bytes.indexOf(NEWLINE, at);
    const next = found < 0 ? length : found + 1;
    let end = found < 0 ? length : found;
    if (end > at && bytes[end - 1] === RETURN) end--;
    if (end > at) {
      const entry = entries.subarray(starts.length * TABLE_ENTRY);
      bytes.copyWithin(to, at, end);
      to += end - at;
      entry.writeUInt32LE(to, TABLE.end);
      entry.writeUInt32LE(at, TABLE.start);
      entry.writeUIntLE(1, TABLE.weight, 3);
      entry[TABLE.kind] = KIND.text;
      entry.writeDoubleLE(NaN, TABLE.time);
      starts.push(at);
    }
    at = next;
  }
  assert(starts.length === records, "other records than were counted");
  for (const [i, start] of starts.entries()) {
    // The bytes of empty lines count for the previous record, those at the start for the first record.
    const from = i === 0 ? 0 : start;
    entries.writeUInt32LE((starts[i + 1] ?? length) - from, i * TABLE_ENTRY + TABLE.length);
  }
  return table;
}
