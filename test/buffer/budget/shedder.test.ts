import assert from "node:assert/strict";
import { test } from "node:test";
import { committed } from "../../../src/buffer/commit/committed.ts";
import type { Writing } from "../../../src/buffer/commit/writer.ts";
import { inspect } from "../../../src/buffer/inspect/inspect.ts";
import { readLosses } from "../../../src/buffer/inspect/losses.ts";
import type { Chunk } from "../../../src/buffer/chunk.ts";
import { onDisk } from "../../../src/buffer/queue.ts";
import { endLease, takeLease } from "../../../src/buffer/lease.ts";
import { settleRun } from "../../../src/buffer/settle.ts";
import { Shedder } from "../../../src/buffer/budget/shedder.ts";
import { DELIVERED, DROPPED_AGE, DROPPED_OLDEST, DROPPED_RANDOM } from "../../../src/core/fate.ts";
import { silentLog } from "../../../src/core/log.ts";
import { DirectSpool, settled } from "../disk.ts";
import { Held, type HeldOptions } from "../held.ts";

const LINE = `${"x".repeat(99)}\n`;
/** Bytes charged for a line before it is a row. */
const CHARGE = 228;

class Shedding extends Held {
  readonly spool = new DirectSpool(this.disk.store);
  readonly said: string[] = [];
  readonly shedder: Shedder;

  constructor(options: HeldOptions = {}) {
    super(options);
    const error = (event: string, message: string): void => void this.said.push(`${event}: ${message}`);
    this.shedder = new Shedder(this.state, this.spool, { ...silentLog, error }, () => {});
  }

  lines(count: number, where: Parameters<Held["add"]>[1] = {}): Chunk[] {
    return Array.from({ length: count }, () => this.add(LINE, where));
  }

  /** Adds rows that are only on disk, without a chunk object in memory, each in a block of its own. */
  rows(count: number, where: Parameters<Held["add"]>[1] = {}): void {
    Object.assign(this.state.quotas, { sliceRows: 1 });
    const chunks = this.lines(count, where);
    this.spill();
    this.pageOut(...chunks);
  }

  async evict(bytes: number, order: "oldest" | "random" = "oldest", policy = "default"): Promise<void> {
    this.shedder.evict(this.share(policy), bytes, order);
    await settled();
  }

  /** Writes everything, then checks that the database is sound and agrees with the ledger in memory. */
  check(): void {
    this.spill();
    while (this.commit());
    assert.deepEqual(inspect(this.disk.db).violations, []);
    for (const { input, account } of inspect(this.disk.db).inputs)
      assert.deepEqual(account, this.state.ledger.of(input));
    const totals = this.disk.rows("SELECT queue, sum(records), sum(stored) FROM totals GROUP BY queue ORDER BY queue");
    const live = [...this.state.queues.values()].map(({ id, stocks }) => {
      let [records, disk] = [0, 0];
      for (const stock of stocks.values()) [records, disk] = [records + stock.open.records, disk + stock.disk];
      return [id, records, disk];
    });
    assert.deepEqual(totals.length === 0 ? [] : live.filter(([id]) => totals.some(([other]) => other === id)), totals);
  }
}

const openOf = (chunks: readonly Chunk[]): number[] => chunks.map(({ open }) => open);

test("the oldest go first, and no more than is needed", async () => {
  using held = new Shedding();
  const chunks = held.lines(3);
  await held.evict(CHARGE + 1);
  assert.deepEqual([openOf(chunks), held.share().disk], [[0, 0, 1], CHARGE]);
  assert.deepEqual(held.state.ledger.of("a").fates[DROPPED_OLDEST], { records: 2, bytes: 200 });
  held.check();
});

test("over all targets of a ladder by the order in which they came, those that take nothing before all", async () => {
  using held = new Shedding();
  const chunks = ["i", "j", "i", "j"].map((target) => held.add(LINE, { target }));
  await held.evict(CHARGE);
  assert.deepEqual(openOf(chunks), [0, 1, 1, 1]);
  await held.evict(CHARGE);
  assert.deepEqual(openOf(chunks), [0, 0, 1, 1]);
  held.state.target("j").stuck = true;
  await held.evict(CHARGE);
  assert.deepEqual(openOf(chunks), [0, 0, 1, 0]);
});

test("a ladder sheds of its own share only", async () => {
  using held = new Shedding({ shares: { default: [0.5, 1], audit: [0.5, 1] } });
  const [other, own] = [held.add(LINE, { policy: "audit", source: "b" }), held.add(LINE)];
  await held.evict(1e9);
  assert.deepEqual(openOf([other, own]), [1, 0]);
});

