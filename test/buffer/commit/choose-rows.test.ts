import assert from "node:assert/strict";
import { test } from "node:test";
import { setMode } from "../../../src/buffer/budget/modes.ts";
import { settleRun } from "../../../src/buffer/settle.ts";
import { noticeGone } from "../../../src/buffer/sources/sources.ts";
import { DELIVERED } from "../../../src/core/fate.ts";
import { Held, seqs } from "../held.ts";
import { Spilling } from "../spilling.ts";

test("the oldest become rows first, those of a file that is gone before all, and per source only as a prefix", () => {
  using held = new Spilling({ quotas: { sliceRows: 2 } });
  held.source("b");
  held.add("1\n");
  held.add("2\n", { source: "b" });
  held.add("3\n");
  held.add("4\n", { source: "b" });
  assert.deepEqual(held.chosen(), [1, 2]);
  noticeGone(held.state, held.source("b"));
  assert.deepEqual(held.chosen(), [2, 4]);
});

test("where one chunk wants a row, those before it in its source go with it", () => {
  using held = new Held();
  held.add("1\n");
  held.add("2\n", { target: "j" });
  setMode(held.state, held.queue("j"), "spill");
  assert.deepEqual(seqs(held.commit()?.added), [1, 2]);
  held.sound();
});

test("a slice has so many bytes and so many rows, and one chunk however large", () => {
  using held = new Spilling({ quotas: { slice: 100 } });
  for (const length of [300, 60, 60]) held.add("x".repeat(length));
  assert.deepEqual(held.chosen(), [1]);
  held.commit();
  assert.deepEqual(held.chosen(), [2]);
  Object.assign(held.state.quotas, { slice: 120 });
  assert.deepEqual(held.chosen(), [2, 3]);
});

test("no rows beyond a ladder's share or the disk, and what settles is still written", () => {
  using held = new Spilling({ rows: 1000, shares: { default: [0.5, 1], other: [0.5, 1] } });
  setMode(held.state, held.queue("i", "other"), "spill");
  held.source("b");
  held.source("c");
  held.add("x".repeat(400));
  held.add("x".repeat(200));
  held.add("x".repeat(10));
  held.add("x".repeat(50), { source: "c" });
  held.add("x".repeat(300), { source: "b", policy: "other" });
  assert.deepEqual(held.chosen(), [1, 4, 5], "of a source nothing goes before what found no room");
  held.commit();
  held.state.limits.rows = 1;
  settleRun(held.state, held.queue().ready.first as never, 0, 1, DELIVERED);
  const writing = held.commit();
  assert.deepEqual([seqs(writing?.added), seqs(writing?.removed)], [[], [1]], "the limit has shrunk");
});

test("a ladder that is no longer configured has whatever is left", () => {
  using held = new Spilling({ rows: 1000 });
  setMode(held.state, held.queue("i", "old"), "spill");
  held.source("b");
  held.add("x".repeat(300), { policy: "old", source: "b" });
  assert.deepEqual(held.chosen(), [1]);
});
