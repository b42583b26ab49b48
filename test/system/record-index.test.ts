// Indices that depend on the record: the real agent, a real file, and a server that keeps the documents.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { eventually, Workplace } from "../helpers/agent-process.ts";

async function scene(t: TestContext, faults = ""): Promise<{ place: Workplace; server: BulkServer; path: string }> {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents", faults: parseFaults(faults) }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  return { place, server, path: join(place.logs, "a.log") };
}

async function once(place: Workplace): Promise<void> {
  const agent = place.run("--once");
  assert.deepEqual(await agent.exited, { code: 0, signal: null }, agent.story());
  assert.equal(place.books().rows.records, 0);
}

/** The numbers of the lines that each index holds. */
function stored(server: BulkServer, number: (source: any) => number): Record<string, number[]> {
  const indices: Record<string, number[]> = {};
  for (const { index, source } of server.documents()) (indices[index] ??= []).push(number(source));
  for (const numbers of Object.values(indices)) numbers.sort((a, b) => a - b);
  return indices;
}

const DATED = { index: "logs-{date:yyyy.MM.dd}", batch: { age: "10ms" } };

test("a record goes to the index of its own day, a late one too; without a time to that of its reading", async (t) => {
  const { place, server, path } = await scene(t);
  place.configure(server.url, { inputs: [{ id: "app", paths: [path], format: "json" }], output: DATED });
  const before = new Date().toISOString().slice(0, 10);
  const times = [
    "2026-03-01T23:59:59.999Z",
    "2026-03-02T00:00:00Z",
    "2026-03-02T01:00:00+02:00",
    "2026-03-02T09:00:00Z",
  ];
  times.forEach((time, n) => appendFileSync(path, `${JSON.stringify({ n, "@timestamp": time })}\n`));
  appendFileSync(path, '{"n":4,"@timestamp":"not a date"}\n{"n":5}\nno JSON\n');
  await once(place);
  const indices = stored(server, ({ n }) => n ?? 6);
  const { "logs-2026.03.01": first, "logs-2026.03.02": second, ...today } = indices;
  assert.deepEqual(
    [first, second],
    [
      [0, 2],
      [1, 3],
    ],
  );
  // The day may change during the test.
  const days = new Set(
    [before, new Date().toISOString().slice(0, 10)].map((day) => `logs-${day.replaceAll("-", ".")}`),
  );
  assert.ok(
    Object.keys(today).every((name) => days.has(name)),
    JSON.stringify(today),
  );
  assert.deepEqual(Object.values(today).flat(), [4, 5, 6]);
  for (const { index, source } of server.documents())
    assert.equal(index, `logs-${String(source["@timestamp"]).slice(0, 10).replaceAll("-", ".")}`);
});

/** Writes 600 lines over three days. Every tenth line comes a day late. */
function days(path: string): void {
  let text = "";
  for (let n = 0; n < 600; n++) {
    const day = 11 + Math.floor(n / 200) - (n % 10 === 9 ? 1 : 0);
    text += `2026-03-${day}T12:00:00Z line ${n}\n`;
  }
  appendFileSync(path, text);
}

function assertDays(server: BulkServer): void {
  const indices = stored(server, ({ message }) => Number(message.split(" ").at(-1)));
  const wanted: Record<string, number[]> = {};
  for (let n = 0; n < 600; n++) {
    const day = 11 + Math.floor(n / 200) - (n % 10 === 9 ? 1 : 0);
    (wanted[`logs-2026.03.${day}`] ??= []).push(n);
  }
  assert.deepEqual(indices, wanted);
}

const TEXT = { format: "text", timestamp: { format: "rfc3339" } };

test("a kill between storing and the answer changes no target: nothing is missing, nothing is there twice", async (t) => {
  const { place, server, path } = await scene(t, "lost=100%");
  days(path);
  place.configure(server.url, { inputs: [{ id: "app", paths: [path], ...TEXT }], output: DATED });
  const agent = place.run();
  await eventually(
    "some documents of each day",
    () => new Set(server.documents().map(({ index }) => index)).size === 4,
  );
  await agent.kill();
  await server.change(NO_FAULTS);
  await once(place);
  assertDays(server);
});

test("rows of an outage keep their target through a restart with another pattern", async (t) => {
  const { place, server, path } = await scene(t, "down");
  days(path);
  const inputs = [{ id: "app", paths: [path], ...TEXT }];
  place.configure(server.url, { inputs, output: DATED, shutdown: { grace: "100ms" } });
  const agent = place.run();
  await agent.until("all is read", ({ ledger }) => ledger.read.records === 600);
  await agent.stop();
  assert.equal(place.books().rows.records, 600);
  await server.change(NO_FAULTS);
  place.configure(server.url, { inputs, output: { ...DATED, index: "other" } });
  await once(place);
  assertDays(server);
});

test("members choose the index: 64 values have one each, hostile ones are made legal, the rest shares one", async (t) => {
  const { place, server, path } = await scene(t);
  const index = "logs-{field:service.name}-default";
  place.configure(server.url, { inputs: [{ id: "app", paths: [path], format: "json" }], output: { ...DATED, index } });
  const hostile = [
    "../../_all",
    "A B",
    "-_+x",
    "..",
    "a\u0000\n/b",
    "\ud800",
    "y".repeat(400),
    "{date:yyyy}",
    "*,-secret",
  ];
  const values = [...hostile, ...Array.from({ length: 100 }, (_, i) => `app-${i}`)];
  let text = '{"n":-1}\nno JSON\n{"n":-2,"service":{"name":{"a":1}}}\n';
  // Each value twice: as the member `service.name`, and as `name` within `service`.
  for (const [n, value] of values.entries()) text += `${JSON.stringify({ n, "service.name": value })}\n`;
  for (const [n, value] of values.entries()) text += `${JSON.stringify({ n, service: { name: value } })}\n`;
  appendFileSync(path, text);
  await once(place);
  const indices = stored(server, ({ n }) => n ?? 0);
  const own = 64 - hostile.length;
  assert.deepEqual(
    new Set(Object.keys(indices)),
    new Set(
      [
        ...["unknown", "other", ".._..__all", "a_b", "-_+x", "..", "a___b", "\ufffd", "y".repeat(100), "_date_yyyy_"],
        ...["__-secret", ...Array.from({ length: own }, (_, i) => `app-${i}`)],
      ].map((name) => `logs-${name}-default`),
    ),
  );
  const rest = values.map((_, n) => n).slice(64);
  assert.deepEqual(
    indices["logs-other-default"],
    [...rest, ...rest].sort((a, b) => a - b),
  );
  assert.deepEqual(indices["logs-app-0-default"], [hostile.length, hostile.length]);
  assert.deepEqual(indices["logs-unknown-default"], [-2, -1, 0]);
  assert.equal(server.documents().length, 3 + 2 * values.length);
});

test("an index that records choose from its beginning on is refused, with what to do", async (t) => {
  const { place, server, path } = await scene(t);
  const inputs = [{ id: "app", paths: [path], format: "json" }];
  place.configure(server.url, { inputs, output: { index: "{field:service.name}-logs" } });
  const agent = place.run();
  assert.equal((await agent.exited).code, 78);
  assert.match(agent.said.join(" "), /which records bring, at its beginning.*begin it with constant text/);
});
