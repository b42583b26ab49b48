// Records of every format, with a sampling rung, spilled rows and SIGKILL. Each record is delivered as written, or listed as
// sampled, or counted as filtered, to the byte. ROUNDS sets the number of kills, SEED repeats a run.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openForReading } from "../../src/buffer/spool/database.ts";
import { type LossFacts, readLosses } from "../../src/buffer/inspect/losses.ts";
import { systemClock } from "../../src/core/clock.ts";
import { FATES } from "../../src/core/fate.ts";
import { sampleHash, thinning } from "../../src/policy/sample.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace } from "../helpers/agent-process.ts";
import { Random } from "./random.ts";
import { type Expected, SHAPES } from "./shapes.ts";
import { SEED } from "../helpers/seed.ts";

const KEEP = 4;
const LADDER = [
  { action: "sample", enter: "10%", leave: "2%", keep: `1/${KEEP}`, always: "level >= error" },
  { action: "block", enter: "80%", leave: "70%" },
];
/** Most bytes of one step, and the limit for the steps of one run of the agent. */
const STEP = 40_000;
const STEPS = 12;
const ALARMS = ["unexpected_duplicates", "disk_failed", "row_unreadable", "row_corrupt"];

/** One log of one format, with the records written to it by offset. */
class Log {
  readonly name: string;
  readonly path: string;
  readonly records = new Map<number, Expected>();
  size = 0;
  private rest: Buffer = Buffer.alloc(0);
  private written = 0;

  constructor(name: string, directory: string) {
    this.name = name;
    this.path = join(directory, `${name}.log`);
  }

  /** Appends whole records and a part of another. The next step appends the rest. */
  step(random: Random, bytes: number): void {
    const parts = [this.rest];
    for (const until = this.size + bytes; this.size < until;) {
      const unit = (SHAPES[this.name] as (typeof SHAPES)[string]).write(this.written, random);
      for (const record of unit.records) this.records.set(this.size + record.at, record);
      this.written += unit.records.length;
      this.size += unit.bytes.length;
      parts.push(unit.bytes);
    }
    const all = Buffer.concat(parts);
    const cut = all.length - random.below(100);
    appendFileSync(this.path, all.subarray(0, cut));
    this.rest = all.subarray(cut);
  }

  finish(): void {
    appendFileSync(this.path, this.rest);
  }
}

/** Starts the agent and writes logs while it runs. The caller kills it. */
async function life(place: Workplace, logs: readonly Log[], random: Random): Promise<AgentProcess> {
  const agent = place.run();
  await agent.url();
  for (let steps = random.below(STEPS); steps > 0; steps--) {
    for (const log of logs) log.step(random, random.below(STEP));
    await agent.status();
    await systemClock.sleep(random.below(100));
  }
  await systemClock.sleep(random.below(300));
  return agent;
}

async function killed(place: Workplace, agent: AgentProcess): Promise<void> {
  assert.ok(agent.runs, `ended by itself: ${agent.story()}`);
  await agent.kill();
  for (const event of ALARMS) assert.deepEqual(agent.heard(event), []);
  place.books();
}

function losses(place: Workplace): LossFacts[] {
  const db = openForReading(place.state);
  assert.ok(db !== undefined);
  try {
    return [...readLosses(db, undefined)];
  } finally {
    db.close();
  }
}

function sampledIn(place: Workplace, input: string): number {
  const account = place.books().inputs.find((books) => books.input === input)?.account;
  return account?.fates[FATES.indexOf("sampled")]?.records ?? 0;
}

