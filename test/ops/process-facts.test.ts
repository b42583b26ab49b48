import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { test } from "node:test";
import { watchProcess } from "../../src/ops/process-facts.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

const NONE = { sent: 0, failed: 0 };
const CONFIG = {
  reloading: false,
  loadedAtMs: 1,
  reloads: { succeeded: 0, failed: 0 },
  lastFailure: undefined,
  atRestart: [],
};

test("descriptors are those of this process, and their limit is the soft one", () => {
  const read = watchProcess(new ManualClock(), { dropped: () => 7, config: () => CONFIG, notifications: NONE });
  const before = read();
  const fd = openSync("/dev/null", "r");
  const after = read();
  closeSync(fd);
  assert.equal(after.openDescriptors, before.openDescriptors + 1);
  assert.ok(before.maxDescriptors >= before.openDescriptors);
  assert.equal(before.pid, process.pid);
  assert.equal(before.logLinesDropped, 7);
  assert.equal(before.config, CONFIG);
});

test("without a descriptor left it says what it knew", () => {
  const script = `
    import { openSync } from "node:fs";
    import { systemClock } from ${JSON.stringify(import.meta.resolve("../../src/core/clock.ts"))};
    import { watchProcess } from ${JSON.stringify(import.meta.resolve("../../src/ops/process-facts.ts"))};
    const read = watchProcess(systemClock, { dropped: () => 0, config: () => ({}), notifications: {} });
    const before = read();
    try { for (;;) openSync("/dev/null"); } catch {}
    const { residentBytes, maxDescriptors, openDescriptors } = read();
    console.log(residentBytes === before.residentBytes, maxDescriptors, openDescriptors === before.openDescriptors);
    process.exit();`;
  const limited = ["-c", 'ulimit -n 64; exec "$@"', "--", process.execPath, "--input-type=module", "-e", script];
  const { stdout, stderr } = spawnSync("sh", limited, { encoding: "utf8" });
  assert.equal(stdout, "true 64 true\n", stderr);
});

test("a late loop shows to everybody who asks, and is forgotten after two minutes", async () => {
  const clock = new ManualClock();
  const read = watchProcess(clock, { dropped: () => 0, config: () => CONFIG, notifications: NONE });
  await new Promise((resolve) => setTimeout(resolve, 250));
  for (const end = performance.now() + 300; performance.now() < end;);
  await new Promise((resolve) => setTimeout(resolve, 250));
  const late = read().loopLagP99Seconds;
  assert.ok(late > 0.15, `${late}`);
  assert.ok(read().loopLagP99Seconds > 0.15, "asking twice gives the same answer");
  clock.advance(60_000);
  read();
  assert.ok(read().loopLagP99Seconds > 0.15, "the minute before still counts");
  clock.advance(60_000);
  read();
  assert.ok(read().loopLagP99Seconds < 0.15);
});

test("an idle loop is sampled once a second, and is still seen to be late", () => {
  const script = `
    import { readFileSync } from "node:fs";
    import { setTimeout as sleep } from "node:timers/promises";
    import { watchProcess } from ${JSON.stringify(import.meta.resolve("../../src/ops/process-facts.ts"))};
    const switches = () => Number(/^voluntary_ctxt_switches:\\s+(\\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))[1]);
    let now = 0;
    const read = watchProcess({ now: () => now, wall: Date.now }, { dropped: () => 0, config: () => ({}), notifications: {} });
    read();
    await sleep(2500);
    now += 60_000;
    read();
    const before = switches();
    await sleep(3000);
    const woken = switches() - before;
    for (const end = performance.now() + 2500; performance.now() < end;);
    await sleep(100);
    console.log(JSON.stringify({ woken, lag: read().loopLagP99Seconds }));
    process.exit();`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  const { woken, lag } = JSON.parse(stdout || "{}") as { woken: number; lag: number };
  assert.ok(woken < 20, `woken ${woken} times in three seconds ${stderr}`);
  assert.ok(lag > 1, `${lag}`);
});
