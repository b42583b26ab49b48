import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Region } from "../../src/core/arena.ts";
import { DELIVERED, DROPPED_AGE, DROPPED_OLDEST } from "../../src/core/fate.ts";
import type { Lease } from "../../src/buffer/chunk.ts";
import { settled } from "./disk.ts";
import { Running, lines } from "./running.ts";

const BIG = `${"x".repeat(50_000)}\n`;

/** Settles all leased records as delivered. @returns their number */
function deliver(held: Running, lease: Lease | undefined): number {
  if (!lease) return 0;
  let records = 0;
  for (const chunk of [...lease.chunks]) {
    records += chunk.records;
    held.buffer.outbox.settleRun(chunk, 0, chunk.records, DELIVERED);
  }
  held.buffer.outbox.endLease(lease);
  return records;
}

test("what is admitted is delivered and forgotten, and the checkpoint follows within two seconds", async () => {
  await using held = new Running();
  held.add(lines(0, 3));
  await held.pass(50);
  assert.equal(deliver(held, held.lease()), 3);
  assert.deepEqual([held.buffer.open, held.arena.count], [0, 0]);
  await held.pass(2000);
  assert.equal(held.disk.value("SELECT checkpoint FROM sources"), lines(0, 3).length);
});

test("a target that is silent for five seconds makes its queue spill, and its rows leave in order when it is back", async () => {
  await using held = new Running({ quotas: { window: 3 } });
  for (let i = 0; i < 10; i++) held.add(lines(i, 1));
  await held.pass(7000);
  assert.equal(held.buffer.figures().mode, "spill");
  assert.equal(held.disk.value("SELECT count(*) FROM heads"), 10);
  const sent: string[] = [];
  for (let i = 0; i < 40 && held.buffer.open > 0; i++) {
    const lease = held.lease();
    for (const { region } of lease?.chunks ?? []) sent.push(held.arena.view(region as Region).toString());
    deliver(held, lease);
    held.buffer.outbox.took("logs-test-default");
    await held.pass(500);
  }
  assert.equal(sent.join(""), lines(0, 10));
  await held.pass(2000);
  assert.deepEqual([held.buffer.figures().mode, held.disk.value("SELECT count(*) FROM heads")], ["memory", 0]);
});

test("a region that a reader holds is taken, and comes back whether it was used or not", async () => {
  await using held = new Running();
  held.source();
  const reserve = (): Region => {
    const region = held.buffer.reserve({ input: "in", policy: "default", targets: [], bytes: 1000 });
    assert.notEqual(typeof region, "string");
    return region as Region;
  };
  const [unused, used] = [reserve(), reserve()];
  held.buffer.giveUp(unused);
  assert.ok(unused.released);
  held.arena.view(used).write(lines(0, 1));
  held.arena.shrink(used, lines(0, 1).length);
  held.arena.unpin(used);
  held.buffer.endReservation(used);
  const draft = held.draft(lines(0, 1));
  held.arena.release(draft.region as Region);
  await held.buffer.admit({ draft: { ...draft, region: used }, target: "i", keep: 0 });
  assert.equal(held.state.pool, used.size);
});

test("everybody who waits is told of every step that may let him go on", async () => {
  await using held = new Running();
  held.source();
  await settled();
  let told = 0;
  held.buffer.changes.listen(() => told++);
  const step = (run: () => void): void => {
    const before = told;
    run();
    assert.ok(told > before, run.toString());
  };
  step(() => held.add(lines(0, 1)));
  step(() => held.buffer.resize(1 << 20));
  step(() => held.buffer.expire(1000));
  step(() => held.buffer.evict("default", 1e9, "oldest"));
  step(() => held.buffer.outbox.setTarget("i", "stuck"));
});

test("a ladder's level is of what binds: the disk, or the memory where nothing can be written", async () => {
  await using held = new Running({ rows: 1 << 20, shares: { default: [0.25, 1] } });
  held.add(BIG);
  assert.deepEqual(held.buffer.level("default"), { occupied: BIG.length + 128, budget: (1 << 20) / 4 });
  held.spool.failing = ["commit"];
  held.source("b");
  await held.pass(100);
  const { pool, page, largest } = held.state.quotas;
  assert.deepEqual(held.buffer.level("default"), { occupied: held.state.pool, budget: (pool - page - largest) / 4 });
});

