// Kills an agent again and again while logs are written and rotated and the server misbehaves. Invariants: the state directory
// balances after every end of the agent, the running agent's ledger balances at every query, and at the end every line is stored
// exactly once, at its offset.
import assert from "node:assert/strict";
import { systemClock } from "../../src/core/clock.ts";
import { DELIVERED, DUPLICATE } from "../../src/core/fate.ts";
import type { Inspection } from "../../src/buffer/inspect/inspect.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";
import { type AgentProcess, Workplace } from "../helpers/agent-process.ts";
import { Random } from "./random.ts";
import { Writer } from "./writer.ts";

/** memory: only checkpoints are on disk. disk: the backlog can be spilled to rows. tight: small bodies, many at once, and rotated
 * files have names that no pattern matches. */
export const VARIANTS = ["memory", "disk", "tight"] as const;
export type Variant = (typeof VARIANTS)[number];

const SECTIONS: Readonly<Record<Variant, (logs: string) => Record<string, unknown>>> = {
  memory: () => ({ buffer: { disk: "0" }, output: { compression: "none", ...QUICK } }),
  disk: () => ({ buffer: { disk: "64MiB" }, output: { compression: "gzip", ...QUICK } }),
  tight: (logs) => ({
    inputs: [{ id: "app", paths: [`${logs}/*.log`], max_record: "16KiB" }],
    output: { ...QUICK, compression: "none", concurrency: 6, batch: { bytes: "64KiB", records: 100, age: "20ms" } },
  }),
};
const QUICK = { timeout: "1s", batch: { age: "50ms" } };
const COMMON = {
  policies: { default: [{ action: "block", enter: "70%", leave: "60%" }] },
  shutdown: { grace: "300ms" },
};

const FAULTS = [
  "",
  "",
  "slow=30ms",
  "429=40%",
  "503=40%",
  "lost=40%",
  "reset=40%",
  "429-items=20%",
  "hang=20%",
  "down",
];
/** Log events that must not occur: in this test each is a bug of the agent. */
const FORBIDDEN = ["unexpected_duplicates", "disk_failed", "row_unreadable", "row_corrupt"];

export class World {
  readonly seed: number;
  readonly variant: Variant;
  readonly place = new Workplace();
  private readonly random: Random;
  private readonly writer: Writer;
  private readonly server: BulkServer;
  private durable: Inspection;
  private ended = new AbortController();

  private constructor(variant: Variant, seed: number, server: BulkServer) {
    this.variant = variant;
    this.seed = seed;
    this.server = server;
    this.random = new Random(seed);
    this.writer = new Writer(this.place.logs, this.random);
    this.place.configure(server.url, { ...COMMON, ...SECTIONS[variant](this.place.logs) });
    this.durable = this.place.books();
  }

  /** Plays the rounds and checks the result. Removes its directory if all was well. */
  static async play(variant: Variant, seed: number, rounds: number): Promise<string> {
    const server = await startSandbox({ keep: "documents" }, systemClock);
    const world = new World(variant, seed, server);
    try {
      await world.rounds(rounds);
      await world.finish();
      world.place.remove();
      return world.summary();
    } catch (error) {
      const where = `variant ${variant}, seed ${seed}, ${rounds} rounds; kept: ${world.place.root}`;
      throw new Error(`${where}\n${error instanceof Error ? error.stack : String(error)}`, { cause: error });
    } finally {
      world.ended.abort();
      await server.stop();
    }
  }

  private summary(): string {
    const { duplicates } = totals(this.durable);
    return `${this.variant}, seed ${this.seed}: ${this.writer.lines.size} lines, ${duplicates} of them sent twice`;
  }

  private async rounds(count: number): Promise<void> {
    const writing = this.keepWriting();
    for (let round = 0; round < count; round++) await Promise.race([this.round(), writing]);
    this.ended.abort();
    await writing;
    this.writer.finish();
  }

  /** Rejects if a write fails. */
  private async keepWriting(): Promise<void> {
    while (!this.ended.signal.aborted) {
      this.writer.step(this.durable.sources);
      await systemClock.sleep(this.random.below(30), this.ended.signal);
    }
  }

