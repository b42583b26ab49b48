// The buffer on the real spool with its worker thread: what is durable at which time, and what a restart finds.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Worker } from "node:worker_threads";
import type { Lease } from "../../src/buffer/chunk.ts";
import { writeBacklog } from "../helpers/backlog.ts";
import { inspect } from "../../src/buffer/inspect/inspect.ts";
import { quotas } from "../../src/buffer/budget/limits.ts";
import { storedSource } from "../../src/buffer/sources/source-state.ts";
import { SpillBuffer } from "../../src/buffer/spill-buffer.ts";
import { openForReading } from "../../src/buffer/spool/database.ts";
import { SqliteSpool } from "../../src/buffer/spool/sqlite-spool.ts";
import { Arena } from "../../src/core/arena.ts";
import { systemClock } from "../../src/core/clock.ts";
import { DELIVERED, DROPPED_OLDEST, DUPLICATE } from "../../src/core/fate.ts";
import { silentLog } from "../../src/core/log.ts";
import { type KnownSource, NO_MARK, newSourceId } from "../../src/core/source.ts";
import { eventually } from "../helpers/agent-process.ts";
import { fastClock } from "../helpers/fast-clock.ts";

const MIB = 1 << 20;

class Agent {
  readonly arena = new Arena(8 * MIB, { poison: 0xdb });
  readonly directory: string;
  readonly buffer: SpillBuffer;
  readonly spool: SqliteSpool;
  private ended = false;

  private constructor(directory: string, arena: Arena, buffer: SpillBuffer, spool: SqliteSpool) {
    this.directory = directory;
    this.arena = arena;
    this.buffer = buffer;
    this.spool = spool;
  }

  static async start(t: TestContext, directory: string, clock = systemClock): Promise<Agent> {
    const arena = new Arena(8 * MIB, { poison: 0xdb });
    const options = { directory, deadLetters: MIB, disk: 1 << 30 };
    const parts = { options, memory: arena.memory.buffer, clock, log: silentLog };
    const { spool, recovered } = await SqliteSpool.open(parts);
    const limits = { quotas: quotas(8 * MIB, MIB, MIB), rows: 64 * MIB };
    const shares = { default: { ratio: 1, inputs: 1, firstRung: 1 } };
    const boot = { id: "b", upMs: () => 0 };
    const buffer = new SpillBuffer({
      clock,
      boot,
      arena,
      log: silentLog,
      spool,
      recovered,
      shares,
      newMs: 0,
      ...limits,
    });
    for await (const page of spool.sources()) buffer.sources.add(page.map(storedSource));
    buffer.start();
    const agent = new Agent(directory, arena, buffer, spool);
    t.after(() => agent.kill());
    return agent;
  }

  /** The spool's worker thread, a private member. */
  get thread(): Worker | undefined {
    return (this.spool as unknown as { worker?: Worker }).worker;
  }

  source(input = "in"): KnownSource {
    const identity = { path: "/x.log", device: "1", inode: "2", birthNs: "3", headLength: 4, headHash: 5 };
    const fresh = { id: newSourceId(), input, identity, origin: 0, checkpoint: 0, mark: NO_MARK };
    const [source = fresh] = this.buffer.sources.known(input);
    this.buffer.sources.open(source, source.checkpoint);
    return source;
  }

  async add(source: KnownSource, text: string, target = "i"): Promise<void> {
    const { buffer, arena } = this;
    const wanted = { input: source.input, policy: "default", targets: [target], bytes: text.length };
    const region = await eventually("room", () => {
      const answer = buffer.reserve(wanted);
      return typeof answer === "string" ? undefined : answer;
    });
    arena.view(region).write(text);
    arena.unpin(region);
    buffer.endReservation(region);
    const start = buffer.sources.of(source.id).position;
    const records = text.split("\n").length - 1;
    const facts = { input: source.input, path: "/x.log", host: "h", fields: {}, index: "i", policy: "default" };
    const envelope = buffer.sources.envelope(facts);
    const more = { counted: new Map(), readAtMs: 1, mark: NO_MARK, table: undefined };
    const draft = { source: source.id, envelope, start, end: start + text.length, records, region, ...more };
    await buffer.admit({ draft, target, keep: 0 });
  }

