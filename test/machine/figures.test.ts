// Checks the memory and times that docs/start.md states, for an idle agent, an outage and a stop. The bounds are loose, because the
// machine may be busy; the measured values are printed.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { Workplace } from "../helpers/agent-process.ts";

const MIB = 2 ** 20;
const HELD = 100e6;

async function scene(t: TestContext, faults = ""): Promise<{ place: Workplace; server: BulkServer }> {
  const place = new Workplace();
  const server = await startSandbox({ faults: parseFaults(faults) }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  return { place, server };
}

test("idle it is small, and it is ready soon", async (t) => {
  const { place, server } = await scene(t);
  place.configure(server.url);
  const from = systemClock.now();
  const agent = place.run();
  await agent.hears("ready");
  const ready = systemClock.now() - from;
  await agent.hears("output_connected");
  const file = `/proc/${agent.pid}/status`;
  await systemClock.sleep(3000);
  const resident = Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(file, "latin1"))?.[1]) / 1024;
  t.diagnostic(`ready after ${ready.toFixed(0)} ms, ${resident.toFixed(0)} MiB resident`);
  assert.ok(resident < 160, `${resident} MiB`);
  assert.ok(ready < 5000, `${ready} ms`);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
});

test("with the server down, what waits costs less than 2 % of a core", async (t) => {
  const { place, server } = await scene(t, "down");
  writeFileSync(join(place.logs, "app.log"), `${"x".repeat(199)}\n`.repeat(100_000));
  place.configure(server.url);
  const agent = place.run();
  await agent.hears("output_down");
  await agent.until("it waits on disk", ({ buffer }) => buffer.mode === "spill");
  // The rows are written, and the code that did it is compiled.
  await systemClock.sleep(5000);
  const from = cpuMs(agent.pid);
  await systemClock.sleep(10_000);
  const percent = (cpuMs(agent.pid) - from) / 100;
  t.diagnostic(`${percent.toFixed(1)} % of a core`);
  assert.ok(percent < 2, `${percent} % of a core`);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
});

/** CPU time that a process has used. The kernel counts it in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const [, after = ""] = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ");
  const [user = 0, system = 0] = after.split(" ").slice(11, 13).map(Number);
  return (user + system) * 10;
}

test("a stop with 100 MB waiting in memory and nobody to take them ends within seconds, all of them on disk", async (t) => {
  const { place, server } = await scene(t, "down");
  const line = `${"x".repeat(499)}\n`;
  const records = Math.ceil(HELD / line.length);
  writeFileSync(join(place.logs, "app.log"), line.repeat(records));
  place.configure(server.url, { buffer: { memory: "256MiB", disk: "1GiB" }, shutdown: { grace: "100ms" } });
  const agent = place.run();
  const { buffer } = await agent.until("all of it", ({ ledger }) => ledger.read.records === records, 60_000);
  const from = systemClock.now();
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  const took = systemClock.now() - from;
  t.diagnostic(`${(buffer.memory.bytes / MIB).toFixed(0)} MiB in memory; ended after ${took.toFixed(0)} ms`);
  const { rows } = place.books();
  assert.deepEqual([rows.records, rows.bytes], [records, records * line.length]);
  assert.ok(buffer.memory.bytes > HELD / 2, `${buffer.memory.bytes} bytes were in memory`);
  assert.ok(took < 10_000, `${took} ms`);
  await server.change(NO_FAULTS);
});
