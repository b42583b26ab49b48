// SIGKILL at any moment while logs are rotated. Two logs rotate 20 times a second, one to a new name each time, one through a
// numbered chain that no pattern matches; programs go on writing to the old file. The second test rotates a log by
// copytruncate. Every line must be stored once, even if sent twice. ROUNDS sets the number of kills, SEED repeats a run.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, renameSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { DELIVERED, DUPLICATE } from "../../src/core/fate.ts";
import { startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { Workplace, eventually } from "../helpers/agent-process.ts";
import { Numbered } from "../helpers/numbered.ts";
import { Random } from "./random.ts";
import { SEED } from "../helpers/seed.ts";

type Names = "new" | "chain" | "copy";

/** Least number of lines in a copied file, more than 1 KiB. A shorter copy counts as a file of its own (docs/guarantees.md). */
const LEAST = 12;
/** Longer chains rotate less often. Otherwise the test would be 10,000 renames a second and leave no time for anything else. */
const LONG_CHAIN = 100;

/** Writes lines, rotates, and writes more lines as a program does that has not noticed the rotation. */
class Rotated {
  readonly path: string;
  private readonly names: Names;
  private readonly numbered: Numbered;
  private rotations = 0;

  constructor(path: string, names: Names, numbered: Numbered) {
    this.path = path;
    this.names = names;
    this.numbered = numbered;
  }

  step(random: Random): void {
    this.numbered.append(this.path, (this.names === "copy" ? LEAST : 1) + random.below(40));
    const last = this.names === "chain" ? this.pushOn(random) : ++this.rotations;
    if (last === undefined) return;
    if (this.names === "copy") {
      copyFileSync(this.path, `${this.path}.${last}`);
      return truncateSync(this.path, 0);
    }
    renameSync(this.path, `${this.path}.${last}`);
    if (random.chance(0.5)) this.numbered.append(`${this.path}.${last}`, random.below(10));
  }

  /** Shifts each file of the chain to the next number. @returns the newest file's number; undefined: no rotation this time */
  private pushOn(random: Random): number | undefined {
    let end = 1;
    while (existsSync(`${this.path}.${end}`)) end++;
    if (!random.chance(LONG_CHAIN / end)) return undefined;
    for (let n = end; n > 1; n--) renameSync(`${this.path}.${n - 1}`, `${this.path}.${n}`);
    return 1;
  }
}

test("kills while logs are rotated 20 times a second", (t) => survive(t, { dated: "new", chain: "chain" }, 50));

/** Two copies of one log within a quarter of a second can be mistaken for two files (docs/guarantees.md). */
test("kills while a log is copied and truncated", (t) => survive(t, { app: "copy" }, 600));

async function survive(t: TestContext, kinds: Readonly<Record<string, Names>>, periodMs: number): Promise<void> {
  const rounds = Number(process.env["ROUNDS"] ?? 8);
  t.diagnostic(`seed ${SEED}`);
  const random = new Random(SEED);
  const place = new Workplace();
  const server = await startSandbox({ keep: "documents" }, systemClock);
  const ended = new AbortController();
  t.after(async () => {
    ended.abort();
    await server.stop();
  });
  const numbered = new Numbered();
  const logs = Object.entries(kinds).map(([id, names]) => new Rotated(join(place.logs, `${id}.log`), names, numbered));
  const inputs = Object.entries(kinds).map(([id, names]) => ({
    id,
    paths: [join(place.logs, names === "chain" ? `${id}.log` : `${id}.log*`)],
  }));
  place.configure(server.url, {
    inputs,
    output: { timeout: "1s", batch: { age: "50ms" } },
  });
  // A file that is renamed before the agent has seen it could not be found: no pattern matches its new name.
  for (const log of logs) numbered.append(log.path, LEAST);
  const first = place.run();
  await first.until("some lines of each", ({ ledger }) => ledger.delivered.records === numbered.written);
  await eventually("both durable", () => place.books().sources.length === logs.length);
  await first.kill();

  const rotating = (async (): Promise<void> => {
    while (!ended.signal.aborted) {
      for (const log of logs) log.step(random);
      await systemClock.sleep(periodMs, ended.signal);
    }
  })();

  for (let round = 0; round < rounds; round++) {
    await server.change(parseFaults(random.pick(["", "", "lost=30%", "503=30%", "down"])));
    const agent = place.run();
    await agent.url();
    await Promise.race([systemClock.sleep(random.below(1500)), agent.exited, rotating]);
    assert.ok(agent.runs, `ended by itself: ${agent.story()}`);
    await agent.kill();
    assert.deepEqual(agent.heard("unexpected_duplicates"), []);
    place.books();
  }
  ended.abort();
  await rotating;
  await server.change(NO_FAULTS);
  const last = place.run("--once");
  assert.deepEqual(await last.exited, { code: 0, signal: null }, last.story());
  assert.deepEqual(last.heard("unexpected_duplicates"), []);
  numbered.assertStored(server);
  const { inputs: accounts, rows } = place.books();
  const sum = { records: 0, bytes: 0, stored: 0 };
  for (const { account } of accounts) {
    sum.records += account.read.records;
    sum.bytes += account.read.bytes;
    sum.stored += (account.fates[DELIVERED]?.records ?? 0) + (account.fates[DUPLICATE]?.records ?? 0);
  }
  assert.deepEqual(sum, { records: numbered.written, bytes: numbered.bytes, stored: numbered.written });
  assert.equal(rows.records, 0);
  place.remove();
}
