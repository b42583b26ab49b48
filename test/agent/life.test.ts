import assert from "node:assert/strict";
import { test } from "node:test";
import { Life } from "../../src/agent/life.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

const MINUTE_MS = 60_000;

test("an agent lives while it ticks, and may take its time to start", () => {
  const clock = new ManualClock();
  const life = new Life(clock, false);
  clock.advance(60 * MINUTE_MS);
  assert.deepEqual([life.state, life.starts, life.isAlive(0)], ["starting", true, true]);
  life.enter("running");
  const tickedAt = clock.now();
  clock.advance(4999);
  assert.ok(life.isAlive(tickedAt));
  clock.advance(1);
  assert.ok(!life.isAlive(tickedAt));
});

test("a swap that does not end is noticed: of the old agent, and of its successor that starts", () => {
  const clock = new ManualClock();
  const old = new Life(clock, false);
  old.enter("running");
  clock.advance(90 * MINUTE_MS);
  old.enter("reloading");
  const successor = new Life(clock, true);
  for (const life of [old, successor]) assert.deepEqual([life.state, life.isAlive(0)], ["reloading", true]);
  clock.advance(30 * MINUTE_MS - 1);
  for (const life of [old, successor]) assert.ok(life.isAlive(0));
  clock.advance(1);
  for (const life of [old, successor]) assert.ok(!life.isAlive(0));
  successor.enter("running");
  assert.ok(successor.isAlive(clock.now()));
});
