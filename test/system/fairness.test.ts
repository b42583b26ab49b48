// A quiet file beside a hundred busy ones: its lines must be read within a second, however much the others have to read.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { Workplace, eventually } from "../helpers/agent-process.ts";

const BUSY = 100;
/** Bytes in each busy file before the agent starts: more than the agent reads while the test writes to the quiet file. */
const BACKLOG = 1 << 20;
const ROUNDS = 5;

test("a quiet file is read within a second next to a hundred busy ones", async (t) => {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  const [busy, quiet] = [join(place.logs, "busy"), join(place.logs, "quiet.log")];
  place.configure(server.url, { output: { batch: { age: "50ms" }, rate: "4MiB" } });
  const text = `${"x".repeat(4095)}\n`.repeat(BACKLOG / 4096);
  for (let i = 0; i < BUSY; i++) appendFileSync(`${busy}-${i}.log`, text);
  const agent = place.run();
  t.after(() => agent.runs && agent.kill());
  await agent.until("the busy ones", ({ ledger }) => ledger.delivered.records > BUSY);
  const late: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const written = systemClock.wall();
    appendFileSync(quiet, `quiet ${round}\n`);
    const found = await eventually("the quiet line", () =>
      server.documents().find(({ source }) => source["message"] === `quiet ${round}`),
    );
    late.push(Date.parse(found.source["@timestamp"] as string) - written);
  }
  const status = await agent.status();
  assert.ok((status?.inputs["app"]?.lag_bytes ?? 0) > BACKLOG, "the others are still busy");
  assert.ok(Math.max(...late) < 1000, `read after ${late.join(", ")} ms`);
});