test("what lies on disk is dropped there, in order, whole and counted to the byte", async () => {
  using held = new Shedding();
  held.rows(10);
  const { disk } = held.share();
  await held.evict(disk * 0.35);
  assert.equal(held.fate(DROPPED_OLDEST), 4);
  assert.deepEqual([onDisk(held.queue()), held.state.open, held.source().rows], [6, 6, 6]);
  assert.ok(Math.abs(held.share().disk - disk * 0.6) < 1);
  assert.deepEqual(
    [...readLosses(held.disk.db, undefined)].map(({ start, end, records, uncertain }) => [
      start,
      end,
      records,
      uncertain,
    ]),
    [[0, 400, 4, false]],
  );
  assert.equal(held.disk.value("SELECT min(seq) FROM heads"), 5);
  held.check();
});

test("what an earlier process may have sent is dropped as uncertain", async () => {
  using held = new Shedding();
  held.rows(4);
  held.state.firstSeq = 3;
  await held.evict(1e9);
  assert.deepEqual(
    [...readLosses(held.disk.db, undefined)].map(({ records, uncertain }) => [records, uncertain]),
    [
      [2, true],
      [2, false],
    ],
  );
});

test("the oldest go first, also where younger ones are in memory and they are on disk alone", async () => {
  using held = new Shedding();
  held.rows(3);
  held.state.queues.forEach((queue) => (queue.cursor = 0));
  const fresh = held.add(LINE);
  await held.evict(1);
  assert.deepEqual([held.fate(DROPPED_OLDEST), fresh.open, onDisk(fresh.queue)], [1, 1, 2]);
  await held.evict(1e9);
  assert.deepEqual([held.fate(DROPPED_OLDEST), fresh.open, onDisk(fresh.queue)], [3, 1, 0]);
  await held.evict(1e9);
  assert.deepEqual([held.fate(DROPPED_OLDEST), fresh.open, held.state.open], [4, 0, 0], "and nothing twice");
  held.check();
});

test("what is just being written is left to the transaction", async () => {
  using held = new Shedding();
  held.rows(2);
  const writing = held.add(LINE, { source: "b" });
  const lease = takeLease(held.state, held.state.target("i"), { bytes: 1, records: 1, body: 1 });
  assert.equal(lease, undefined, "it waits behind the rows");
  writing.queue.ready.remove(writing);
  const transaction = held.compose() as Writing;
  assert.equal(writing.row, "writing");
  // The row is on disk, but the state does not know this yet.
  const answer = held.disk.store.commit(transaction.transaction, 1000);
  await held.evict(1e9);
  assert.deepEqual([writing.open, held.disk.rows("SELECT seq FROM heads")], [1, [[writing.seq]]]);
  writing.queue.ready.add(writing);
  committed(held.state, transaction, answer);
  held.check();
});

test("what has been asked of the disk counts as freed until it answers, then it is asked for the rest", async () => {
  using held = new Shedding();
  held.rows(10);
  held.spool.holding = ["shed"];
  const { disk } = held.share();
  await held.evict(disk / 2);
  await held.evict(disk / 2);
  assert.deepEqual([held.spool.calls.shed, held.share().promised], [1, disk / 2]);
  held.spool.release();
  await settled();
  assert.deepEqual([held.share().promised, held.fate(DROPPED_OLDEST)], [0, 5]);
});

test("a disk that cannot drop is said, counts as failed, and frees nothing", async () => {
  using held = new Shedding();
  held.rows(2);
  held.spool.failing = ["shed"];
  await held.evict(1e9);
  assert.match(held.said.join(), /^disk_failed: cannot drop from the state database: disk I\/O error/);
  assert.deepEqual(
    [held.state.disk, held.state.open, held.share().promised, held.queue().busy],
    ["failed", 2, 0, false],
  );
});

test("in a request, what is shed is only marked, and counts once however often it is asked for", async () => {
  using held = new Shedding();
  const [first, second] = held.lines(2) as [Chunk, Chunk];
  const lease = takeLease(held.state, held.state.target("i"), { bytes: 1000, records: 9, body: 1 });
  assert.ok(lease);
  for (let i = 0; i < 3; i++) await held.evict(first.memory);
  assert.deepEqual([first.marked, second.marked, first.open], [DROPPED_OLDEST, undefined, 1]);
  settleRun(held.state, first, 0, 1, DELIVERED);
  endLease(held.state, lease);
  assert.deepEqual([held.fate(DELIVERED), held.fate(DROPPED_OLDEST), second.open], [1, 0, 1]);
});

test("while rows lie on disk, what is in a request is left alone", async () => {
  using held = new Shedding();
  const [sent] = held.lines(1) as [Chunk];
  takeLease(held.state, held.state.target("i"), { bytes: 1000, records: 9, body: 1 });
  held.rows(3);
  await held.evict(1e9);
  assert.deepEqual([sent.marked, held.state.open], [undefined, 1]);
  await held.evict(1e9);
  assert.equal(sent.marked, DROPPED_OLDEST);
});