  /** Waits until at least this many chunks can be leased together, and leases them. */
  lease(chunks: number, target = "i"): Promise<Lease> {
    return eventually(`${chunks} chunks of ${target}`, () => {
      const lease = this.buffer.outbox.lease(target, { bytes: MIB, records: 1000, body: MIB });
      if (lease && lease.chunks.length >= chunks) return lease;
      if (lease) this.buffer.outbox.endLease(lease);
      return undefined;
    });
  }

  async deliver(chunks: number, target = "i"): Promise<void> {
    const lease = await this.lease(chunks, target);
    for (const chunk of [...lease.chunks]) this.buffer.outbox.settleRun(chunk, 0, chunk.records, DELIVERED);
    this.buffer.outbox.endLease(lease);
  }

  rows(sql: string): unknown[][] {
    const db = openForReading(this.directory);
    assert.ok(db);
    const rows = db.prepare(sql).raw().all() as unknown[][];
    db.close();
    return rows;
  }

  async stop(): Promise<void> {
    await this.buffer.persist(100_000);
    await this.spool.close();
    this.ended = true;
    const db = openForReading(this.directory);
    assert.ok(db);
    assert.deepEqual(inspect(db).violations, []);
    db.close();
  }

  /** Simulates the death of the process. */
  async kill(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    Object.assign(this.spool, { closed: true });
    await this.thread?.terminate();
  }
}

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-buffer-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("a stop keeps what was not delivered, and the next start finds it", async (t) => {
  const directory = temporary(t);
  const first = await Agent.start(t, directory);
  const source = first.source();
  await first.add(source, "one\ntwo\n");
  await first.add(source, "three\n");
  await first.stop();

  const second = await Agent.start(t, directory);
  const [known] = second.buffer.sources.known("in");
  assert.deepEqual([known?.id, known?.checkpoint, second.buffer.figures().mode], [source.id, 14, "spill"]);
  second.source();
  const lease = await second.lease(2);
  const [a, b] = [...lease.chunks] as never[];
  second.buffer.outbox.settleEach(a as never, Uint8Array.of(DELIVERED, DUPLICATE));
  second.buffer.outbox.settleRun(b as never, 0, 1, DELIVERED);
  second.buffer.outbox.endLease(lease);
  await second.stop();
  const account = second.buffer.figures().accounts.get("in");
  assert.deepEqual(account?.read, { records: 3, bytes: 14 });
  assert.deepEqual(account?.fates[DELIVERED], { records: 2, bytes: 10 });
  assert.deepEqual(account?.fates[DUPLICATE], { records: 1, bytes: 4 });
  assert.equal(second.arena.count, 0, "every region was given back");

  const third = await Agent.start(t, directory);
  assert.deepEqual(third.buffer.figures().accounts.get("in"), account, "the durable ledger is the live one");
  assert.equal(third.buffer.open, 0);
  await third.stop();
});

test("the first start of an input is kept, also of one that never had a file", async (t) => {
  const directory = temporary(t);
  const first = await Agent.start(t, directory);
  assert.equal(first.buffer.sources.startedAt("in"), undefined);
  first.buffer.sources.start("in", 1_764_036_000_123);
  await first.stop();
  const { sources } = (await Agent.start(t, directory)).buffer;
  assert.deepEqual([sources.startedAt("in"), sources.startedAt("other")], [1_764_036_000_123, undefined]);
});

test("a second writer is refused and told who holds the directory", async (t) => {
  const directory = temporary(t);
  const first = await Agent.start(t, directory);
  const who = new RegExp(`process ${process.pid}$`);
  await assert.rejects(Agent.start(t, directory), { code: "state-locked", exit: 75, message: who });
  await first.stop();
  await (await Agent.start(t, directory)).stop();
});

