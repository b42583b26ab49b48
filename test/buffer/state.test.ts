import assert from "node:assert/strict";
import { test } from "node:test";
import { setMode } from "../../src/buffer/budget/modes.ts";
import { account, chargeBlock, countOpen, enterWindow, leaveWindow, occupy, unload } from "../../src/buffer/state.ts";
import { Held } from "./held.ts";

test("queues, targets and shares are made when they are first named", () => {
  using held = new Held();
  const { state } = held;
  const queue = state.queue("default", "i");
  assert.equal(state.queue("default", "i"), queue);
  assert.deepEqual([queue.id, state.queueById.get(1), queue.target], [1, queue, state.target("i")]);
  assert.equal(state.queue("default", "j", 7).id, 7);
  assert.equal(state.queue("default", "k").id, 8, "numbers are never used twice");
  const left = state.share("gone");
  assert.deepEqual([left.ratio, left.inputs], [0, 0], "a ladder that is not configured has no part of the budget");
});

test("names that contain one another are not mixed up", () => {
  using held = new Held();
  assert.notEqual(held.state.queue('a","b', "c"), held.state.queue("a", 'b","c'));
});

test("a chunk without a row is charged to memory and disk, one with a row to neither", () => {
  using held = new Held();
  const chunk = held.add("1\n", { table: true, actions: "xyz" });
  const share = held.share();
  assert.equal(share.disk, chunk.length + chunk.tableLength + chunk.actionsLength + 128);
  assert.deepEqual([chunk.stock.disk, chunk.stock.memory, share.memory], [share.disk, chunk.memory, chunk.memory]);
  occupy(held.state, chunk, -1);
  assert.deepEqual([share.disk, share.memory, held.state.pool, held.state.unwritten], [0, 0, 0, 0]);
  chunk.row = "yes";
  occupy(held.state, chunk, 1);
  assert.deepEqual([share.disk, share.memory, held.state.pool, held.state.unwritten], [0, 0, chunk.memory, 0]);
});

test("a settled chunk whose regions are still needed takes memory and no share", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  account(held.state, chunk, () => void ((chunk.open = 0), (chunk.openBytes = 0)));
  assert.deepEqual([held.share().disk, held.share().memory, held.state.pool], [0, 0, chunk.memory]);
});

test("what a queue that spills holds without a row is staged", () => {
  using held = new Held();
  held.add("1\n");
  setMode(held.state, held.queue(), "spill");
  const chunk = held.add("2\n");
  assert.equal(held.state.staged, 2 * chunk.memory);
  unload(held.state, chunk);
  assert.equal(held.state.staged, chunk.queue.ready.first?.memory);
});

test("a block is known while a row of it has an object, and keeps what it knew", () => {
  using held = new Held();
  const [one, two] = [held.add("1\n"), held.add("2\n")];
  enterWindow(held.state, one, { id: 5, stored: 100, open: 3 });
  enterWindow(held.state, two, { id: 5, stored: 100, open: 2 });
  const block = held.state.blocks.get(5);
  assert.deepEqual([block?.objects, block?.open, one.block, held.state.window], [2, 3, block, 2]);
  leaveWindow(held.state, one);
  assert.equal(held.state.blocks.get(5), block);
  leaveWindow(held.state, two);
  assert.deepEqual([held.state.blocks.size, held.state.window, held.queue().window.size], [0, 0, 0]);
});

test("a block is charged to its ladder, its input and all, once in and once out", () => {
  using held = new Held();
  const { stock } = held.add("1\n");
  const before = held.share().disk;
  chargeBlock(held.state, { stock, stored: 100 }, 1);
  assert.deepEqual([held.share().disk - before, held.share().stored, held.state.stored], [100, 100, 100]);
  chargeBlock(held.state, { stock, stored: 100 }, -1);
  assert.deepEqual([held.share().disk, held.share().stored, held.state.stored], [before, 0, 0]);
});

test("open chunks are counted by target, and less than none is a bug", () => {
  using held = new Held();
  const target = held.state.target("i");
  held.clock.advance(100);
  countOpen(held.state, target, 2);
  assert.deepEqual([target.open, held.state.open, held.state.activeTargets, target.lastTake], [2, 2, 1, 100]);
  held.clock.advance(100);
  countOpen(held.state, target, 1);
  countOpen(held.state, target, 0);
  assert.equal(target.lastTake, 100, "it had something to take before");
  countOpen(held.state, target, -3);
  assert.deepEqual([held.state.open, held.state.activeTargets], [0, 0]);
  assert.throws(() => countOpen(held.state, target, -1), /BUG/);
});

test("a source that is removed is nowhere any more", () => {
  using held = new Held();
  const source = held.open("a");
  held.state.urgent.add(source);
  held.state.removeSource(source);
  const { sources, sourceByNum, changed, urgent } = held.state;
  assert.deepEqual([sources.size, sourceByNum.size, changed.size, urgent.size], [0, 0, 0, 0]);
});

test("rows can be written while there is a disk that works", () => {
  using held = new Held();
  assert.ok(held.state.writes);
  held.state.disk = "late";
  assert.ok(!held.state.writes);
  using without = new Held({ rows: 0 });
  assert.ok(!without.state.writes);
});
