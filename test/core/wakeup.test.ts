import assert from "node:assert/strict";
import { test } from "node:test";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { Wakeup } from "../../src/core/wakeup.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

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
  // A pending timer does not keep the process alive, so another one has to during the wait.
  const done = new AbortController();
  const keepAlive = systemClock.sleep(HOUR, done.signal);
  await new Wakeup(systemClock).wait(1);
  done.abort();
  await keepAlive;
});

test("waits that have ended leave nothing behind, whatever ended them", async () => {
  const clock = new ManualClock();
  const wakeup = new Wakeup(clock);
  const control = new AbortController();
  for (let i = 0; i < 100; i++) {
    const wait = wakeup.wait(10, control.signal);
    clock.advance(10);
    await wait;
  }
  assert.equal(wakeup.waiting, 0, "those that timed out");
  const waits = [wakeup.wait(10, control.signal), wakeup.wait(10)];
  assert.equal(wakeup.waiting, 2);
  control.abort();
  assert.equal(wakeup.waiting, 1);
  wakeup.notify();
  await Promise.all(waits);
  assert.equal(wakeup.waiting, 0);
});

test("one who waits again when he is woken is not woken by the same event", async () => {
  const wakeup = new Wakeup(new ManualClock());
  let woken = 0;
  const again = async (): Promise<void> => {
    for (; woken < 3; woken++) await wakeup.wait(HOUR);
  };
  const done = again();
  for (const expected of [1, 2, 3]) {
    wakeup.notify();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(woken, expected);
  }
  await done;
});

test("listeners hear of every event, in the step that tells of it", () => {
  const wakeup = new Wakeup(new ManualClock());
  const heard: string[] = [];
  wakeup.listen(() => heard.push("a"));
  wakeup.listen(() => heard.push("b"));
  wakeup.notify();
  wakeup.notify();
  assert.deepEqual(heard, ["a", "b", "a", "b"]);
});
