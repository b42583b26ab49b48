import assert from "node:assert/strict";
import { test } from "node:test";
import { modeOf } from "../../src/buffer/budget/modes.ts";
import { onDisk } from "../../src/buffer/queue.ts";
import { restore } from "../../src/buffer/restore.ts";
import type { Recovered } from "../../src/buffer/spool/spool.ts";
import { Held } from "./held.ts";

/** What a restart recovers after `fill` has run and everything was spilled. */
function left(fill: (held: Held) => void): Recovered {
  using held = new Held({ shares: { default: [0.5, 1], old: [0.5, 1] } });
  fill(held);
  held.spill();
  return held.disk.store.recover("machine");
}

test("the backlog comes back as sums: nothing of it is loaded, and what is read queues behind it", () => {
  const found = left((held) => {
    held.add("1\n2\n");
    held.add("3\n", { source: "b" });
    held.add("4\n", { source: "b", target: "j", policy: "old" });
  });
  using held = new Held();
  const { state } = held;
  restore(state, found);
  const queues = [...state.queues.values()].map((queue) => [
    queue.policy,
    queue.target.name,
    queue.rows,
    onDisk(queue),
  ]);
  assert.deepEqual(queues, [
    ["default", "i", 2, 2],
    ["old", "j", 1, 1],
  ]);
  assert.deepEqual([state.open, state.activeTargets, state.window, state.fresh.size, state.pool], [3, 2, 0, 0, 0]);
  assert.deepEqual(held.queue().stocks.get("b")?.open, { records: 1, bytes: 2 });
  const stored = found.totals.reduce((sum, total) => sum + total.stored, 0);
  assert.deepEqual([state.stored, held.share().disk + held.share("old").disk], [stored, stored]);
  assert.equal(held.share("old").ratio, 0, "a ladder of old has no part of the budget");
  assert.equal(modeOf(state), "spill");
});

test("numbers go on behind those of the process before, and its limits and first starts are known", () => {
  const found = left((held) => {
    held.state.newStarts.push({ input: "a", atMs: 5 });
    held.state.fitted = { default: 77 };
    for (let i = 0; i < 3; i++) held.add("1\n");
  });
  using held = new Held();
  restore(held.state, found);
  const { nextSeq, firstSeq, nextSource, nextEnvelope, nextQueue, starts, fitted } = held.state;
  assert.deepEqual([nextSeq, firstSeq, nextSource, nextEnvelope, nextQueue], [4, 4, 2, 2, 2]);
  assert.deepEqual([starts.get("a"), fitted, held.state.newStarts], [5, { default: 77 }, []]);
});

test("rows come back in a queue that spills, also where there is no disk for new ones", () => {
  const found = left((held) => void held.add("1\n"));
  using held = new Held({ rows: 0 });
  restore(held.state, found);
  assert.equal(held.queue().mode, "spill");
});

test("without rows the buffer starts in memory", () => {
  using held = new Held();
  restore(
    held.state,
    left(() => {}),
  );
  assert.deepEqual([modeOf(held.state), held.state.open, held.state.nextSeq], ["memory", 0, 1]);
});

test("sums of a queue that is not there are a bug that is said", () => {
  const found = left((held) => void held.add("1\n"));
  using held = new Held();
  assert.throws(() => restore(held.state, { ...found, queues: [] }), /BUG: sums for queue 1/);
});