test("killed before a commit, a source is read again from its checkpoint, as perhaps sent", async (t) => {
  const directory = temporary(t);
  const first = await Agent.start(t, directory);
  const source = first.source();
  await eventually("its id is durable", () => first.buffer.sources.of(source.id).durable);
  await first.add(source, "one\n");
  await first.kill();
  const second = await Agent.start(t, directory);
  const [known] = second.buffer.sources.known("in");
  assert.equal(known?.checkpoint, 0);
  second.buffer.sources.open(known as KnownSource, 4);
  await second.add(known as KnownSource, "one\n");
  await second.add(known as KnownSource, "two\n");
  const lease = await second.lease(2);
  assert.deepEqual(
    [...lease.chunks].map(({ possiblyStored }) => possiblyStored),
    [true, false],
  );
  second.buffer.outbox.endLease(lease);
  await second.stop();
});

test("a queue that was empty when the thread died is known to the next start", async (t) => {
  const directory = temporary(t);
  const agent = await Agent.start(t, directory, fastClock(20));
  const source = agent.source();
  agent.buffer.lag(true);
  await agent.add(source, "one\n");
  agent.buffer.lag(true);
  await eventually("a row", () => agent.rows("SELECT * FROM heads").length === 1);
  await agent.deliver(1);
  await eventually("no row", () => agent.rows("SELECT * FROM heads").length === 0);
  await agent.thread?.terminate();
  await agent.add(source, "two\n");
  agent.buffer.lag(true);
  // A stop waits for half a second of this clock. On a busy machine, a thread takes longer to start.
  await eventually("a row again", () => agent.rows("SELECT * FROM heads").length === 1);
  await agent.stop();
  const next = await Agent.start(t, directory);
  assert.deepEqual([next.buffer.open, next.buffer.figures().targets.map(({ target }) => target)], [1, ["i"]]);
  await next.stop();
});

test("a thread that dies in the middle of everything costs nothing: all is delivered once, and the ledger says so", async (t) => {
  const directory = temporary(t);
  const agent = await Agent.start(t, directory, fastClock(20));
  const source = agent.source();
  agent.buffer.lag(true);
  const done = new AbortController();
  const kills = { times: 0 };
  const killed = (async (): Promise<void> => {
    for (; !done.signal.aborted; kills.times++) {
      await systemClock.sleep(50 + 50 * systemClock.random(), done.signal);
      if (kills.times % 2) await agent.thread?.terminate();
      else agent.thread?.postMessage({ id: -1, kind: "close" });
    }
  })();
  let added = 0;
  for (; added < 300 || kills.times < 4; added++) {
    await agent.add(source, `line ${added}\n`);
    agent.buffer.lag(true);
    if (added % 20 === 19) await agent.deliver(1);
    if (added % 60 === 59) agent.buffer.evict("default", 1, "oldest");
    await systemClock.sleep(1);
  }
  while (agent.buffer.open > 0) await agent.deliver(1);
  done.abort();
  await killed;
  const account = agent.buffer.figures().accounts.get("in");
  assert.equal(account?.read.records, added);
  assert.equal((account?.fates[DELIVERED]?.records ?? 0) + (account?.fates[DROPPED_OLDEST]?.records ?? 0), added);
  await agent.stop();
  const next = await Agent.start(t, directory);
  assert.deepEqual(next.buffer.figures().accounts.get("in"), account, "the durable ledger is the live one");
  await next.stop();
});

test("a start adds the sources of many pages before it looks at a row", async (t) => {
  const directory = temporary(t);
  const paths = Array.from({ length: 12_000 }, (_, i) => `/gone/${i}.log`);
  const inputs = [{ input: "in", policy: "default", target: "i", paths: paths.toReversed() }];
  // Only the last sources have rows; those of the first page have none.
  writeBacklog(directory, { inputs, rows: 12_000, bytes: 100 });
  const agent = await Agent.start(t, directory);
  await agent.lease(1);
  await agent.stop();
});