test("evicting and expiring shed by ladder and by age", async () => {
  await using held = new Running({ shares: { default: [0.5, 1], other: [0.5, 1] } });
  held.add(lines(0, 1));
  held.add(lines(0, 1), { input: "b", policy: "other" });
  held.buffer.evict("default", 1, "oldest");
  assert.deepEqual([held.fate(DROPPED_OLDEST), held.fate(DROPPED_OLDEST, "b")], [1, 0]);
  held.buffer.expire(0);
  assert.equal(held.buffer.open, 1, "0 is never");
  await held.pass(1000);
  held.buffer.expire(1000);
  assert.equal(held.buffer.open, 1);
  await held.pass(50);
  held.buffer.expire(1000);
  assert.deepEqual([held.buffer.open, held.fate(DROPPED_AGE, "b")], [0, 1]);
});

test("while inputs are faster than the output, everything becomes a row, also where the output takes", async () => {
  await using held = new Running();
  held.add(lines(0, 1));
  held.buffer.lag(true);
  assert.equal(held.buffer.figures().mode, "spill");
  for (let i = 0; i < 20; i++) {
    held.buffer.outbox.took("logs-test-default");
    await held.pass(500);
  }
  assert.equal(held.buffer.figures().mode, "spill");
  held.buffer.lag(false);
  await held.pass(1000);
  assert.equal(held.buffer.figures().mode, "memory");
});

test("a backlog in a configuration without a disk is said, until it is gone", async () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-buffer-"));
  const first = new Running({ directory });
  first.add(lines(0, 2));
  await first.stop();
  {
    await using held = new Running({ directory, rows: 0 });
    assert.ok(held.buffer.rowsWithoutDisk > 0);
    held.source();
    await held.pass(200);
    assert.equal(deliver(held, held.lease()), 2);
    assert.equal(held.buffer.rowsWithoutDisk, 0);
  }
  rmSync(directory, { recursive: true });
});

test("a ladder's limit is kept over a restart, but not one that is only a disk's that fails", async () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-buffer-"));
  const first = new Running({ directory });
  assert.deepEqual(first.buffer.fitted, {});
  first.buffer.keepFitted("default", 77);
  first.state.disk = "failed";
  first.buffer.keepFitted("default", 5);
  first.state.disk = "working";
  first.add(lines(0, 1));
  await first.stop();
  await using held = new Running({ directory });
  assert.deepEqual(held.buffer.fitted, { default: 77 });
  await held.stop();
  rmSync(directory, { recursive: true });
});

test("the oldest record is known, also when the spool alone knows it", async () => {
  await using held = new Running();
  const wall = held.clock.wall();
  held.add(lines(0, 1));
  await held.pass(7000);
  assert.equal(held.buffer.figures().oldestMs, wall);
  held.buffer.outbox.setTarget("logs-test-default", "stuck");
  held.add(lines(1, 1));
  await held.buffer.survey();
  assert.equal(held.buffer.figures().oldestMs, wall);
  held.spool.failing = ["survey"];
  await held.buffer.survey();
  assert.equal(held.buffer.figures().oldestMs, wall + 7000, "what is in memory is known");
});

test("an idle buffer does not wake up for nothing", async () => {
  await using held = new Running();
  held.add(lines(0, 1));
  await held.pass(100);
  deliver(held, held.lease());
  await held.pass(15_000);
  let woken = 0;
  held.buffer.changes.listen(() => woken++);
  await held.pass(60_000);
  assert.ok(woken <= 7, `${woken} times in a minute`);
});

test("a stop makes rows of everything, and nothing is done after it", async () => {
  const held = new Running();
  for (let i = 0; i < 5; i++) held.add(lines(i, 1));
  await held.buffer.persist(1000);
  assert.equal(held.disk.value("SELECT count(*) FROM heads"), 5);
  const { commit } = held.spool.calls;
  await held.pass(30_000);
  assert.equal(held.spool.calls.commit, commit);
  assert.equal(held.lease(), undefined);
  await held[Symbol.asyncDispose]();
});
