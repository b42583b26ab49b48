// A body as version 1 wrote it: each row is a block of its own, with the record table in a blob of its own.
import { crc32 } from "node:zlib";
import { unpack } from "./blocks.ts";
import { HEAD, type Head } from "./heads.ts";

/** Columns of version 1's table `chunks`. */
export interface OldBody {
  readonly codec: number;
  readonly checksum: number;
  readonly length: number;
  readonly table_length: number;
  readonly data: Uint8Array;
  readonly record_table: Uint8Array | null;
}

/** Copies the chunk of this head into the arena. False: these are not the bytes that were written. */
export function scatterOld(arena: Uint8Array, old: OldBody, head: Head): boolean {
  const { codec, data, record_table: table } = old;
  const sum = crc32(data);
  if ((table ? crc32(table, sum) : sum) !== old.checksum) return false;
  // `unpack` checks one blob at a time: pass it checksums of the bytes that were just verified together.
  const plain = unpack({ codec, data, length: old.length, checksum: sum });
  const entries = table && unpack({ codec, data: table, length: old.table_length, checksum: crc32(table) });
  if (plain === undefined || (table && entries === undefined)) return false;
  arena.set(plain, head[HEAD.data]);
  if (entries) arena.set(entries, head[HEAD.table]);
  return true;
}
