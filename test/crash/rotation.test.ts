// SIGKILL at any moment while logs are rotated: two of them 20 times a second, one by a new name for each file, one by a
// chain of numbers of which no pattern matches any, while programs go on in the old file; and one that is copied and
// truncated. Every line arrives once, whatever is sent twice. ROUNDS for more kills, SEED to play one again.
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

type Names = "new" | "chain" | "copy";

/** Lines, a rotation, and lines of a program that has not noticed it. */
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
    this.numbered.append(this.path, 1 + random.below(40));
    const last = this.names === "chain" ? this.pushOn() : ++this.rotations;
    if (this.names === "copy") {
      copyFileSync(this.path, `${this.path}.${last}`);
      return truncateSync(this.path, 0);
    }
    renameSync(this.path, `${this.path}.${last}`);
    if (random.chance(0.5)) this.numbered.append(`${this.path}.${last}`, random.below(10));
  }

  /** Each file of the chain gets the next number. */
  private pushOn(): number {
    let end = 1;
    while (existsSync(`${this.path}.${end}`)) end++;
    for (let n = end; n > 1; n--) renameSync(`${this.path}.${n - 1}`, `${this.path}.${n}`);
    return 1;
  }
}

test("kills while logs are rotated 20 times a second", (t) => survive(t, { dated: "new", chain: "chain" }, 50));

/** Two copies of one log within a quarter of a second can be taken for two files (docs/guarantees.md). */
test("kills while a log is copied and truncated", (t) => survive(t, { app: "copy" }, 600));

async function survive(t: TestContext, kinds: Readonly<Record<string, Names>>, periodMs: number): Promise<void> {
  const seed = Number(process.env["SEED"] ?? Math.floor(Math.random() * 1e6));
  const rounds = Number(process.env["ROUNDS"] ?? 8);
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
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
  // Of a file that nobody ever saw under its first name no pattern could know.
  for (const log of logs) numbered.append(log.path, 1);
  const first = place.run();
  await first.until("a line of each", ({ ledger }) => ledger.delivered.records === logs.length);
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
