import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { pack } from "../../../../src/buffer/spool/rows/blocks.ts";
import { HEAD, HEAD_WIDTH } from "../../../../src/buffer/spool/rows/heads.ts";
import { type OldBody, scatterOld } from "../../../../src/buffer/spool/rows/old-body.ts";

const LINES = "a line\n".repeat(50);
const ENTRIES = "e".repeat(240);

function old(table: boolean): OldBody {
  const [lines, entries] = [pack(Buffer.from(LINES)), pack(Buffer.from(ENTRIES))];
  const checksum = table ? crc32(entries.data, crc32(lines.data)) : crc32(lines.data);
  const of = { codec: lines.codec, checksum, length: LINES.length, table_length: table ? ENTRIES.length : 0 };
  return { ...of, data: lines.data, record_table: table ? entries.data : null };
}

function scattered(body: OldBody): readonly [boolean, string, string] {
  const arena = Buffer.alloc(1000);
  const head = new Float64Array(HEAD_WIDTH);
  [head[HEAD.data], head[HEAD.table]] = [10, 500];
  const done = scatterOld(arena, body, head);
  return [done, arena.toString("latin1", 10, 10 + LINES.length), arena.toString("latin1", 500, 500 + ENTRIES.length)];
}

test("its lines and its record table go where the head says", () => {
  assert.deepEqual(scattered(old(true)), [true, LINES, ENTRIES]);
  assert.deepEqual(scattered(old(false)).slice(0, 2), [true, LINES]);
});

test("a flipped bit in either is noticed, and nothing is written", () => {
  for (const part of ["data", "record_table"] as const) {
    const body = old(true);
    const bytes = Buffer.from(body[part] as Uint8Array);
    bytes[12] = (bytes[12] as number) ^ 1;
    const [done, lines] = scattered({ ...body, [part]: bytes });
    assert.deepEqual([done, lines.replaceAll("\0", "")], [false, ""]);
  }
});
