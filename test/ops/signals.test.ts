import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { onSignals } from "../../src/ops/signals.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

test("each signal calls its hook, the second stop hurries, and the process ends by itself", async () => {
  const program = new URL("programs/signals.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [program], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  let heard = (): void => {};
  child.stdout.on("data", (data: Buffer) => {
    lines.push(...data.toString().trimEnd().split("\n"));
    heard();
  });
  const until = async (line: string): Promise<void> => {
    while (!lines.includes(line)) await new Promise<void>((resolve) => (heard = resolve));
  };
  await until("up");
  child.kill("SIGHUP");
  await until("reload");
  child.kill("SIGUSR1");
  await until("report");
  child.kill("SIGTERM");
  await until("stop SIGTERM");
  // An immediate second signal would be ignored as an echo of the first.
  await new Promise((resolve) => setTimeout(resolve, 200));
  child.kill("SIGINT");
  const code = await new Promise((resolve) => child.once("exit", resolve));
  assert.deepEqual(lines, ["up", "reload", "report", "stop SIGTERM", "hurry SIGINT"]);
  assert.equal(code, 0);
});

test("one Ctrl-C that arrives twice is one", () => {
  const clock = new ManualClock();
  const calls: string[] = [];
  const release = onSignals(
    { stop: () => calls.push("stop"), hurry: () => calls.push("hurry"), reload() {}, report() {} },
    clock,
  );
  process.emit("SIGINT", "SIGINT");
  clock.advance(20);
  process.emit("SIGINT", "SIGINT");
  assert.deepEqual(calls, ["stop"]);
  clock.advance(500);
  process.emit("SIGINT", "SIGINT");
  assert.deepEqual(calls, ["stop", "hurry"]);
  release();
  assert.equal(process.listenerCount("SIGINT"), 0);
});
