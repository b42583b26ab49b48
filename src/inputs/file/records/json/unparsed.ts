// Counts the lines of a chunk that should have been JSON objects, from its record table.
import { KIND, TABLE, TABLE_ENTRY } from "../../../../core/chunk.ts";

export interface Unparsed {
  readonly lines: number;
  /** Start of the first such line, relative to the chunk. */
  readonly first: number;
}

export function unparsedIn(table: Uint8Array): Unparsed {
  let [lines, first] = [0, 0];
  for (let at = 0; at < table.length; at += TABLE_ENTRY) {
    if (((table[at + TABLE.kind] as number) & 15) <= KIND.object) continue;
    if (lines++ === 0) first = new DataView(table.buffer, table.byteOffset).getUint32(at + TABLE.start, true);
  }
  return { lines, first };
}
