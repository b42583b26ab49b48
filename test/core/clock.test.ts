import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { inStep, systemClock } from "../../src/core/clock.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

test("after calls once, and not when cancelled", async () => {
  const calls: string[] = [];
  systemClock.after(1, () => calls.push("cancelled")).cancel();
  systemClock.after(1, () => calls.push("kept"));
  // Longer than both timers. Unlike them, it keeps the process alive.
  await systemClock.sleep(20);
  assert.deepEqual(calls, ["kept"]);
});

test("sleep ends at its time", async () => {
  const before = systemClock.now();
  await systemClock.sleep(20);
  // Timers count in whole milliseconds; the clock is finer.
  assert.ok(systemClock.now() - before >= 19);
});

test("sleep ends with its signal and never rejects", async () => {
  const controller = new AbortController();
  const asleep = systemClock.sleep(3_600_000, controller.signal);
  controller.abort(new Error("enough"));
  await asleep;
  await systemClock.sleep(3_600_000, controller.signal);
});

test("a pending timer keeps no process alive", () => {
  const program = `import("${new URL("../../src/core/clock.ts", import.meta.url).href}").then(({ systemClock }) => systemClock.after(3_600_000, () => {}));`;
  execFileSync(process.execPath, ["--input-type=module", "-e", program], { timeout: 30_000 });
});

test("timers in step end together, whenever they began, and then recur at their interval", () => {
  const clock = new ManualClock();
  const ends: number[] = [];
  const recur = (ms: number): void => {
    clock.after(inStep(clock, ms), () => {
      ends.push(clock.now());
      recur(ms);
    });
  };
  for (const after of [37, 60, 111]) {
    clock.advance(after);
    recur(1000);
  }
  clock.advance(3000);
  assert.deepEqual(ends, [1000, 1000, 1250, 2000, 2000, 2250, 3000, 3000]);
});
