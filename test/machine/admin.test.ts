// The admin endpoint of a real agent under malicious clients. Health probes must still be answered, the agent's memory must stay
// bounded, and logs must be shipped meanwhile.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { type AgentProcess, Workplace } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";
import { ROOT } from "../helpers/tree.ts";

const FOR_MS = 6000;
const EVERY_MS = 50;
/** 95 % of the probes must be answered within this time, and all of them within ten times as long. */
const PROMPT_MS = 100;
/**
 * Limit for the growth of resident memory: half-sent requests and unread responses of 64 connections, and the sockets' read
 * buffers, of which V8 accumulates 64 MiB before it collects them. Measured: 60 MiB and less. It was 2 GB once. */
const MORE_MIB = 96;

interface Scene {
  readonly agent: AgentProcess;
  readonly port: number;
  readonly ship: () => Promise<void>;
}

async function scene(t: TestContext): Promise<Scene> {
  const place = new Workplace();
  const server = await startSandbox({}, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  const inputs = Array.from({ length: 100 }, (_, i) => ({ id: `app${i}`, paths: [join(place.logs, `${i}.log`)] }));
  place.configure(server.url, { inputs, output: { batch: { age: "50ms" } } });
  const agent = place.run();
  const { port } = new URL(await agent.url());
  const numbered = new Numbered();
  let shipped = 0;
  return {
    agent,
    port: Number(port),
    async ship() {
      numbered.append(join(place.logs, "1.log"), 1000);
      shipped += 1000;
      await agent.until("lines shipped", ({ ledger }) => ledger.delivered.records === shipped);
    },
  };
}

/** Milliseconds for which a process was runnable but had no CPU. */
function waited(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, "latin1").split(" ")[1]) / 1e6;
}

/**
 * Milliseconds from connecting to the end of the response. Time in which this process or the agent waited for a CPU is not
 * counted, because the clients use more than one core and other tests may run. Infinity without a 200 response. */
function probe({ pid }: AgentProcess, port: number): Promise<number> {
  const from = systemClock.now();
  const before = waited(pid) + waited(process.pid);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    });
    socket.on("data", (data: Buffer) => (answer += data.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => {
      const took = systemClock.now() - from - (waited(pid) + waited(process.pid) - before);
      resolve(answer.startsWith("HTTP/1.1 200") ? Math.max(0, took) : Infinity);
    });
  });
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) / 1024;
}

const NONE = { pipeline: 0, slow: 0, idle: 0, eager: 0 };

for (const [name, clients] of [
  ["60 connections that pipeline and never read", { ...NONE, pipeline: 60 }],
  ["80 slow and 80 idle ones", { ...NONE, slow: 80, idle: 80 }],
  ["60 that read every page and ask again", { ...NONE, eager: 60 }],
  ["all of them at once", { pipeline: 60, slow: 80, idle: 80, eager: 60 }],
] as const) {
  test(`probes are answered within ${PROMPT_MS} ms under ${name}`, async (t) => {
    const { agent, port, ship } = await scene(t);
    await ship();
    for (let i = 0; i < 20; i++) await probe(agent, port);
    const before = residentMiB(agent.pid);
    const worker = new Worker(join(ROOT, "test/system/programs/hostile-clients.ts"), {
      workerData: { port, ...clients },
    });
    t.after(() => worker.terminate());
    const times: number[] = [];
    let most = before;
    for (const end = systemClock.now() + FOR_MS; systemClock.now() < end; await systemClock.sleep(EVERY_MS)) {
      times.push(await probe(agent, port));
      most = Math.max(most, residentMiB(agent.pid));
    }
    await ship();
    times.sort((a, b) => a - b);
    const [median, most95, last] = [0.5, 0.95, 1].map((q) => times[Math.ceil(q * times.length) - 1] as number);
    const seen = `${times.length} probes: median ${median} ms, 95 % within ${most95} ms, slowest ${last} ms`;
    t.diagnostic(seen);
    t.diagnostic(`resident memory ${before.toFixed(0)} MiB, at most ${most.toFixed(0)} MiB meanwhile`);
    assert.ok((most95 as number) < PROMPT_MS && (last as number) < 10 * PROMPT_MS, seen);
    assert.ok(most - before < MORE_MIB, `${before} MiB became ${most} MiB`);
    await worker.terminate();
    assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  });
}
