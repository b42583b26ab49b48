import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chunk } from "../../../src/buffer/chunk.ts";
import { takeLease } from "../../../src/buffer/lease.ts";
import { makeRoom, pageOut, trim } from "../../../src/buffer/loading/page-out.ts";
import { Held, QUOTAS, seqs } from "../held.ts";

const LINE = `${"x".repeat(999)}\n`;

function rows(held: Held, count: number, target = "i"): Chunk[] {
  const chunks = Array.from({ length: count }, () => held.add(LINE, { target }));
  held.spill();
  return chunks;
}

test("a row that leaves memory waits on disk, and the cursor goes back before it", () => {
  using held = new Held();
  const [, second] = rows(held, 3) as [Chunk, Chunk, Chunk];
  const { queue } = second;
  assert.equal(queue.cursor, 3);
  pageOut(held.state, second);
  assert.deepEqual([queue.cursor, seqs(queue.window), seqs(queue.ready)], [1, [1, 3], [1, 3]]);
  assert.deepEqual([second.isLoaded, queue.rows, held.state.window], [false, 3, 2]);
});

test("one that knows more than its row keeps its object", () => {
  using held = new Held();
  const [sent] = rows(held, 1) as [Chunk];
  sent.mayBeStored();
  pageOut(held.state, sent);
  assert.deepEqual([seqs(sent.queue.unloaded), seqs(sent.queue.window), sent.isLoaded], [[1], [1], false]);
  assert.equal(sent.queue.cursor, 1);
});

test("loaded rows leave the stage free: the youngest go, chunks without a row and those in requests stay", () => {
  const most = QUOTAS.pool - QUOTAS.stage;
  using held = new Held();
  const all = rows(held, 4);
  takeLease(held.state, held.state.target("i"), { bytes: 1, records: 1, body: 1 });
  trim(held.state);
  assert.ok(
    all.every(({ isLoaded }) => isLoaded),
    "there is room",
  );
  held.state.pool += most - 2 * 1040;
  trim(held.state);
  assert.deepEqual(
    all.map(({ isLoaded }) => isLoaded),
    [true, true, false, false],
  );
  held.state.pool += most;
  trim(held.state);
  assert.deepEqual(
    all.map(({ isLoaded }) => isLoaded),
    [true, false, false, false],
    "the first is in a request",
  );
});

test("a target that takes nothing holds nothing, and one chunk when it is about to be tried", () => {
  using held = new Held();
  const stuck = rows(held, 3);
  const fresh = held.add(LINE);
  const others = rows(held, 2, "j");
  const { target } = fresh.queue;
  Object.assign(target, { stuck: true, wantsProbe: true });
  trim(held.state);
  assert.deepEqual(
    stuck.map(({ isLoaded }) => isLoaded),
    [true, false, false],
  );
  target.wantsProbe = false;
  trim(held.state);
  assert.deepEqual([stuck[0]?.isLoaded, others.every(({ isLoaded }) => isLoaded)], [false, true]);
});

test("younger rows make room for the first of their queue that is not in memory, older ones do not", () => {
  using held = new Held();
  const [first, second, third] = rows(held, 4) as [Chunk, Chunk, Chunk, Chunk];
  pageOut(held.state, second);
  assert.ok(makeRoom(held.state, first.queue));
  assert.deepEqual([first.isLoaded, third.isLoaded], [true, true]);
  assert.ok(makeRoom(held.state, first.queue));
  assert.deepEqual([first.isLoaded, third.isLoaded], [true, false]);
  assert.ok(!makeRoom(held.state, first.queue));
});
