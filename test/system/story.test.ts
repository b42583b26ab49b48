// The scenario of the article with real parts: a producer that is faster than the destination. The buffer spills, the rungs
// act one after the other, the destination recovers, the buffer drains, and every record is accounted for.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, renameSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace } from "../helpers/agent-process.ts";
import { ROOT } from "../helpers/tree.ts";

const LADDER = [
  { action: "block", enter: "70%", leave: "60%", until: { at_risk: "1MiB" } },
  { action: "sample", enter: "85%", leave: "70%", keep: "25%", always: "level >= error" },
  { action: "drop-oldest", enter: "95%", leave: "85%" },
];
/** Lines per step, about 1 MB, and steps per file. */
const STEP = 5000;
const STEPS_PER_FILE = 3;

/** Writes numbered lines; every fiftieth is an error. Rotated files are deleted soon, so their bytes are at risk. */
class Producer {
  written = 0;
  private readonly path: string;
  private steps = 0;
  private files = 0;

  constructor(path: string) {
    this.path = path;
  }

  step(): void {
    let text = "";
    for (let i = 0; i < STEP; i++, this.written++) {
      const noise = Array.from({ length: 14 }, () => systemClock.random().toString(36).slice(2, 12)).join("");
      const level = this.written % 50 === 0 ? "ERROR" : "INFO";
      text += `2026-11-24T06:40:12Z ${level} request ${this.written} ${noise}\n`;
    }
    appendFileSync(this.path, text);
    if (++this.steps % STEPS_PER_FILE === 0) this.rotate();
  }

  private rotate(): void {
    renameSync(this.path, `${this.path}.${++this.files}`);
    if (this.files > 1) unlinkSync(`${this.path}.${this.files - 1}`);
  }
}

function rungs(agent: AgentProcess): string[] {
  return agent.heard("rung_entered").map((line) => String(line["to"]));
}

test("a slow destination, from the first lag to the last drained record", async (t) => {
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  t.after(async () => {
    await server.stop();
    place.remove();
  });
  place.configure(server.url, {
    inputs: [{ id: "app", paths: [join(place.logs, "app.log")] }],
    buffer: { disk: "24MiB" },
    policies: { default: LADDER },
    output: { batch: { age: "100ms" } },
  });
  const producer = new Producer(join(place.logs, "app.log"));
  const agent = place.run();
  await agent.url();
  producer.step();
  await agent.until("the first lines delivered", ({ ledger }) => ledger.delivered.records === STEP);

  await server.change(parseFaults("503"));
  while (!rungs(agent).includes("drop-oldest")) {
    assert.ok(producer.written < 2_000_000, `the ladder does not climb: ${agent.story()}`);
    producer.step();
    await systemClock.sleep(100);
    await agent.status();
  }
  assert.deepEqual(rungs(agent).slice(0, 3), ["block", "sample", "drop-oldest"]);
  const worst = await agent.until("something dropped", ({ ledger }) => ledger.dropped.oldest.records > 0);
  assert.equal(worst.buffer.mode, "spill");
  assert.ok(worst.ledger.sampled.records > 0);

  await server.change(NO_FAULTS);
  const settled = (s: typeof worst): boolean =>
    s.ledger.buffered.records === 0 &&
    s.inputs["app"]?.lag_bytes === 0 &&
    s.policies["default"]?.action === "accept" &&
    s.buffer.mode === "memory";
  const { ledger, buffer } = await agent.until("drained and accepting", settled, 60_000);
  assert.equal(buffer.mode, "memory");
  assert.equal(ledger.read.records, producer.written);
  const kept = ledger.delivered.records + ledger.duplicates.records;
  assert.equal(kept + ledger.sampled.records + ledger.dropped.oldest.records, producer.written);
  assert.deepEqual(await agent.stop(), { code: 0, signal: null });

  const documents = server.documents().map((d) => d.source as { message: string; _doc_count?: number });
  assert.equal(documents.length, kept);
  const errors = documents.filter((d) => d.message.includes(" ERROR ")).length;
  assert.ok(errors >= producer.written / 50 - ledger.dropped.oldest.records, "an error was sampled out");
  const weights = documents.reduce((sum, d) => sum + (d._doc_count ?? 1), 0);
  const expected = producer.written - ledger.dropped.oldest.records;
  assert.ok(Math.abs(weights / expected - 1) < 0.05, `weights stand for ${weights} of ${expected} records`);
  assertLossesListed(place, ledger.sampled.records, ledger.dropped.oldest.records);
});

/** Checks that `losses list` lists what the policy shed, and that the ranges add up to the ledger's counts. */
function assertLossesListed(place: Workplace, sampled: number, dropped: number): void {
  place.books();
  const run = spawnSync(process.execPath, [
    join(ROOT, "bin/spillway.js"),
    "losses",
    "list",
    "--path",
    place.state,
    "--json",
  ]);
  assert.equal(run.status, 0, run.stderr.toString());
  const { losses } = JSON.parse(run.stdout.toString()) as { losses: (Record<string, unknown> & { records: number })[] };
  const of = (reason: string): number =>
    losses.filter((l) => l["reason"] === reason).reduce((sum, l) => sum + l.records, 0);
  assert.deepEqual([of("sampled"), of("oldest")], [sampled, dropped]);
}
