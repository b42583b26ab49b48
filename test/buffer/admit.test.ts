import assert from "node:assert/strict";
import { test } from "node:test";
import { admitDraft } from "../../src/buffer/admit.ts";
import { settleRun } from "../../src/buffer/settle.ts";
import { noticeGone } from "../../src/buffer/sources/sources.ts";
import type { Draft } from "../../src/core/chunk.ts";
import { DELIVERED, SAMPLED } from "../../src/core/fate.ts";
import { Held } from "./held.ts";

const SAMPLED_ONE = new Map([[SAMPLED, { records: 1, bytes: 10 }]]);

test("a draft is a chunk, counted as read with what admission counted out of it, in one step", () => {
  using held = new Held();
  const chunk = held.add("one\ntwo\n", { counted: SAMPLED_ONE, keep: 4 });
  const { state } = held;
  assert.deepEqual([chunk.seq, chunk.start, chunk.end, chunk.records, chunk.bytes], [1, 0, 18, 2, 8]);
  assert.deepEqual(state.ledger.of("a").read, { records: 3, bytes: 18 });
  assert.deepEqual([held.fate(SAMPLED), held.source().position, chunk.keep], [1, 18, 4]);
  assert.deepEqual(chunk.stock.open, { records: 2, bytes: 8 });
  assert.deepEqual([state.open, state.activeTargets, chunk.queue.target.open], [1, 1, 1]);
  assert.deepEqual([state.pool, state.unwritten, state.staged], [chunk.memory, chunk.memory, 0]);
  assert.ok(chunk.queue.ready.has(chunk) && state.fresh.has(chunk) && state.changed.has(held.source()));
});

test("a queue is a pair of ladder and target, and numbers rise over all of them", () => {
  using held = new Held({ shares: { default: [0.5, 1], other: [0.5, 1] } });
  const chunks = [
    held.add("1\n"),
    held.add("2\n", { target: "j" }),
    held.add("3\n", { policy: "other", source: "b" }),
    held.add("4\n"),
  ];
  assert.deepEqual(
    chunks.map(({ seq, queue }) => [seq, queue.policy, queue.target.name]),
    [
      [1, "default", "i"],
      [2, "default", "j"],
      [3, "other", "i"],
      [4, "default", "i"],
    ],
  );
  assert.equal(held.state.queues.size, 3);
  assert.equal(held.state.target("i").queues.length, 2);
  assert.deepEqual([held.state.activeTargets, held.state.target("i").open], [2, 3]);
});

test("a draft that keeps nothing takes its place, and the next checkpoint passes it", async () => {
  using held = new Held();
  held.add("", { counted: SAMPLED_ONE });
  await Promise.resolve();
  const { state } = held;
  assert.deepEqual([held.answers, state.open, state.fresh.size, held.source().first], [[1], 0, 0, undefined]);
  held.commit();
  assert.equal(held.source().checkpoint, 10);
  assert.deepEqual(held.disk.rows("SELECT fate, records, bytes FROM ledger ORDER BY fate"), [
    ["read", 1, 10],
    ["sampled", 1, 10],
  ]);
});

test("behind an open chunk a draft that keeps nothing waits for it", () => {
  using held = new Held();
  const open = held.add("1\n");
  held.add("", { counted: SAMPLED_ONE });
  assert.equal(held.compose(), undefined, "no checkpoint moves");
  settleRun(held.state, open, 0, 1, DELIVERED);
  held.commit();
  assert.equal(held.source().checkpoint, 12);
});

test("the buffer answers at once for what can be read again, else when it is a synced row or has its fate", async () => {
  using held = new Held();
  held.add("1\n");
  await Promise.resolve();
  assert.deepEqual(held.answers, [1]);
  noticeGone(held.state, held.source());
  held.add("2\n");
  const third = held.add("3\n");
  await Promise.resolve();
  assert.deepEqual(held.answers, [1], "its file is gone");
  assert.ok(held.state.urgent.has(held.source()));
  settleRun(held.state, third, 0, 1, DELIVERED);
  await Promise.resolve();
  assert.deepEqual(held.answers, [1, 3]);
  assert.equal(held.commit()?.transaction.full, true);
  await Promise.resolve();
  assert.deepEqual(held.answers, [1, 3, 2]);
});

test("below the size that a known file had at the start, an earlier process may have sent it", () => {
  using held = new Held();
  held.source("known");
  held.open("known", 3);
  const sent = (source: string): boolean => held.add("1\n", { source }).possiblyStored;
  assert.deepEqual([sent("known"), sent("known"), sent("known")], [true, true, false], "2 to 4 begins below 3");
  held.open("new", 3);
  assert.equal(sent("new"), false, "nobody knew it");
});

test("a span that does not begin where the last one ended, or does not add up, is a bug", () => {
  using held = new Held();
  const draft = held.draft("1\n");
  const admit = (change: Partial<Draft>): Promise<void> =>
    admitDraft(held.state, { draft: { ...draft, ...change }, target: "i", keep: 0 }, held.source());
  assert.throws(() => admit({ start: 1, end: 3 }), /BUG: a gap: chunk at 1, source at 0/);
  assert.throws(() => admit({ counted: new Map([[SAMPLED, { records: 1, bytes: 3 }]]) }), /BUG: .* add up/);
  assert.throws(() => admit({ region: undefined }), /BUG: records without a region/);
});
