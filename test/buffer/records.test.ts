import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { recordSpans } from "../../src/buffer/records.ts";
import { Arena } from "../../src/core/arena.ts";
import { TABLE, TABLE_ENTRY } from "../../src/core/chunk.ts";
import type { Chunk } from "../../src/buffer/chunk.ts";
import { Held } from "./held.ts";
import { cpuMs } from "../helpers/cpu.ts";

const line = fc.constantFrom("", "\r", "a", "bc\r", "\rd", "e\rf", "a longer one", "\r\r");
const anyText = fc
  .record({ lines: fc.array(line, { minLength: 1, maxLength: 12 }), ended: fc.boolean() })
  .map(({ lines, ended }) => lines.join("\n") + (ended ? "\n" : ""))
  .filter((text) => naive(text).length > 0);

interface Found {
  readonly offset: number;
  readonly text: string;
}

/** Reference implementation: the lines that are not empty, without a trailing \r. */
function naive(text: string): Found[] {
  const found: Found[] = [];
  let offset = 0;
  for (const piece of text.split("\n")) {
    const stripped = piece.endsWith("\r") ? piece.slice(0, -1) : piece;
    if (stripped !== "") found.push({ offset, text: stripped });
    offset += piece.length + 1;
  }
  return found;
}

/** A chunk with only the members that the tested code reads. */
function chunkOf(arena: Arena, text: string, records: number, table?: Uint8Array): Chunk {
  const put = (bytes: Uint8Array): ReturnType<Arena["alloc"]> => {
    const region = arena.alloc(bytes.length);
    if (region) arena.view(region).set(bytes);
    return region;
  };
  const chunk = { records, region: put(Buffer.from(text, "latin1")), table: table && put(table), isLoaded: true };
  return chunk as unknown as Chunk;
}

test("records of a chunk without a table are its lines, whatever ends them and whatever is empty", () => {
  const arena = new Arena(1 << 20);
  fc.assert(
    fc.property(anyText, (text) => {
      const lines = naive(text);
      const chunk = chunkOf(arena, text, lines.length);
      const { from, to, start, size } = recordSpans(arena, chunk);
      const bytes = arena.view(chunk.region as never);
      lines.forEach(({ offset, text: expected }, i) => {
        assert.deepEqual([start[i], bytes.toString("latin1", from[i], to[i])], [offset, expected]);
      });
      arena.release(chunk.region as never);
      assert.equal(
        size.reduce((sum, n) => sum + n, 0),
        text.length,
        "every byte belongs to one record",
      );
      const sums = [...size.keys()].map((i) => size.slice(0, i).reduce((sum, n) => sum + n, 0));
      assert.deepEqual(
        sums.slice(1),
        lines.slice(1).map(({ offset }) => offset),
        "a skipped line belongs to the record before it",
      );
    }),
  );
});

test("records of a chunk with a table are what the table says", () => {
  const arena = new Arena(1 << 20);
  const table = Buffer.alloc(2 * TABLE_ENTRY);
  for (const [i, [end, start, length]] of [[3, 10, 40] as const, [11, 90, 7] as const].entries()) {
    table.writeUInt32LE(end, i * TABLE_ENTRY + TABLE.end);
    table.writeUInt32LE(start, i * TABLE_ENTRY + TABLE.start);
    table.writeUInt32LE(length, i * TABLE_ENTRY + TABLE.length);
  }
  const { from, to, start, size } = recordSpans(arena, chunkOf(arena, "onetwothree", 2, table));
  assert.deepEqual(
    [[...from], [...to], [...start], [...size]],
    [
      [0, 3],
      [3, 11],
      [10, 90],
      [40, 7],
    ],
  );
});

test("a chunk that is not in memory, or whose lines are not as many as it says, is a bug", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  held.spill();
  held.pageOut(chunk);
  assert.throws(() => recordSpans(held.arena, chunk), /BUG: .* not loaded/);
  assert.throws(() => recordSpans(held.arena, chunkOf(held.arena, "1\n", 2)), /BUG: .* not as many/);
});

test("a batch of refused records is one pass, not one per record", () => {
  const arena = new Arena(4 << 20);
  const records = 60_000;
  const chunk = chunkOf(arena, "0123456789\n".repeat(records), records);
  const ms = cpuMs(() => {
    for (let i = 0; i < 5; i++) recordSpans(arena, chunk);
  });
  assert.ok(ms < 500, `${ms} ms`);
});