  private async round(): Promise<void> {
    const { random } = this;
    await this.server.change(parseFaults(random.pick(FAULTS)));
    const agent = this.place.run();
    const life = random.chance(0.25) ? 2500 : 1200;
    const watching = this.watch(agent);
    await Promise.race([systemClock.sleep(random.below(life)), agent.exited]);
    assert.ok(agent.runs, `ended by itself: ${agent.story()}`);
    await this.end(agent);
    await watching;
    this.judge(agent);
  }

  /** Mostly kills the agent; sometimes stops it, and sometimes kills it while it stops. */
  private async end(agent: AgentProcess): Promise<void> {
    const { random } = this;
    const way = random.next();
    if (way < 0.7 || agent.heard("ready").length === 0) return agent.kill();
    agent.signal("SIGTERM");
    if (way < 0.85) {
      await Promise.race([systemClock.sleep(random.below(500)), agent.exited]);
      return agent.kill();
    }
    const { code } = await agent.exited;
    assert.equal(code, 0, `a stop ended with ${code}: ${agent.story()}`);
  }

  /** Queries the running agent. Each query fails if the ledger does not balance. */
  private async watch(agent: AgentProcess): Promise<void> {
    while (agent.runs) {
      await agent.status();
      // A running agent's state is read too: the writer uses it to decide which files it may delete.
      if (this.random.chance(0.3)) this.durable = this.place.books();
      await systemClock.sleep(60);
    }
  }

  private judge(agent: AgentProcess): void {
    for (const event of FORBIDDEN) assert.deepEqual(agent.heard(event), []);
    assert.deepEqual(agent.said, []);
    const before = this.durable;
    this.durable = this.place.books();
    const then = new Map(before.sources.map((s) => [s.id, s.checkpoint]));
    for (const { id, checkpoint } of this.durable.sources) {
      assert.ok(checkpoint >= (then.get(id) ?? 0), `checkpoint of ${id} went back from ${then.get(id)}`);
    }
    assert.ok(totals(this.durable).read >= totals(before).read, "what was read became less");
  }

  /** Ends all faults, lets the agent deliver everything, and compares both sides. */
  private async finish(): Promise<void> {
    await this.server.change(NO_FAULTS);
    const agent = this.place.run("--once", "--deadline", "20s");
    const { code } = await agent.exited;
    assert.equal(code, 0, `the last run ended with ${code}: ${agent.story()}`);
    this.judge(agent);
    this.compare();
    const { read, bytes, stored, buffered } = totals(this.durable);
    const lines = this.writer.lines.size;
    assert.deepEqual(
      { read, bytes, stored, buffered },
      { read: lines, bytes: this.writer.bytes, stored: lines, buffered: 0 },
    );
  }

  private compare(): void {
    const missing = new Set(this.writer.lines.keys());
    const wrong: string[] = [];
    for (const { id, source } of this.server.documents()) {
      const message = source["message"] as string;
      const written = this.writer.lines.get(message);
      const offset = (source["log"] as { offset: number }).offset;
      if (written === undefined) wrong.push(`${id} was never written: ${message.slice(0, 80)}`);
      else if (!missing.delete(message)) wrong.push(`${id} came under another id before: ${message.slice(0, 40)}`);
      else if (written.offset !== offset || !id.endsWith(`-${offset}`))
        wrong.push(`${id} says ${offset}, was written at ${written.offset}: ${message.slice(0, 40)}`);
    }
    for (const message of missing) wrong.push(`missing: ${message.slice(0, 40)}`);
    assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} documents are not as they were written`);
  }
}

function totals({ inputs, rows }: Inspection): Record<"read" | "bytes" | "stored" | "duplicates" | "buffered", number> {
  const sum = { read: 0, bytes: 0, stored: 0, duplicates: 0, buffered: rows.records };
  for (const { account } of inputs) {
    sum.read += account.read.records;
    sum.bytes += account.read.bytes;
    sum.duplicates += account.fates[DUPLICATE]?.records ?? 0;
    sum.stored += (account.fates[DELIVERED]?.records ?? 0) + (account.fates[DUPLICATE]?.records ?? 0);
  }
  return sum;
}
