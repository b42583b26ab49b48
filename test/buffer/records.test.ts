import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { recordAt, recordSizes } from "../../src/buffer/records.ts";
import type { Chunk } from "../../src/buffer/chunk.ts";
import { TABLE, TABLE_ENTRY } from "../../src/core/chunk.ts";
import { Held } from "./held.ts";

const line = fc.constantFrom("", "\r", "a", "bc\r", "\rd", "e\rf", "a longer one", "\r\r");
const anyText = fc
  .record({ lines: fc.array(line, { minLength: 1, maxLength: 12 }), ended: fc.boolean() })
  .map(({ lines, ended }) => lines.join("\n") + (ended ? "\n" : ""))
  .filter((text) => naive(text).length > 0);

interface Found {
  readonly offset: number;
  readonly text: string;
}

/** Lines that are not empty, with and without \r. */
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

test("records of a chunk without a table are its lines, whatever ends them and whatever is empty", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const held = new Held();
      const lines = naive(text);
      const chunk = { ...held.add(text), records: lines.length };
      lines.forEach(({ offset, text: expected }, i) => {
        const { offset: at, bytes } = recordAt(held.arena, chunk, i);
        assert.deepEqual([at, Buffer.from(bytes).toString("latin1")], [offset, expected]);
      });
      const sizes = [...recordSizes(held.arena, chunk)];
      assert.equal(
        sizes.reduce((sum, size) => sum + size, 0),
        text.length,
        "every byte belongs to one record",
      );
      const starts = lines.slice(1).map(({ offset }) => offset);
      assert.deepEqual(
        sizes.slice(0, -1).map((_, i) => sizes.slice(0, i + 1).reduce((sum, size) => sum + size, 0)),
        starts,
        "a skipped line belongs to the record before it",
      );
    }),
  );
});

test("records of a chunk with a table are what the table says", () => {
  const held = new Held();
  const chunk: Chunk = { ...held.add("onetwothree"), records: 2, start: 1000 };
  const table = held.arena.alloc(2 * TABLE_ENTRY);
  assert.ok(table);
  const view = held.arena.view(table);
  for (const [i, [end, start, length]] of [
    [3, 10, 40],
    [11, 90, 7],
  ].entries()) {
    view.writeUInt32LE(end as number, i * TABLE_ENTRY + TABLE.end);
    view.writeUInt32LE(start as number, i * TABLE_ENTRY + TABLE.start);
    view.writeUInt32LE(length as number, i * TABLE_ENTRY + TABLE.length);
  }
  chunk.table = table;
  assert.deepEqual([...recordSizes(held.arena, chunk)], [40, 7]);
  const second = recordAt(held.arena, chunk, 1);
  assert.deepEqual([second.offset, Buffer.from(second.bytes).toString()], [1090, "twothree"]);
  assert.deepEqual(recordAt(held.arena, chunk, 0).offset, 1010);
});
