// The agent in this process, against the sandbox: the facts that it reports while it runs and after it has stopped.
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Worker } from "node:worker_threads";
import { Agent } from "../../src/agent/agent.ts";
import type { Mode } from "../../src/agent/engine.ts";
import { loadText } from "../../src/config/load.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import { buildStatus, type Status } from "../../src/ops/status.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { HostileServer } from "../helpers/hostile-server.ts";
import { eventually } from "../helpers/agent-process.ts";

interface Scene {
  readonly server: BulkServer;
  readonly log: string;
  /** From all agents of this scene. */
  readonly warnings: string[];
  readonly errors: string[];
  /** The system's clock, of which a test can set the monotonic time forward. */
  readonly clock: { skewMs: number };
  /** @param input further keys of the input, including its id */
  start(mode: Mode, input?: string): Promise<Agent>;
}

/** @param url of another server than the sandbox */
async function scene(t: TestContext, url?: string): Promise<Scene> {
  const root = mkdtempSync(join(tmpdir(), "spillway-agent-"));
  const server = await startSandbox({ keep: "documents" }, systemClock);
  const agents: Agent[] = [];
  const warnings: string[] = [];
  const errors: string[] = [];
  const into =
    (lines: string[]) =>
    (event: string, message: string): void =>
      void lines.push(`${event}: ${message}`);
  const log = { ...silentLog, warn: into(warnings), error: into(errors) };
  t.after(async () => {
    for (const agent of agents) {
      agent.hurry();
      await agent.stop();
    }
    await server.stop();
    rmSync(root, { recursive: true, force: true });
  });
  const skew = { skewMs: 0 };
  const clock = { ...systemClock, now: () => systemClock.now() + skew.skewMs };
  return {
    server,
    clock: skew,
    warnings,
    errors,
    log: join(root, "a.log"),
    async start(mode, input = "id: app") {
      const yaml = `
inputs: [{ paths: ["${root}/*.log"], ${input} }]
buffer: { path: "${root}/state", memory: 8MiB, disk: 32MiB }
output: { hosts: ["${url ?? server.url}"], index: logs, batch: { age: 20ms } }
shutdown: { grace: 200ms }
`;
      const { config } = loadText("test.yml", yaml, { env: {} });
      const agent = await Agent.open({ config, mode, version: "0.0.0", clock, log });
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

test("an index that answers an unknown error to everything is stuck in the status, as in the log", async (t) => {
  await using server = await HostileServer.start({ item: () => ({ status: 400, type: "strange_exception" }) });
  const { log, start, errors } = await scene(t, server.url);
  const agent = await start("follow");
  appendFileSync(log, "one\n");
  await eventually("the line of the log", () => errors.some((line) => line.startsWith("output_stalled: logs")));
  const { stuck, last_error: error } = statusOf(agent).output.targets["logs"] ?? {};
  assert.deepEqual([stuck, error?.why.includes("strange_exception")], [true, true]);
  server.does.item = undefined;
  await eventually("it is stored", () => server.count("logs") === 1);
  await eventually("and over", () => statusOf(agent).output.targets["logs"]?.stuck !== true);
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

test("inputs that left are summed apart from an input that somebody calls `retired`", async (t) => {
  const { log, start } = await scene(t);
  appendFileSync(log, "one\n");
  for (const input of ["id: app", "id: web", "id: retired"]) {
    const agent = await start("once", input);
    await agent.readToEnd();
    assert.equal(await agent.deliverAll(5000, AbortSignal.timeout(10_000)), true);
    await agent.stop();
    if (input !== "id: retired") continue;
    const { inputs } = statusOf(agent);
    const read = Object.entries(inputs).map(([id, { ledger }]) => [id, ledger.read.records]);
    assert.deepEqual(read, [
      ["retired", 1],
      ["(retired)", 2],
    ]);
  }
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

test("hands over to a successor: what is under way ends as it began, nothing is sent twice", async (t) => {
  const { log, start, server, clock } = await scene(t);
  await server.change(parseFaults("slow=400ms"));
  appendFileSync(log, "one\ntwo\n");
  const first = await start("follow");
  await eventually("a request under way", () => statusOf(first).output.concurrency.in_flight > 0);
  await first.handOver();
  assert.equal(statusOf(first).ledger.delivered.records, 2);
  assert.equal(statusOf(first).state, "reloading");
  first.engine.tickedAt = -Infinity;
  assert.equal(first.alive(), true, "the successor may take a while to open the state");
  clock.skewMs = 31 * 60_000;
  assert.equal(first.alive(), false, "but not for ever");
  clock.skewMs = 0;
  const second = await start("follow");
  appendFileSync(log, "three\n");
  const { ledger } = await eventually("the third line", () => {
    const status = statusOf(second);
    return status.ledger.delivered.records === 3 && status;
  });
  assert.equal(ledger.duplicates.records, 0);
  assert.equal(server.documents().length, 3);
});

test("the end of the database's thread can be told before its answer: nobody takes its place", async (t) => {
  const { start, errors } = await scene(t);
  const agent = await start("follow");
  const { worker } = (agent as unknown as { readonly spool: { readonly worker: Worker } }).spool;
  const post = worker.postMessage.bind(worker);
  worker.postMessage = (call: { readonly kind: string }): void => {
    post(call);
    if (call.kind === "close") worker.emit("exit", 0);
  };
  await agent.stop();
  assert.deepEqual(errors, []);
});

test("a server that never answers holds a handing over up until somebody is in a hurry", async (t) => {
  const { log, start, server } = await scene(t);
  await server.change(parseFaults("hang"));
  appendFileSync(log, "one\n");
  const agent = await start("follow");
  await eventually("a request under way", () => statusOf(agent).output.concurrency.in_flight > 0);
  let ended = false;
  const handOver = agent.handOver().then(() => (ended = true));
  await systemClock.sleep(300);
  assert.equal(ended, false);
  agent.hurry();
  await handOver;
  assert.deepEqual(statusOf(agent).ledger.buffered, { records: 1, bytes: 4 });
});