test("where nothing can be written only chunks without a row free anything", async () => {
  using held = new Shedding();
  const [row] = held.lines(1) as [Chunk];
  held.spill();
  const fresh = held.lines(2);
  held.state.disk = "failed";
  await held.evict(1);
  assert.deepEqual([row.open, openOf(fresh)], [1, [0, 1]]);
  await held.evict(1e9);
  assert.deepEqual([row.open, openOf(fresh), held.spool.calls.shed], [1, [0, 0], 0]);
});

test("what a disk was asked to drop that does not answer any more does not count as freed", async () => {
  using held = new Shedding();
  held.rows(2);
  held.spool.holding = ["shed"];
  await held.evict(1);
  assert.ok(held.share().promised > 0);
  const fresh = held.lines(2);
  held.state.disk = "late";
  await held.evict(1);
  assert.deepEqual(openOf(fresh), [0, 1]);
});

test("random is what chance says: chunks in memory, blocks on disk, each in proportion", async () => {
  using held = new Shedding();
  const chunks = held.lines(3);
  const draws = [0.4, 0.9];
  held.clock.random = () => draws.shift() ?? 0;
  await held.evict(CHARGE, "random");
  assert.deepEqual(openOf(chunks), [1, 0, 1]);
  await held.evict(CHARGE, "random");
  assert.deepEqual([openOf(chunks), held.fate(DROPPED_RANDOM)], [[1, 0, 0], 2]);

  using on = new Shedding();
  on.rows(20);
  let n = 0;
  on.clock.random = () => (n++ * 0.37) % 1;
  const { disk } = on.share();
  await on.evict(disk / 4, "random");
  assert.equal(on.fate(DROPPED_RANDOM), 5);
  const seqs = on.disk.rows("SELECT seq FROM heads").flat() as number[];
  assert.ok(seqs[0] !== 6 && seqs.length === 15, "not from one end");
  on.check();
});

test("of many small chunks a 256th goes at random at once, since each time costs a walk over all of them", async () => {
  using held = new Shedding();
  const chunks = held.lines(1024);
  await held.evict(1, "random");
  assert.deepEqual([held.fate(DROPPED_RANDOM), held.share().disk], [4, 1020 * CHARGE]);
  const before = held.fate(DROPPED_RANDOM);
  await held.evict(10 * CHARGE, "random");
  assert.equal(held.fate(DROPPED_RANDOM) - before, 10);
  assert.equal(chunks.filter(({ open }) => open === 0).length, 14);
});

test("a block in memory goes whole, because it frees nothing before", async () => {
  using held = new Shedding();
  const chunks = held.lines(4);
  held.spill();
  held.add(LINE);
  await held.evict(1, "random");
  assert.deepEqual([openOf(chunks), held.state.open], [[0, 0, 0, 0], 1]);
});

test("what was read before goes by its age, wherever it is", async () => {
  using held = new Shedding();
  held.source();
  held.rows(2);
  const sent = held.add(LINE, { target: "j", source: "b" });
  const lease = takeLease(held.state, held.state.target("j"), { bytes: 1, records: 1, body: 1 });
  assert.ok(lease);
  held.clock.advance(1000);
  held.rows(2);
  const young = held.add(LINE, { target: "k" });
  held.shedder.expire(held.state.age.now() - 1000, () => -Infinity);
  await settled();
  assert.equal(held.state.open, 6, "read at that moment is not before it");
  const { calls } = held.spool;
  const asked = calls.shed;
  held.shedder.expire(held.state.age.now(), () => held.state.age.now());
  assert.equal(calls.shed, asked, "nothing on disk is that old");
  held.shedder.expire(held.state.age.now(), () => -Infinity);
  await settled();
  assert.deepEqual([held.fate(DROPPED_AGE), sent.marked, young.open], [2, DROPPED_AGE, 1]);
  endLease(held.state, lease);
  assert.deepEqual([held.fate(DROPPED_AGE, "b"), held.state.open], [1, 3]);
  held.check();
});

test("of a block half of which is in memory, the rest is dropped on disk and its space comes back once", async () => {
  using held = new Shedding();
  const [first, ...others] = held.lines(4) as [Chunk, ...Chunk[]];
  held.spill();
  held.pageOut(...others);
  assert.ok(first.isLoaded);
  takeLease(held.state, held.state.target("i"), { bytes: 1, records: 1, body: 1 });
  await held.evict(1e9);
  assert.deepEqual([held.fate(DROPPED_OLDEST), held.share().disk > 0, first.block?.open], [3, true, 1]);
  settleRun(held.state, first, 0, 1, DELIVERED);
  assert.equal(held.share().disk, 0);
  held.check();
});
