import assert from "node:assert/strict";
import { test } from "node:test";
import { HEAD, HEAD_WIDTH, bodyBytes, headAt, headCount, isSound } from "../../../../src/buffer/spool/rows/heads.ts";

test("a table of heads is rows of numbers, and a head is a view of its row", () => {
  const heads = new Float64Array(3 * HEAD_WIDTH);
  assert.equal(headCount(heads), 3);
  const second = headAt(heads, 1);
  second[HEAD.seq] = 7;
  assert.deepEqual([second.length, heads[HEAD_WIDTH + HEAD.seq], headAt(heads, 0)[HEAD.seq]], [HEAD_WIDTH, 7, 0]);
});

test("every column has a place of its own", () => {
  const columns = Object.values(HEAD);
  assert.deepEqual(
    columns.toSorted((a, b) => a - b),
    Array.from({ length: HEAD_WIDTH }, (_, i) => i),
  );
});

test("the body of a chunk is its records, its record table and its action metadata", () => {
  const head = new Float64Array(HEAD_WIDTH);
  head.set([5, 24, 3], HEAD.length);
  assert.deepEqual(
    [head[HEAD.length], head[HEAD.tableLength], head[HEAD.actionsLength], bodyBytes(head)],
    [5, 24, 3, 32],
  );
});

test("a row with a flipped sign, a fraction, no record, a reversed span or too many records is not sound", () => {
  const row = (change: Readonly<Record<number, number>> = {}): Float64Array => {
    const head = new Float64Array(HEAD_WIDTH);
    const sound = { [HEAD.end]: 10, [HEAD.records]: 2, [HEAD.bytes]: 10, [HEAD.length]: 10 };
    for (const [column, value] of Object.entries({ ...sound, ...change })) head[Number(column)] = value;
    return head;
  };
  assert.ok(isSound(row()));
  assert.ok(
    isSound(row({ [HEAD.records]: 11, [HEAD.tableLength]: 264, [HEAD.end]: 90 })),
    "with a record table, records may be empty",
  );
  for (const column of [HEAD.start, HEAD.bytes, HEAD.length, HEAD.tableLength, HEAD.actionsLength, HEAD.at])
    for (const value of [-1, 0.5, Infinity, 2 ** 60])
      assert.ok(!isSound(row({ [column]: value })), `${column}: ${value}`);
  const lines = [{ [HEAD.length]: 9 }, { [HEAD.end]: 11 }, { [HEAD.start]: 1 }, { [HEAD.bytes]: 9 }];
  const tables = [24, 47, 72].map((length) => ({ [HEAD.tableLength]: length }));
  for (const change of [{ [HEAD.records]: 0 }, { [HEAD.records]: 11 }, { [HEAD.start]: 11 }, ...lines, ...tables])
    assert.ok(!isSound(row(change)), JSON.stringify(change));
});