/** Compares a log with the stored documents. @returns the counts of missing records that the ledger must show */
function compare(log: Log, server: BulkServer, place: Workplace): { sampled: number; filtered: number } {
  const { id: source = "" } = place.books().sources.find(({ input }) => input === log.name) ?? {};
  const ranges = losses(place).filter((loss) => loss.source === source);
  const { seedHigh, seedLow, threshold } = thinning(source, { keep: KEEP, always: "error" });
  const isKept = (offset: number): boolean => sampleHash(seedHigh, seedLow, offset) < threshold;
  const documents = new Map<number, any>();
  for (const { source: stored } of server.documents()) {
    const found = stored as any;
    if (found.event.dataset !== log.name) continue;
    assert.ok(!documents.has(found.log.offset), `twice: ${found.message}`);
    documents.set(found.log.offset, found);
  }
  const missing = { sampled: 0, filtered: 0 };
  for (const [offset, { message, level, time, fate }] of log.records) {
    const found = documents.get(offset);
    documents.delete(offset);
    const listed = ranges.some(({ start, end, keep }) => start <= offset && offset < end && keep === KEEP);
    const where = `${log.name} at ${offset}: ${message.slice(0, 40)}`;
    if (fate === "filtered") {
      assert.equal(found, undefined, where);
      missing.filtered++;
    } else if (found === undefined) {
      assert.ok(level !== "error" && !isKept(offset), `should have been kept: ${where}`);
      assert.ok(listed, `lost: ${where}`);
      missing.sampled++;
    } else {
      assert.deepEqual([found.message, found.log.level], [message, level], where);
      if (time !== undefined) assert.equal(found["@timestamp"], time, where);
      const rate = found.sample?.rate;
      assert.equal(rate, found._doc_count, where);
      if (rate !== undefined || listed) assert.equal(rate, level === "error" ? undefined : KEEP, where);
      if (rate !== undefined) assert.ok(isKept(offset), where);
    }
  }
  assert.deepEqual([...documents.keys()], [], `${log.name}: never written`);
  return missing;
}

test("every format, sampled, through rows and kills", async (t) => {
  const rounds = Number(process.env["ROUNDS"] ?? 6);
  t.diagnostic(`seed ${SEED}`);
  const random = new Random(SEED);
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  t.after(() => server.stop());
  const logs = Object.keys(SHAPES).map((name) => new Log(name, place.logs));
  place.configure(server.url, {
    inputs: logs.map(({ name, path }) => ({ id: name, paths: [path], ...SHAPES[name]?.input })),
    buffer: { disk: "24MiB" },
    policies: { default: LADDER },
    output: { batch: { age: "50ms" }, timeout: "1s" },
  });

  await server.change(parseFaults("down"));
  const first = await life(place, logs, random);
  // Durably, of every input: what is only in memory when the agent is killed is read again, perhaps below the rung.
  const isSampled = ({ name }: Log): boolean => sampledIn(place, name) > 0;
  while (!logs.every(isSampled) || (await first.status())?.buffer.mode !== "spill") {
    assert.ok((logs[0] as Log).size < 20e6, `neither spilled nor sampled: ${first.story()}`);
    for (const log of logs) log.step(random, STEP);
    await systemClock.sleep(100);
  }
  await killed(place, first);
  for (let round = 0; round < rounds; round++) {
    await server.change(parseFaults(random.pick(["down", "down", "503", "lost=50%", "rate=1MiB/s"])));
    await killed(place, await life(place, logs, random));
  }
  for (const log of logs) log.finish();
  await server.change(NO_FAULTS);
  const last = place.run("--once");
  assert.deepEqual(await last.exited, { code: 0, signal: null }, last.story());

  const { inputs, rows } = place.books();
  assert.equal(rows.records, 0);
  for (const log of logs) {
    const missing = compare(log, server, place);
    const account = inputs.find(({ input }) => input === log.name)?.account;
    assert.ok(account !== undefined, log.name);
    assert.deepEqual(account.read, { records: log.records.size, bytes: log.size }, log.name);
    const fates = Object.fromEntries(FATES.map((name, fate) => [name, account.fates[fate]?.records ?? 0]));
    assert.deepEqual([fates["sampled"], fates["filtered"]], [missing.sampled, missing.filtered], log.name);
    assert.ok(missing.sampled > 0, `${log.name}: sampling never acted`);
  }
  place.remove();
});
