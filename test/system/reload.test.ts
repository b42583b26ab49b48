// SIGHUP: a new configuration takes effect without losing or repeating anything; an invalid one changes nothing.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, constants, existsSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import type { StatusDocument } from "../../src/ops/status.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace, eventually } from "../helpers/agent-process.ts";
import { Guard } from "../helpers/guard.ts";
import { HostileServer } from "../helpers/hostile-server.ts";
import { Numbered } from "../helpers/numbered.ts";

const LINES = 1000;
const MIB = 2 ** 20;

async function scene(t: TestContext): Promise<{ place: Workplace; server: BulkServer; numbered: Numbered }> {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  const numbered = new Numbered();
  numbered.append(join(place.logs, "a.log"), LINES);
  return { place, server, numbered };
}

function input(place: Workplace, id: string): Record<string, unknown> {
  return { id, paths: [join(place.logs, `${id}.log`)] };
}

test("a new input is read, the old one goes on where it was, the counters go on", async (t) => {
  const { place, server, numbered } = await scene(t);
  const output = { batch: { age: "50ms" } };
  place.configure(server.url, { inputs: [input(place, "a")], output });
  const agent = place.run();
  await agent.until("the first lines", ({ ledger }) => ledger.delivered.records === LINES);
  numbered.append(join(place.logs, "b.log"), LINES);
  place.configure(server.url, { inputs: [input(place, "a"), input(place, "b")], output });
  agent.signal("SIGHUP");
  await agent.hears("reloaded");
  numbered.append(join(place.logs, "a.log"), LINES);
  const { inputs, ledger } = await agent.until("all", (s) => s.ledger.delivered.records === 3 * LINES);
  assert.deepEqual(Object.keys(inputs), ["a", "b"]);
  assert.equal(ledger.duplicates.records, 0);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  numbered.assertStored(server);
});

test("no counter falls while an input and a ladder are removed and come back", async (t) => {
  const { place, server, numbered } = await scene(t);
  const output = { batch: { age: "50ms" } };
  const counters = new Map<string, number>();
  const policies = { calm: [{ action: "block", enter: "80%", leave: "50%" }] };
  let agent: AgentProcess | undefined;
  let reloads = 0;
  for (const ids of ["abc", "c", "ac", "abc", "b", "abc"]) {
    const inputs = [...ids].map((id) => ({ ...input(place, id), policy: id === "b" ? "calm" : "default" }));
    place.configure(server.url, { inputs, output, policies: ids.includes("b") ? policies : {} });
    if (agent === undefined) agent = place.run();
    else {
      agent.signal("SIGHUP");
      await agent.hears("reloaded", reloads++);
    }
    for (const id of ids) numbered.append(join(place.logs, `${id}.log`), LINES);
    await agent.until("all", ({ ledger }) => ledger.delivered.records === numbered.written);
    await noneFell(agent, counters);
  }
  assert.equal(counters.get('spillway_read_records_total{input="(retired)"}'), 0, "nothing was read for a removed one");
  numbered.assertStored(server);
});

test("no counter falls when a reload has to read again, and send again, what was in memory alone", async (t) => {
  const place = new Workplace();
  let bulks = 0;
  const server = await HostileServer.start({ whole: () => (bulks++ === 0 ? "hang" : undefined) });
  t.after(async () => {
    await server[Symbol.asyncDispose]();
    place.remove();
  });
  const numbered = new Numbered();
  const output = { timeout: "5s", batch: { age: "50ms" } };
  const sections = { inputs: [input(place, "a")], buffer: { disk: "0" } };
  place.configure(server.url, { ...sections, output });
  const agent = place.run();
  numbered.append(join(place.logs, "a.log"), LINES);
  await agent.until("the first lines are sent", (status) => status.output.concurrency.in_flight === 1);
  numbered.append(join(place.logs, "a.log"), LINES);
  await agent.until("the others are stored", ({ ledger }) => ledger.delivered.records === LINES);
  const counters = new Map<string, number>();
  await noneFell(agent, counters);
  const counted = (name: string): number => counters.get(`spillway_${name}`) ?? NaN;
  assert.equal(counted('read_records_total{input="a"}'), 2 * LINES);
  server.does.whole = () => "hang";
  place.configure(server.url, { ...sections, output: { ...output, compression: "none" } });
  agent.signal("SIGHUP");
  await agent.hears("reloaded");
  await noneFell(agent, counters);
  server.does.whole = undefined;
  await agent.until("all", ({ ledger }) => ledger.delivered.records + ledger.duplicates.records === 2 * LINES);
  await noneFell(agent, counters);
  assert.equal(counted('records_total{input="a",fate="delivered"}'), 2 * LINES);
  assert.equal(counted('records_total{input="a",fate="duplicates"}'), LINES);
  assert.equal(counted('read_records_total{input="a"}'), 4 * LINES, "all was read twice");
  assert.equal(server.stored.size, 2 * LINES);
});

