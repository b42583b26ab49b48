import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const LEAVE = new URL("../../src/agent/leave.ts", import.meta.url).href;

test("a process ends with its exit code though a thread of it never ends", () => {
  const program = `
    import { Worker } from "node:worker_threads";
    const { leaveThreadsBehind } = await import(${JSON.stringify(LEAVE)});
    const words = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)";
    new Worker(words, { eval: true }).once("online", () => setTimeout(() => leaveThreadsBehind(75), 50));`;
  const { status, signal } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { timeout: 20_000 });
  assert.deepEqual([status, signal], [75, null]);
});
