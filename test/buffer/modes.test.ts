import assert from "node:assert/strict";
import { test } from "node:test";
import { STALL_MS, enterSpill, heal, leaveSpill, stalls } from "../../src/buffer/modes.ts";
import { failed } from "../../src/buffer/writer.ts";
import { Held } from "./held.ts";

test("the sink's silence counts from when there was something to take", () => {
  const held = new Held();
  held.clock.advance(10 * STALL_MS);
  assert.ok(!stalls(held.state), "nothing to take");
  held.add("1\n");
  held.clock.advance(STALL_MS - 1);
  assert.ok(!stalls(held.state));
  held.clock.advance(1);
  assert.ok(stalls(held.state));
  held.state.lastTake = held.clock.now();
  assert.ok(!stalls(held.state));
});

test("spill mode ends when all rows are loaded and the sink takes, open rows or not", () => {
  const held = new Held();
  const row = held.add("1\n");
  enterSpill(held.state);
  held.commit();
  held.pageOut(row);
  const left = (change: () => void): boolean => {
    change();
    leaveSpill(held.state);
    return held.state.mode === "memory";
  };
  assert.ok(!left(() => {}), "a row is not loaded");
  assert.ok(!left(() => void (held.state.unloaded.remove(row), (held.state.loading = 1))), "it is being loaded");
  held.state.loading = 0;
  assert.ok(!left(() => held.clock.advance(STALL_MS)), "the sink takes nothing");
  held.state.lastTake = held.clock.now();
  assert.ok(!left(() => (held.state.lag = "grows")), "it does not take enough");
  held.state.lag = "steady";
  assert.ok(!left(() => (held.state.phase = "stopping")));
  assert.ok(left(() => (held.state.phase = "running")));
});

test("a failed commit degrades, one that succeeds heals into spill mode", () => {
  const held = new Held();
  const chunk = held.add("1\n");
  enterSpill(held.state);
  const writing = held.compose();
  assert.ok(writing);
  assert.equal(chunk.row, "writing");
  failed(held.state, writing);
  assert.deepEqual([held.state.mode, chunk.row, chunk.region?.pins], ["degraded", "no", 0]);
  enterSpill(held.state);
  assert.equal(held.state.mode, "degraded");
  held.commit();
  heal(held.state);
  assert.deepEqual([held.state.mode, chunk.row], ["spill", "yes"]);
});

test("without a disk there is no spill mode", () => {
  const held = new Held({ rowBudget: 0 });
  enterSpill(held.state);
  assert.equal(held.state.mode, "memory");
  held.state.mode = "degraded";
  heal(held.state);
  assert.equal(held.state.mode, "memory");
});
