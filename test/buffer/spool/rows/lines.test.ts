import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../helpers/fc.ts";
import { HEAD, HEAD_WIDTH } from "../../../../src/buffer/spool/rows/heads.ts";
import { countRecords, hasItsRecords } from "../../../../src/buffer/spool/rows/lines.ts";

const count = (text: string): number => countRecords(Buffer.from(text, "latin1"));

test("a record is a line that is not empty, whatever ends it", () => {
  for (const [text, records] of [
    ...[["", 0] as const, ["\n", 0] as const, ["\r\n", 0] as const, ["a", 1] as const, ["a\n", 1] as const],
    ...[["a\r\n\r\n\n", 1] as const, ["\na\n\nb", 2] as const, ["\r\r\n", 1] as const, ["\r", 0] as const],
  ])
    assert.equal(count(text), records, JSON.stringify(text));
});

test("as many as splitting the text says", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "\n", "\r"), maxLength: 30 });
  fc.assert(
    fc.property(texts, (text) => {
      assert.equal(count(text), text.split("\n").filter((line) => line.replace(/\r$/, "") !== "").length);
    }),
  );
});

test("only a chunk of lines is counted", () => {
  const arena = Buffer.from("..one\ntwo\n");
  const head = new Float64Array(HEAD_WIDTH);
  head[HEAD.data] = 2;
  head[HEAD.length] = 8;
  for (const [records, table, expected] of [
    [2, 0, true],
    [3, 0, false],
    [3, 72, true],
  ] as const) {
    head[HEAD.records] = records;
    head[HEAD.tableLength] = table;
    assert.equal(hasItsRecords(arena, head), expected);
  }
});
