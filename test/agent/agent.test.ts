// The agent in this process, against the sandbox: what its facts say while it runs and after it stopped.
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Agent, type Mode } from "../../src/agent/agent.ts";
import { loadText } from "../../src/config/load.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import { buildStatus, type Status } from "../../src/ops/status.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { eventually } from "../helpers/agent-process.ts";

interface Scene {
  readonly server: BulkServer;
  readonly log: string;
  /** Warnings of all agents. */
  readonly warnings: string[];
  /** @param input more keys of the input, its id among them */
  start(mode: Mode, input?: string): Promise<Agent>;
}

async function scene(t: TestContext): Promise<Scene> {
  const root = mkdtempSync(join(tmpdir(), "spillway-agent-"));
  const server = await startSandbox({ keep: "documents" }, systemClock);
  const agents: Agent[] = [];
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (event: string, message: string) => void warnings.push(`${event}: ${message}`) };
  t.after(async () => {
    for (const agent of agents) {
      agent.hurry();
      await agent.stop();
    }
    await server.stop();
    rmSync(root, { recursive: true, force: true });
  });
  return {
    server,
    warnings,
    log: join(root, "a.log"),
    async start(mode, input = "id: app") {
      const yaml = `
inputs: [{ paths: ["${root}/*.log"], ${input} }]
buffer: { path: "${root}/state", memory: 8MiB, disk: 32MiB }
output: { hosts: ["${server.url}"], index: logs, batch: { age: 20ms } }
shutdown: { grace: 200ms }
`;
      const { config } = loadText("test.yml", yaml, { env: {} });
      const agent = await Agent.open({ config, mode, version: "0.0.0", clock: systemClock, log });
      agents.push(agent);
      await agent.start();
      return agent;
    },
  };
}

function statusOf(agent: Agent): Status {
  const status = buildStatus(agent.facts());
  assert.deepEqual(status.ledger.balance, { records: 0, bytes: 0 });
  for (const input of Object.values(status.inputs)) assert.deepEqual(input.ledger.balance, { records: 0, bytes: 0 });
  return status;
}

test("follows a file, and its facts add up at every look", async (t) => {
  const { log, start, server } = await scene(t);
  const agent = await start("follow");
  assert.equal(statusOf(agent).state, "running");
  for (let n = 1; n <= 5; n++) {
    appendFileSync(log, `line ${n}\n`);
    await eventually(`line ${n}`, () => statusOf(agent).ledger.delivered.records === n);
  }
  const { output, buffer } = statusOf(agent);
  assert.match(output.server ?? "", /^elasticsearch /);
  assert.ok(output.requests.total >= 1);
  assert.equal(buffer.mode, "memory");
  assert.equal(agent.alive(), true);
  await agent.stop();
  assert.equal(statusOf(agent).state, "stopping");
  assert.equal(server.documents().length, 5);
});

test("counts from where the last process ended, and tells what it did itself", async (t) => {
  const { log, start } = await scene(t);
  appendFileSync(log, "one\ntwo\n");
  const first = await start("once");
  await first.readToEnd();
  assert.equal(await first.deliverAll(5000, AbortSignal.timeout(10_000)), true);
  assert.deepEqual(first.done(), { records: 2, bytes: 8, totalBytes: 8 });
  await first.stop();

  appendFileSync(log, "three\n");
  const second = await start("once");
  await second.readToEnd();
  assert.equal(await second.deliverAll(5000, AbortSignal.timeout(10_000)), true);
  assert.deepEqual(second.done(), { records: 1, bytes: 6, totalBytes: 6 });
  assert.equal(statusOf(second).ledger.delivered.records, 3);
});

test("`start: end` is about the first start: what is written before the second is delivered", async (t) => {
  const { log, start, server } = await scene(t);
  const first = await start("follow", "id: app, start: end");
  await first.stop();
  appendFileSync(log, "one\n");
  const second = await start("follow", "id: app, start: end");
  await eventually("the line", () => server.documents().length === 1);
  await second.stop();
});

test("an input with another id reads all again, and it is said before", async (t) => {
  const { log, start, server, warnings } = await scene(t);
  appendFileSync(log, "one\n");
  for (const [input, documents, said] of [
    ["id: app", 1, 0],
    ["id: app", 1, 0],
    ["id: web", 2, 1],
    ["id: web", 2, 1],
  ] as const) {
    const agent = await start("once", input);
    assert.equal(warnings.filter((warning) => !warning.startsWith("no_files")).length, said);
    await agent.readToEnd();
    assert.equal(await agent.deliverAll(5000, AbortSignal.timeout(10_000)), true);
    await agent.stop();
    assert.equal(server.documents().length, documents);
  }
  assert.match(
    warnings.at(-1) ?? "",
    /^input_left: The state knows 1 file of input app, .* and web starts for the first time/,
  );
});

test("what a stop leaves behind is drained by another process", async (t) => {
  const { log, start, server } = await scene(t);
  await server.change(parseFaults("503"));
  appendFileSync(log, "one\ntwo\n");
  const first = await start("follow");
  await eventually("read", () => statusOf(first).ledger.read.records === 2);
  await first.stop();
  assert.deepEqual(statusOf(first).ledger.buffered, { records: 2, bytes: 8 });

  await server.change(NO_FAULTS);
  const second = await start("drain");
  assert.equal(statusOf(second).buffer.mode, "spill");
  assert.equal(await second.deliverAll(5000, AbortSignal.timeout(10_000)), true);
  assert.equal(server.documents().length, 2);
  assert.equal(statusOf(second).ledger.buffered.records, 0);
});

test("without progress it gives up after its patience, and nothing is lost", async (t) => {
  const { log, start, server } = await scene(t);
  await server.change(parseFaults("503"));
  appendFileSync(log, "one\n");
  const agent = await start("once");
  await agent.readToEnd();
  assert.equal(await agent.deliverAll(300, AbortSignal.timeout(10_000)), false);
  assert.deepEqual(statusOf(agent).ledger.buffered, { records: 1, bytes: 4 });
});
