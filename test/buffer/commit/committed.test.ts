import assert from "node:assert/strict";
import { test } from "node:test";
import { dropOpen, settleRun } from "../../../src/buffer/settle.ts";
import { identifySource, noticeGone } from "../../../src/buffer/sources/sources.ts";
import { type Writing } from "../../../src/buffer/commit/writer.ts";
import { setMode } from "../../../src/buffer/budget/modes.ts";
import { takeLease } from "../../../src/buffer/lease.ts";
import { DELIVERED, DROPPED_OLDEST } from "../../../src/core/fate.ts";
import { Held, seqs } from "../held.ts";

const ALL = { bytes: 1 << 20, records: 1000, body: 1000 };

test("nothing moves before the answer, and everything with it", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  setMode(held.state, chunk.queue, "spill");
  const writing = held.compose() as Writing;
  const moved = (): unknown[] => [chunk.row, held.source().checkpoint, held.source().rows, chunk.queue.rows];
  assert.deepEqual(moved(), ["writing", 0, 0, 0]);
  held.write(writing);
  assert.deepEqual(moved(), ["yes", 2, 1, 1]);
  assert.deepEqual([held.state.fresh.size, held.state.window, held.source().first], [0, 1, undefined]);
  assert.equal(chunk.region?.pins, 0);
});

test("a row is charged by its block, once, until the block's last row is settled", () => {
  using held = new Held();
  const chunks = [held.add("1\n"), held.add("2\n"), held.add("3\n", { target: "j" })];
  held.spill();
  const [first, , other] = chunks.map(({ block }) => block);
  assert.equal(first, chunks[1]?.block);
  assert.notEqual(first, other);
  const stored = (first?.stored ?? 0) + (other?.stored ?? 0);
  const share = held.share();
  assert.deepEqual([share.disk, share.stored, held.state.stored, share.memory], [stored, stored, stored, 0]);
  assert.deepEqual(
    chunks.map(({ at }) => at),
    [0, 2, 0],
  );
  dropOpen(held.state, chunks[0] as never, DROPPED_OLDEST);
  assert.equal(share.disk, stored);
  dropOpen(held.state, chunks[1] as never, DROPPED_OLDEST);
  assert.equal(share.disk, other?.stored);
});

test("rows stay in memory unless an older one of their queue waits on disk", () => {
  using held = new Held();
  const old = held.add("1\n");
  held.spill();
  assert.ok(old.isLoaded && old.queue.cursor === 1);
  held.pageOut(old);
  assert.equal(old.queue.cursor, 0);
  const young = held.add("2\n");
  const elsewhere = held.add("3\n", { target: "j" });
  held.spill();
  assert.deepEqual([young.isLoaded, elsewhere.isLoaded], [false, true]);
  assert.deepEqual([young.queue.rows, young.queue.window.size, young.queue.cursor], [2, 0, 0]);
});

test("a row that is written before older ones of its queue stays, and so does its place", () => {
  using held = new Held();
  held.source("b");
  const old = held.add("1\n");
  setMode(held.state, old.queue, "spill");
  held.add("2\n", { source: "b" });
  noticeGone(held.state, held.source("b"));
  Object.assign(held.state.quotas, { sliceRows: 1 });
  assert.deepEqual(seqs(held.commit()?.added), [2], "what cannot be read again is first");
  assert.deepEqual([seqs(old.queue.window), old.queue.cursor], [[2], 2]);
  held.commit();
  assert.deepEqual([seqs(old.queue.window), old.queue.rows], [[1, 2], 2]);
});

test("rows of a target that takes nothing leave memory, and all do when the window is full", () => {
  using held = new Held({ quotas: { window: 2 } });
  held.state.target("i").stuck = true;
  const stuck = held.add("1\n");
  const others = [held.add("2\n", { target: "j" }), held.add("3\n", { target: "j" })];
  held.spill();
  assert.deepEqual(
    [stuck, ...others].map(({ isLoaded }) => isLoaded),
    [false, true, true],
  );
  const more = held.add("4\n", { target: "j" });
  held.spill();
  assert.deepEqual(
    [...others, more].map(({ isLoaded }) => isLoaded),
    [true, true, false],
  );
});

test("what was settled while it was written ends with the next transaction", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  setMode(held.state, chunk.queue, "spill");
  const writing = held.compose() as Writing;
  settleRun(held.state, chunk, 0, 1, DELIVERED);
  assert.ok(chunk.region, "the worker reads it");
  held.write(writing);
  assert.deepEqual([chunk.region, held.state.ended.has(chunk), held.share().disk], [undefined, true, 0]);
  held.commit();
  assert.deepEqual([held.disk.value("SELECT count(*) FROM heads"), held.state.window, chunk.queue.rows], [0, 0, 0]);
});

test("a leased chunk keeps its memory when it becomes a row", () => {
  using held = new Held();
  const old = held.add("1\n");
  held.spill();
  held.pageOut(old);
  const sent = held.add("2\n", { source: "b", target: "j" });
  takeLease(held.state, held.state.target("j"), ALL);
  held.state.target("j").stuck = true;
  held.spill();
  assert.ok(sent.isLoaded && sent.row === "yes" && sent.lease);
});

test("a source is durable with its fingerprint, not with an older commit", () => {
  using held = new Held();
  const source = held.open("n");
  const writing = held.compose() as Writing;
  identifySource(held.state, source, { ...source.identity, headLength: 2, headHash: 7 });
  held.write(writing);
  assert.deepEqual([source.durable, held.state.notYetDurable.size], [false, 1]);
  held.commit();
  assert.deepEqual([source.durable, held.state.notYetDurable.size], [true, 0]);
});

test("a source that is retired goes when its last row has gone", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  held.spill();
  const source = held.source();
  source.retired = true;
  settleRun(held.state, chunk, 0, 1, DELIVERED);
  held.commit();
  assert.deepEqual([held.state.sources.has("a"), source.rows], [true, 0]);
  held.commit();
  assert.deepEqual([held.state.sources.has("a"), held.disk.value("SELECT count(*) FROM sources")], [false, 0]);
  assert.equal(held.disk.value("SELECT bytes FROM ledger WHERE fate = 'retired'"), 2);
});

test("dead letters and first starts are no longer due", () => {
  using held = new Held();
  held.state.newStarts.push({ input: "a", atMs: 1 });
  const writing = held.compose() as Writing;
  held.state.newStarts.push({ input: "b", atMs: 2 });
  held.state.deadLetterBytes = 5;
  held.write({ ...writing, deadLetterBytes: 3 });
  assert.deepEqual([held.state.newStarts, held.state.deadLetterBytes], [[{ input: "b", atMs: 2 }], 2]);
});
