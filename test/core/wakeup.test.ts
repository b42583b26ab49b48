import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { Wakeup } from "../../src/core/wakeup.ts";

const HOUR = 3_600_000;

/** Counts the timers that are set and not cancelled. */
function counting(): { clock: Clock; pending: () => number } {
  let pending = 0;
  const after: Clock["after"] = (ms, run) => {
    pending++;
    const timer = systemClock.after(ms, () => (pending--, run()));
    return { cancel: () => (pending--, timer.cancel()) };
  };
  return { clock: { ...systemClock, after }, pending: () => pending };
}

test("notify ends every wait under way, and leaves no timer", async () => {
  const { clock, pending } = counting();
  const wakeup = new Wakeup(clock);
  const waits = [wakeup.wait(HOUR), wakeup.wait(HOUR)];
  assert.equal(pending(), 2);
  wakeup.notify();
  await Promise.all(waits);
  assert.equal(pending(), 0);
});

test("abort ends a wait, and none begins after it", async () => {
  const { clock, pending } = counting();
  const wakeup = new Wakeup(clock);
  const controller = new AbortController();
  const wait = wakeup.wait(HOUR, controller.signal);
  controller.abort(new Error("stop"));
  await wait;
  await wakeup.wait(HOUR, controller.signal);
  assert.equal(pending(), 0);
});

test("without an event a wait ends by its timer", async () => {
  // A pending timer keeps no process alive, so something else has to, for as long.
  const done = new AbortController();
  const keepAlive = systemClock.sleep(HOUR, done.signal);
  await new Wakeup(systemClock).wait(1);
  done.abort();
  await keepAlive;
});
