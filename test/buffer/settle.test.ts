import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { takeLease } from "../../src/buffer/lease.ts";
import { addSettled, dropOpen, settleEach, settleRun } from "../../src/buffer/settle.ts";
import type { Writing } from "../../src/buffer/commit/writer.ts";
import { setMode } from "../../src/buffer/budget/modes.ts";
import { DEAD, DELIVERED, DROPPED_OLDEST, DUPLICATE, OPEN } from "../../src/core/fate.ts";
import { Held } from "./held.ts";

test("a whole chunk takes one step, and leaves every list and count", () => {
  using held = new Held();
  const chunk = held.add("1\n22\n");
  takeLease(held.state, held.state.target("i"), { bytes: 1000, records: 9, body: 1 });
  settleRun(held.state, chunk, 0, 2, DELIVERED);
  const { state } = held;
  assert.deepEqual([chunk.open, chunk.openBytes, chunk.region, chunk.lease], [0, 0, undefined, undefined]);
  assert.deepEqual([state.open, state.activeTargets, state.pool, state.leased, state.fresh.size], [0, 0, 0, 0, 0]);
  assert.deepEqual([held.share().disk, held.share().memory, chunk.stock.disk], [0, 0, 0]);
  assert.deepEqual(state.ledger.of("a").fates[DELIVERED], { records: 2, bytes: 5 });
  assert.equal(chunk.fates, undefined, "no array for what all have in common");
});

test("each record gets its own fate once, with its own bytes", () => {
  const fates = fc.array(fc.constantFrom(OPEN, DELIVERED, DUPLICATE, DEAD), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(fates, { minLength: 1, maxLength: 5 }), (rounds) => {
      using held = new Held();
      const chunk = held.add("1\n22\n333\n");
      const expected = [OPEN, OPEN, OPEN];
      for (const round of rounds) {
        settleEach(held.state, chunk, Uint8Array.from(round));
        round.forEach((fate, i) => (expected[i] ||= fate));
        const open = expected.flatMap((fate, i) => (fate === OPEN ? [i + 2] : []));
        assert.deepEqual([chunk.open, chunk.openBytes], [open.length, open.reduce((sum, n) => sum + n, 0)]);
        assert.deepEqual(chunk.stock.open, { records: chunk.open, bytes: chunk.openBytes });
        if (chunk.open > 0 && chunk.fates) assert.deepEqual([...chunk.fates], expected);
      }
      for (const fate of [DELIVERED, DUPLICATE, DEAD]) {
        const bytes = expected.reduce((sum, own, i) => (own === fate ? sum + i + 2 : sum), 0);
        assert.equal(held.state.ledger.of("a").fates[fate]?.bytes, bytes);
      }
    }),
    { numRuns: 15 },
  );
});

test("a run settles its own records, also of a chunk whose records differ already", () => {
  using held = new Held();
  const chunk = held.add("1\n2\n3\n4\n");
  settleRun(held.state, chunk, 1, 3, DELIVERED);
  assert.deepEqual([...(chunk.fates ?? [])], [OPEN, DELIVERED, DELIVERED, OPEN]);
  settleRun(held.state, chunk, 0, 4, DUPLICATE);
  assert.deepEqual([held.fate(DELIVERED), held.fate(DUPLICATE), chunk.open], [2, 2, 0]);
});

test("dropping takes what is open and leaves verdicts alone, whether it is in memory or not", () => {
  using held = new Held();
  const [chunk, away] = [held.add("1\n2\n3\n"), held.add("4\n")];
  settleRun(held.state, chunk, 0, 1, DELIVERED);
  held.spill();
  away.mayBeStored();
  held.pageOut(away);
  for (const one of [chunk, away]) dropOpen(held.state, one, DROPPED_OLDEST);
  assert.deepEqual([held.fate(DELIVERED), held.fate(DROPPED_OLDEST), held.state.open], [1, 3, 0]);
  assert.equal(held.queue().unloaded.size, 0);
  dropOpen(held.state, chunk, DROPPED_OLDEST);
  assert.equal(held.fate(DROPPED_OLDEST), 3, "nothing is open any more");
});

test("a settled chunk without a row is forgotten when all before it in its source is settled", () => {
  using held = new Held();
  const [first, second, third] = [held.add("1\n"), held.add("2\n"), held.add("3\n")];
  const kept = (): number[] => [...held.state.fresh].map(({ seq }) => seq);
  settleRun(held.state, second, 0, 1, DELIVERED);
  assert.deepEqual([kept(), second.region], [[1, 2, 3], undefined], "its memory goes at once");
  settleRun(held.state, first, 0, 1, DELIVERED);
  assert.deepEqual([kept(), held.source().first], [[3], third]);
  held.commit();
  assert.equal(held.source().checkpoint, 4);
});

test("while a disk fails, settled chunks do not pile up", () => {
  using held = new Held();
  setMode(held.state, held.queue(), "spill");
  held.state.disk = "failed";
  for (let i = 0; i < 50; i++) settleRun(held.state, held.add("1\n"), 0, 1, DELIVERED);
  assert.deepEqual([held.state.fresh.size, held.state.passed.deltas.list()[0]?.account.read.records], [0, 50]);
});

test("a row that is settled waits to be removed, and one that is being written keeps its regions", () => {
  using held = new Held();
  const row = held.add("1\n");
  held.spill();
  settleRun(held.state, row, 0, 1, DELIVERED);
  assert.ok(held.state.ended.has(row) && row.block?.open === 0);
  const writing = held.add("2\n");
  const transaction = held.compose() as Writing;
  settleRun(held.state, writing, 0, 1, DELIVERED);
  assert.ok(writing.region && !held.state.ended.has(writing));
  held.fail(transaction);
  assert.deepEqual([writing.region, held.state.fresh.size, held.source().first], [undefined, 0, undefined]);
});

test("the buffer answers for a chunk when its last record has its fate", async () => {
  using held = new Held();
  held.source().presence = "gone";
  const chunk = held.add("1\n2\n");
  settleRun(held.state, chunk, 0, 1, DELIVERED);
  await Promise.resolve();
  assert.deepEqual(held.answers, []);
  settleRun(held.state, chunk, 1, 2, DELIVERED);
  await Promise.resolve();
  assert.deepEqual(held.answers, [1]);
});

test("what is settled adds up by fate", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  addSettled(chunk, DELIVERED, 1, 10);
  addSettled(chunk, DUPLICATE, 1, 1);
  addSettled(chunk, DELIVERED, 2, 5);
  assert.deepEqual(chunk.settled, [
    { fate: DELIVERED, records: 3, bytes: 15 },
    { fate: DUPLICATE, records: 1, bytes: 1 },
  ]);
});
