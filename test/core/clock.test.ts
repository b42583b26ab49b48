import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";

test("after calls once, and not when cancelled", async () => {
  const calls: string[] = [];
  systemClock.after(1, () => calls.push("cancelled")).cancel();
  systemClock.after(1, () => calls.push("kept"));
  // Longer than both, and unlike them it keeps the process alive.
  await systemClock.sleep(20);
  assert.deepEqual(calls, ["kept"]);
});

test("sleep ends at its time", async () => {
  const before = systemClock.now();
  await systemClock.sleep(20);
  // Timers count in whole milliseconds, the clock does not.
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
