import assert from "node:assert/strict";
import { test } from "node:test";
import {
  STALL_MS,
  modeOf,
  setDisk,
  setMode,
  spillAll,
  takes,
  updateModes,
  wantsRow,
} from "../../../src/buffer/budget/modes.ts";
import { settleRun } from "../../../src/buffer/settle.ts";
import { noticeGone } from "../../../src/buffer/sources/sources.ts";
import { DELIVERED } from "../../../src/core/fate.ts";
import { Held } from "../held.ts";

test("a target's silence counts from when there was something to take", () => {
  using held = new Held();
  held.source();
  held.clock.advance(10 * STALL_MS);
  const chunk = held.add("1\n");
  const { target } = chunk.queue;
  held.clock.advance(STALL_MS - 1);
  assert.ok(takes(held.state, target));
  held.clock.advance(1);
  assert.ok(!takes(held.state, target));
  target.lastTake = held.clock.now();
  assert.ok(takes(held.state, target));
  target.stuck = true;
  assert.ok(!takes(held.state, target));
  settleRun(held.state, chunk, 0, 1, DELIVERED);
  assert.ok(takes(held.state, target), "nothing to take");
});

test("a queue spills when its target is silent, the others do not", () => {
  using held = new Held();
  held.add("1\n");
  held.add("2\n", { target: "j" });
  held.clock.advance(STALL_MS);
  held.state.target("j").lastTake = held.clock.now();
  updateModes(held.state);
  assert.deepEqual([held.queue("i").mode, held.queue("j").mode, modeOf(held.state)], ["spill", "memory", "spill"]);
});

test("it stops when all its rows are in memory and its target takes, open rows or not", () => {
  using held = new Held();
  const [row] = [held.add("1\n")];
  held.spill();
  const { queue } = row;
  held.pageOut(row);
  const left = (change: () => void): boolean => {
    change();
    updateModes(held.state);
    return queue.mode === "memory";
  };
  assert.ok(!left(() => {}), "a row is on disk alone");
  queue.rows = 0;
  assert.ok(!left(() => queue.unloaded.add(row)), "one is being loaded");
  queue.unloaded.remove(row);
  assert.ok(!left(() => held.clock.advance(STALL_MS)), "its target takes nothing");
  queue.target.lastTake = held.clock.now();
  assert.ok(!left(() => (held.state.lag = "grows")), "it does not take enough");
  held.state.lag = "steady";
  assert.ok(!left(() => (held.state.phase = "stopping")));
  assert.ok(left(() => (held.state.phase = "running")));
});

test("without a disk no queue spills", () => {
  using held = new Held({ rows: 0 });
  held.add("1\n");
  held.clock.advance(2 * STALL_MS);
  updateModes(held.state);
  spillAll(held.state);
  assert.equal(modeOf(held.state), "memory");
  assert.throws(() => setMode(held.state, held.queue(), "spill"), /BUG: a queue spills without a disk/);
});

test("what is staged follows the mode of its queue", () => {
  using held = new Held();
  const own = held.add("1\n");
  held.add("2\n", { target: "j" });
  setMode(held.state, own.queue, "spill");
  assert.equal(held.state.staged, own.memory);
  setMode(held.state, own.queue, "memory");
  assert.equal(held.state.staged, 0);
});

test("in memory mode a row is for what could not be read again, and for what waits for half a minute", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  const wants = (): boolean => wantsRow(held.state, chunk, held.clock.now());
  assert.ok(!wants());
  held.clock.advance(29_999);
  assert.ok(!wants());
  held.clock.advance(1);
  assert.ok(wants());
  chunk.bornMs = held.clock.now();
  noticeGone(held.state, held.source());
  assert.ok(wants());
  held.state.limits.rows = 0;
  assert.ok(!wants(), "without a disk nothing wants one");
});

test("a queue that spills wants rows of everything open, and so does a stop", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  const wants = (): boolean => wantsRow(held.state, chunk, held.clock.now());
  held.state.phase = "stopping";
  assert.ok(wants());
  held.state.phase = "running";
  setMode(held.state, chunk.queue, "spill");
  assert.ok(wants());
  held.commit();
  assert.ok(!wants(), "it has one");
  const other = held.add("2\n");
  settleRun(held.state, other, 0, 1, DELIVERED);
  assert.ok(!wantsRow(held.state, other, held.clock.now()), "it is settled");
});

test("a disk that failed works only after a commit, and says when it changed", () => {
  using held = new Held();
  assert.deepEqual(
    [setDisk(held.state, "working"), setDisk(held.state, "late"), setDisk(held.state, "failed")],
    [false, true, true],
  );
  assert.equal(modeOf(held.state), "degraded");
  assert.throws(() => setDisk(held.state, "late"), /BUG: a disk that was failed cannot become late/);
  assert.ok(setDisk(held.state, "working"));
});
