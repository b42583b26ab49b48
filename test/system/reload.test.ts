// SIGHUP: a new configuration takes over without losing or repeating anything, a wrong one changes nothing.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { Workplace } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";

const LINES = 1000;

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
