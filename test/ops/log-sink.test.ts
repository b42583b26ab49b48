import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { LogSink } from "../../src/ops/log-sink.ts";

test("memory is bounded: what does not fit is counted, the rest arrives in order", async () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-sink-"));
  const path = join(directory, "log");
  const fd = openSync(path, "w");
  const sink = new LogSink(fd, systemClock);
  const line = (i: number): string => `${String(i).padStart(9, "0")}${"x".repeat(1014)}\n`;
  for (let i = 0; i < 2000; i++) sink.write(line(i));
  assert.equal(sink.dropped, 2000 - 1024);
  await sink.flush(5000);
  sink.write("after\n");
  await sink.flush(5000);
  const expected = Array.from({ length: 1024 }, (_, i) => line(i)).join("");
  assert.equal(readFileSync(path, "utf8"), `${expected}after\n`);
  closeSync(fd);
  rmSync(directory, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** @param reader how the parent reads the child's stderr */
async function run(reader: "reads" | "reads late" | "stalls" | "leaves", ...args: readonly string[]): Promise<Ended> {
  const program = new URL("programs/logs.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const before = performance.now();
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  const read = (): unknown => child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  if (reader === "reads") read();
  if (reader === "reads late") setTimeout(read, 300);
  if (reader === "leaves") child.stderr.destroy();
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.stderr.destroy();
  return { code, stdout, stderr, ms: performance.now() - before };
}

test("nothing is missing after process.exit", async () => {
  const { code, stderr } = await run("reads", "exit", "200");
  assert.equal(code, 3);
  assert.equal(stderr.trimEnd().split("\n").length, 200);
});

test("nothing is missing or repeated after an uncaught exception", async () => {
  const { code, stderr } = await run("reads", "throw", "20");
  assert.equal(code, 1);
  const events = stderr
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { event: string }).event);
  assert.deepEqual(events, [...Array.from({ length: 20 }, (_, i) => `event_${i}`), "fault"]);
});

test("lines of earlier turns do not come twice", async () => {
  const { stderr } = await run("reads", "late", "5");
  assert.equal(stderr.trimEnd().split("\n").length, 6);
});

test("a reader that stands still holds up neither flush nor exit, and costs counted lines", async () => {
  const { code, stdout, ms } = await run("stalls", "flush", "20000");
  assert.equal(code, 5);
  const report = JSON.parse(stdout) as { ms: number; dropped: number };
  assert.ok(report.ms >= 190 && report.ms < 1500, `flush took ${report.ms} ms`);
  assert.ok(report.dropped > 10_000, `${report.dropped} dropped`);
  assert.ok(ms < 5000);
});

test("a reader that has gone does not matter", async () => {
  const { code } = await run("leaves", "exit", "2000");
  assert.equal(code, 3);
});

test("what is printed beside the log on the same pipe waits with it and both arrive whole", async () => {
  const { code, stderr } = await run("reads late", "beside", "2000");
  assert.equal(code, 0);
  const lines = stderr.trimEnd().split("\n");
  assert.equal(lines.length, 2002);
  assert.equal(lines.at(-1), "end");
});