/** Checks all counters of /metrics against those seen before, which it updates. */
async function noneFell(agent: AgentProcess, counters: Map<string, number>): Promise<void> {
  const metrics = await (await fetch(`${await agent.url()}metrics`)).text();
  const types = new Map([...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
  for (const [, series = "", name, value] of metrics.matchAll(/^((\w+)\S*) (\S+)$/gm)) {
    if (types.get(name) !== "counter") continue;
    assert.ok(Number(value) >= (counters.get(series) ?? 0), `${series} fell from ${counters.get(series)} to ${value}`);
    counters.set(series, Number(value));
  }
}

for (const fault of ["down", "503=100%"])
  test(`an outage (${fault}) that ends after a reload is said to have ended, once`, async (t) => {
    const { place, server, numbered } = await scene(t);
    await server.change(parseFaults(fault));
    const sections = { inputs: [input(place, "a")], output: { batch: { age: "50ms" } } };
    place.configure(server.url, sections);
    const agent = place.run();
    await agent.hears("output_down");
    place.configure(server.url, { ...sections, output: { batch: { age: "60ms" } } });
    agent.signal("SIGHUP");
    await agent.hears("reloaded");
    await server.change(NO_FAULTS);
    assert.match((await agent.hears("output_up")).msg, /answers again after/);
    await agent.until("all", ({ ledger }) => ledger.delivered.records + ledger.duplicates.records === LINES);
    assert.deepEqual(await agent.stop(), { code: 0, signal: null });
    assert.deepEqual([agent.heard("output_down").length, agent.heard("output_up").length], [1, 1]);
    numbered.assertStored(server);
  });

test("an index that takes nothing until after a reload is named once, and so is its end", async (t) => {
  const place = new Workplace();
  const server = await HostileServer.start({ item: () => ({ status: 403, type: "security_exception" }) });
  t.after(async () => {
    await server[Symbol.asyncDispose]();
    place.remove();
  });
  new Numbered().append(join(place.logs, "a.log"), LINES);
  const sections = { inputs: [input(place, "a")], output: { batch: { age: "50ms" } } };
  place.configure(server.url, sections);
  const agent = place.run();
  await agent.hears("output_stalled");
  place.configure(server.url, { ...sections, output: { batch: { age: "60ms" } } });
  agent.signal("SIGHUP");
  await agent.hears("reloaded");
  server.does.item = undefined;
  assert.match((await agent.hears("output_recovered")).msg, /takes again after/);
  await agent.until("all", ({ ledger }) => ledger.delivered.records === LINES);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  assert.deepEqual([agent.heard("output_stalled").length, agent.heard("output_recovered").length], [1, 1]);
});

test("a wrong configuration is refused with its reason, and the old one stays in force", async (t) => {
  const { place, server, numbered } = await scene(t);
  place.configure(server.url, { inputs: [input(place, "a")], output: { batch: { age: "50ms" } } });
  const agent = place.run();
  await agent.until("the first lines", ({ ledger }) => ledger.delivered.records === LINES);
  writeFileSync(place.config, "inputs: [{ id: a, pathz: [] }]\n");
  agent.signal("SIGHUP");
  const { level, msg } = await agent.hears("reload_refused");
  assert.equal(level, "error");
  assert.match(msg, /nothing was changed/);
  numbered.append(join(place.logs, "a.log"), LINES);
  await agent.until("the next lines", ({ ledger }) => ledger.delivered.records === 2 * LINES);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  numbered.assertStored(server);
});

test("everything changes live but memory and path, which is said, and the figures go on", async (t) => {
  const { place, server, numbered } = await scene(t);
  const other = await startSandbox({ keep: "documents" }, systemClock);
  t.after(() => other.stop());
  const output = { batch: { age: "50ms" } };
  place.configure(server.url, { inputs: [input(place, "a")], output });
  const agent = place.run();
  const before = await agent.until("the first lines", ({ ledger }) => ledger.delivered.records === LINES);
  const elsewhere = join(place.root, "elsewhere");
  const policies = { default: [{ action: "drop-newest", enter: "80%", leave: "50%" }] };
  const buffer = { path: elsewhere, memory: "16MiB", disk: "96MiB" };
  place.configure(other.url, { inputs: [input(place, "a")], output, policies, buffer });
  agent.signal("SIGHUP");
  const { changed } = (await agent.hears("reloaded")) as unknown as { changed: readonly string[] };
  assert.deepEqual([...changed].sort(), ["buffer.disk", "output.hosts", "policies.default"]);
  const { msg, options } = await agent.hears("restart_needed");
  assert.match(msg, /^buffer\.path, buffer\.memory stay as they are until spillway is restarted/);
  assert.deepEqual(options, ["buffer.path", "buffer.memory"]);
  numbered.append(join(place.logs, "a.log"), LINES);
  const after = await agent.until("the next lines", ({ ledger }) => ledger.delivered.records === 2 * LINES);
  assert.equal(other.documents().length, LINES);
  assert.deepEqual([after.buffer.memory.max, after.buffer.disk.max], [8 * MIB, 96 * MIB]);
  assert.deepEqual(
    after.policies["default"]?.rungs.map(({ action }) => action),
    ["drop-newest"],
  );
  assert.equal(existsSync(elsewhere), false);
  assert.ok(after.uptime_seconds > before.uptime_seconds);
  assert.ok(after.output.requests.total > before.output.requests.total);
  assert.equal(after.output.items.stored, 2 * LINES);
  const metrics = await (await fetch(`${await agent.url()}metrics`)).text();
  assert.match(metrics, /^spillway_config_restart_needed 1$/m);
  assert.match(metrics, /^spillway_config_reloads_total\{result="succeeded"\} 1$/m);
  const { count, latency } = { count: /_seconds_count (\d+)$/m.exec(metrics)?.[1], latency: after.output };
  assert.equal(Number(count), latency.requests.total, "the histogram goes on too");
});

test("the level of the log changes without touching the agent", async (t) => {
  const { place, server } = await scene(t);
  const sections = { inputs: [input(place, "a")], output: { batch: { age: "50ms" } } };
  place.configure(server.url, sections);
  const agent = place.run();
  await agent.until("the lines", ({ ledger }) => ledger.delivered.records === LINES);
  const reloads = async (level: string, n: number): Promise<void> => {
    place.configure(server.url, { ...sections, log: { level } });
    agent.signal("SIGHUP");
    await eventually(`reload ${n}`, async () => {
      const { config } = (await (await fetch(`${await agent.url()}status`)).json()) as StatusDocument;
      return config.reloads.succeeded === n;
    });
  };
  await reloads("error", 1);
  assert.equal(agent.heard("reloaded").length, 0, "it is not of level error");
  await reloads("info", 2);
  await agent.hears("reloaded");
  assert.equal(agent.heard("ready").length, 1);
});

test("a configuration that does not start leaves the old one in force", async (t) => {
  const { place, server, numbered } = await scene(t);
  const sections = { inputs: [input(place, "a")], output: { batch: { age: "50ms" } } };
  place.configure(server.url, sections);
  const agent = place.run();
  await agent.until("the first lines", ({ ledger }) => ledger.delivered.records === LINES);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const listen = `127.0.0.1:${port}`;
  place.configure(server.url, { ...sections, admin: { listen }, buffer: { disk: "96MiB" } });
  agent.signal("SIGHUP");
  const { msg } = await agent.hears("reload_failed");
  assert.match(msg, /the old one is in force: could not listen on 127\.0\.0\.1:\d+ .* it is in use/);
  numbered.append(join(place.logs, "a.log"), LINES);
  const { buffer } = await agent.until("the next lines", ({ ledger }) => ledger.delivered.records === 2 * LINES);
  assert.equal(buffer.disk.max, 64 * MIB);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  numbered.assertStored(server);
});

test("requests under way end as they began: ten reloads send nothing twice", async (t) => {
  const { place, server, numbered } = await scene(t);
  await server.change(parseFaults("slow=100ms"));
  const guard = await Guard.start(server.url, "the-key-of-this-test");
  t.after(() => guard.stop());
  const output = { auth: { api_key: guard.key }, batch: { age: "20ms", records: 500 } };
  const sections = { inputs: [input(place, "a")], output };
  place.configure(guard.url, sections);
  const agent = place.run();
  await agent.until("the first lines", ({ ledger }) => ledger.delivered.records === LINES);
  for (let n = 1; n <= 10; n++) {
    const gate = Promise.withResolvers<void>();
    guard.gate = gate.promise;
    numbered.append(join(place.logs, "a.log"), LINES);
    await agent.until("a request under way", (s) => s.output.concurrency.in_flight > 0);
    place.configure(guard.url, { ...sections, buffer: { max_age: `${n}d` } });
    agent.signal("SIGHUP");
    gate.resolve();
    await eventually(`reload ${n}`, () => agent.heard("reloaded").length === n);
  }
  const { ledger } = await agent.until("all", (s) => s.ledger.delivered.records === numbered.written);
  assert.equal(ledger.duplicates.records, 0);
  numbered.assertStored(server);
});

test("a secret that is written anew is taken over by itself: the agent goes on with the new one", async (t) => {
  const { place, server, numbered } = await scene(t);
  const key = join(place.root, "key");
  writeFileSync(key, "old-key-old-key");
  const guard = await Guard.start(server.url, "old-key-old-key");
  t.after(() => guard.stop());
  const auth = { api_key: "${file:" + key + "}" };
  place.configure(guard.url, { inputs: [input(place, "a")], output: { auth, batch: { age: "50ms" } } });
  const agent = place.run();
  await agent.until("the first lines", ({ ledger }) => ledger.delivered.records === LINES);
  guard.key = "new-key-new-key-new-key";
  writeFileSync(key, guard.key);
  numbered.append(join(place.logs, "a.log"), LINES);
  const { msg } = await agent.hears("secret_files_changed");
  assert.ok(msg.includes(key) && !msg.includes("new-key"), msg);
  const { changed } = await agent.hears("reloaded");
  assert.deepEqual(changed, ["output.auth"]);
  await agent.until("all", (s) => s.ledger.delivered.records + s.ledger.duplicates.records === 2 * LINES);
  await agent.stop();
  numbered.assertStored(server);
});

/** An agent whose first lines are stored, and whose later requests wait at the guard until `release`. */
async function held(t: TestContext, sections: Readonly<Record<string, object>> = {}) {
  const { place, server, numbered } = await scene(t);
  const guard = await Guard.start(server.url, "the-key-of-this-test");
  t.after(() => guard.stop());
  const batch = { age: "20ms", records: 500 };
  const output = { auth: { api_key: guard.key }, batch, timeout: "5m" };
  const given = { inputs: [input(place, "a"), input(place, "b")], output, ...sections };
  place.configure(guard.url, given);
  const agent = place.run();
  await agent.until("the first lines", ({ ledger }) => ledger.delivered.records === LINES);
  const gate = Promise.withResolvers<void>();
  guard.gate = gate.promise;
  numbered.append(join(place.logs, "a.log"), LINES);
  await agent.until("a request under way", (s) => s.output.concurrency.in_flight > 0);
  const reload = async (): Promise<void> => {
    place.configure(guard.url, { ...given, buffer: { max_age: "3d" } });
    agent.signal("SIGHUP");
    await agent.hears("reloading");
  };
  return { place, server, numbered, agent, reload, release: () => gate.resolve() };
}

test("while a reload waits for the answers of requests, reading goes on, and nothing is sent twice", async (t) => {
  const { place, server, numbered, agent, reload, release } = await held(t);
  await reload();
  numbered.append(join(place.logs, "b.log"), LINES);
  const waiting = await agent.until("the new file is read", ({ ledger }) => ledger.read.records === 3 * LINES);
  assert.equal(waiting.state, "reloading");
  const ready = await fetch(`${await agent.url()}readyz`);
  assert.deepEqual([ready.status, (await ready.text()).trim()], [200, "ready"], "it reads on");
  assert.equal(agent.heard("reloaded").length, 0);
  rmSync(join(place.logs, "b.log"));
  release();
  await agent.hears("reloaded");
  const { ledger, state } = await agent.until("all", (s) => s.ledger.delivered.records === 3 * LINES);
  assert.deepEqual([ledger.duplicates.records, state], [0, "running"]);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
  numbered.assertStored(server);
});

test("a stop while a reload waits for the answers of requests: the old agent stops as usual", async (t) => {
  const { server, numbered, agent, reload, release } = await held(t);
  await reload();
  agent.signal("SIGTERM");
  const { msg } = await agent.hears("stopping");
  assert.match(msg, /^delivering for at most 10 s/);
  release();
  assert.deepEqual(await agent.exited, { code: 0, signal: null });
  assert.deepEqual([agent.heard("ready").length, agent.heard("reloaded").length], [1, 0]);
  numbered.assertStored(server);
});

/** The file b.log of 8 MiB: a `block` rung makes reading wait in it, and it has lost its name. */
async function atRisk(t: TestContext) {
  const policies = { default: [{ action: "block", enter: "2%", leave: "1%" }] };
  const scene = await held(t, { policies });
  const size = 8 * MIB;
  const file = join(scene.place.logs, "b.log");
  // Random, because what is buffered counts at its compressed size.
  const lines = Array.from({ length: size / 1024 }, () => `${randomBytes(1024).toString("base64").slice(0, 1023)}\n`);
  writeFileSync(file, lines.join(""));
  await scene.agent.until("reading waits", ({ inputs }) => inputs["b"]?.waiting !== null);
  rmSync(file);
  await scene.agent.until("the file has no name", ({ inputs }) => (inputs["b"]?.at_risk_bytes ?? 0) > 0);
  return { ...scene, size, lines };
}

test("files without a name go on to be read after a reload", async (t) => {
  const { agent, reload, release, server, lines } = await atRisk(t);
  await reload();
  release();
  await agent.hears("reloaded");
  const all = 2 * LINES + lines.length;
  const { inputs, ledger } = await agent.until("all", (s) => s.ledger.delivered.records === all);
  assert.deepEqual([inputs["b"]?.unread.deleted, ledger.duplicates.records], [0, 0]);
  const stored = new Set(server.documents().map(({ source }) => source["message"]));
  assert.ok(lines.every((line) => stored.has(line.trimEnd())));
  assert.deepEqual(agent.heard("source_gone"), []);
});

test("a SIGHUP during the start does not end the agent, and is heeded when it listens", async (t) => {
  const { place, server } = await scene(t);
  const sections = { inputs: [input(place, "a")], output: { batch: { age: "50ms" } } };
  place.configure(server.url, sections);
  const text = readFileSync(place.config);
  // The agent waits for its configuration until somebody writes it.
  rmSync(place.config);
  execFileSync("mkfifo", [place.config]);
  const agent = place.run();
  const fd = await eventually("it reads its configuration", () => {
    try {
      return openSync(place.config, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      return undefined;
    }
  });
  const caught = /^SigCgt:\s+(\w+)$/m.exec(readFileSync(`/proc/${agent.pid}/status`, "latin1"))?.[1];
  assert.equal(BigInt(`0x${caught}`) & 1n, 1n, "the first signal is SIGHUP");
  agent.signal("SIGHUP");
  writeSync(fd, text);
  closeSync(fd);
  rmSync(place.config);
  place.configure(server.url, sections);
  await agent.hears("reloaded");
  await agent.until("the first lines", ({ ledger }) => ledger.delivered.records === LINES);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });
});

test("a SIGHUP does not end a run that ends by itself, nor the requests under way", async (t) => {
  const { place, server, numbered } = await scene(t);
  await server.change(parseFaults("slow=500ms"));
  place.configure(server.url, { inputs: [input(place, "a")], output: { batch: { records: 100 }, concurrency: 1 } });
  const agent = place.run("--once");
  await agent.until("a request under way", (s) => s.output.concurrency.in_flight > 0);
  agent.signal("SIGHUP");
  await agent.hears("reload_ignored");
  assert.deepEqual(await agent.exited, { code: 0, signal: null });
  numbered.assertStored(server);
});
