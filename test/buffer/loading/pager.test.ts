import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chunk } from "../../../src/buffer/chunk.ts";
import { onDisk } from "../../../src/buffer/queue.ts";
import { LATE_MS } from "../../../src/buffer/budget/modes.ts";
import { dropOpen } from "../../../src/buffer/settle.ts";
import { DROPPED_CORRUPT, DROPPED_OLDEST } from "../../../src/core/fate.ts";
import { settled } from "../disk.ts";
import { QUOTAS, seqs } from "../held.ts";
import { Paging } from "../paging.ts";

test("rows come back with their bytes, record tables and action metadata, in their order", async () => {
  using held = new Paging();
  const [before] = held.onDisk(["one\ntwo\n", "three\n"], { table: true, actions: "xyz" }) as [Chunk];
  const envelope = before.envelope;
  await held.step();
  const [first, second] = [...held.queue().ready] as [Chunk, Chunk];
  assert.notEqual(first, before);
  for (const key of ["seq", "source", "start", "end", "records", "bytes", "readAtMs", "agedMs", "length"] as const) {
    assert.equal(first[key], before[key], key);
  }
  assert.deepEqual([first.envelope, first.row, first.isLoaded, first.region?.pins], [envelope, "yes", true, 0]);
  assert.deepEqual(held.loaded(), ["onetwo", "three"]);
  assert.equal(held.arena.view(first.actions as never).toString(), "xyz");
  assert.equal(held.arena.view(second.table as never).readUInt32LE(0), 5);
  assert.deepEqual([onDisk(first.queue), first.queue.cursor, held.state.window], [0, 2, 2]);
  assert.equal(held.spool.calls.load, 1, "a block is read once");
});

test("the lowest number first, also where the cursor has gone back", async () => {
  using held = new Paging();
  held.onDisk(["1\n", "2\n", "3\n"]);
  await held.step();
  const [, second] = [...held.queue().ready] as [Chunk, Chunk];
  held.pageOut(second);
  await held.step();
  assert.deepEqual([seqs(held.queue().ready), held.queue().cursor], [[1, 2, 3], 3]);
});

test("no more is loaded than waits to be sent anyway, unless nothing of the queue can be sent", async () => {
  const text = `${"x".repeat(500)}\n`;
  using held = new Paging({ quotas: { ahead: 1000 } });
  held.onDisk(Array.from({ length: 5 }, () => text));
  await held.step();
  assert.equal(held.queue().ready.size, 5, "of one block, at once");
  using apart = new Paging({ quotas: { ahead: 700, sliceRows: 1 } });
  apart.onDisk(Array.from({ length: 5 }, () => text));
  await apart.step();
  assert.equal(apart.queue().ready.size, 2, "as many as come to that size");
  await apart.step();
  assert.equal(apart.queue().ready.size, 2);
  apart.pageOut([...apart.queue().ready][0] as Chunk);
  await apart.step();
  assert.ok(seqs(apart.queue().ready).includes(1), "the first is wanted whatever waits behind it");
});

test("loaded rows leave the stage to the readers, but one row is always loaded", async () => {
  using held = new Paging();
  const most = QUOTAS.pool - QUOTAS.stage;
  held.onDisk(["x".repeat(most - 5000)]);
  held.onDisk(["y".repeat(6000)], { target: "other" });
  await held.step();
  await held.step();
  assert.deepEqual([seqs(held.queue().ready), seqs(held.queue("other").ready)], [[1], []]);
  assert.equal(held.spool.calls.load, 1, "what would have to leave at once is not loaded");
  using large = new Paging({ quotas: { stage: QUOTAS.pool - 6000 } });
  large.onDisk(["x".repeat(5000), "y".repeat(5000)]);
  await large.step();
  assert.deepEqual(seqs(large.queue().ready), [1]);
});

test("a younger row makes room for the one that it waits for", async () => {
  using held = new Paging();
  const most = QUOTAS.pool - QUOTAS.stage;
  const [, second] = ["x", "y"].map((char) => held.add(char.repeat(most - 50_000))) as [Chunk, Chunk];
  held.spill();
  held.pageOut([...held.queue().ready][0] as Chunk);
  assert.ok(second.isLoaded);
  await held.step();
  await held.step();
  assert.deepEqual([seqs(held.queue().ready), second.isLoaded], [[1], false]);
});

test("where a region cannot be had nothing is changed", async () => {
  using held = new Paging();
  held.onDisk(["1\n"], { table: true });
  held.arena.alloc(held.arena.free - 96);
  const { pool } = held.state;
  await held.step();
  assert.deepEqual([held.state.pool, seqs(held.queue().unloaded), held.arena.count], [pool, [1], 1]);
});

test("a target that takes nothing loads nothing, and one chunk when it is about to be tried", async () => {
  using held = new Paging();
  held.onDisk(["1\n", "2\n", "3\n"]);
  const { target } = held.queue();
  target.stuck = true;
  await held.step();
  assert.deepEqual([held.spool.calls.heads, held.state.window], [0, 0]);
  target.wantsProbe = true;
  await held.step();
  await held.step();
  assert.deepEqual([held.loaded(), held.state.window], [["1\n"], 1]);
});

test("it is tried with the first chunk of its queue, also when a younger one has kept its object", async () => {
  using held = new Paging();
  const [first, sent] = [held.add("1\n"), held.add("2\n")];
  held.spill();
  sent.mayBeStored();
  held.pageOut(first, sent);
  Object.assign(held.queue().target, { stuck: true, wantsProbe: true });
  for (let i = 0; i < 3; i++) await held.step();
  assert.deepEqual([held.loaded(), held.spool.calls.load], [["1\n"], 1]);
});

test("a damaged block loses the chunks that were asked for, by name, and the others of their source go on", async () => {
  using held = new Paging();
  held.onDisk(["1\n", "2\n"]);
  held.add("3\n");
  held.disk.db.exec("UPDATE bodies SET checksum = checksum + 1");
  await held.step();
  assert.deepEqual([held.fate(DROPPED_CORRUPT), seqs(held.queue().ready), held.state.open], [2, [3], 1]);
  assert.match(
    held.said.join(),
    /^records_corrupt: 1 buffered records .* are damaged on the disk, and their file does not have them/,
  );
  assert.equal(held.state.pool, [...held.queue().ready][0]?.memory);
  held.commit();
  assert.deepEqual(held.disk.rows("SELECT seq FROM heads"), [[3]]);
});

test("what is shed while it is loaded keeps its regions until the load has ended", async () => {
  using held = new Paging();
  held.onDisk(["1\n"]);
  held.spool.holding = ["load"];
  await held.step();
  const chunk = held.queue().unloaded.first as Chunk;
  assert.ok(chunk.loading);
  dropOpen(held.state, chunk, DROPPED_OLDEST);
  assert.ok(chunk.region && chunk.region.pins === 1);
  held.spool.release();
  await settled();
  assert.deepEqual([chunk.region, held.state.pool, held.queue().ready.size, held.pager.loading], [undefined, 0, 0, 0]);
});

test("a disk that cannot be read is tried once a second, and order is given up until it can", async () => {
  using held = new Paging();
  held.onDisk(["1\n"]);
  held.spool.failing = ["load"];
  await held.step();
  assert.equal(held.state.reading, "failing");
  assert.match(held.said.join(), /^row_unreadable: cannot read buffered chunks: disk I\/O error; trying again$/);
  assert.deepEqual([seqs(held.queue().unloaded), held.state.pool], [[1], 0]);
  held.spool.failing = [];
  await held.step();
  assert.equal(held.spool.calls.load, 1, "not yet");
  held.clock.advance(1000);
  await held.step();
  assert.deepEqual([held.loaded(), held.state.reading], [["1\n"], "working"]);
});

test("a block that the disk does not give away holds up nobody, is tried every ten seconds, and is lost in the end by name", async () => {
  using held = new Paging({ quotas: { sliceRows: 1 } });
  held.onDisk(["1\n", "2\n"]);
  const { sql } = held.disk.store.backlog;
  const { body } = sql;
  let fails = 1;
  const get = (block: number): unknown => {
    if (block === fails) throw Object.assign(new Error("disk I/O error"), { code: "SQLITE_IOERR_READ" });
    return body.get(block);
  };
  Object.assign(sql, { body: { get } });
  await held.step();
  await held.step();
  assert.deepEqual([seqs(held.queue().ready), seqs(held.queue().aside), held.state.reading], [[2], [1], "working"]);
  assert.match(held.said.join(), /^row_unreadable: the disk does not give 1 buffered records away \(bytes 0 to 2 of /);
  for (let n = 2; n <= 12; n++) {
    assert.equal(held.fate(DROPPED_CORRUPT), 0);
    held.clock.advance(10_000);
    await held.step();
  }
  assert.deepEqual([held.fate(DROPPED_CORRUPT), held.queue().aside.size], [1, 0]);

  using well = new Paging({ quotas: { sliceRows: 1 } });
  well.onDisk(["1\n", "2\n"]);
  Object.assign(well.disk.store.backlog.sql, { body: { get } });
  fails = 1;
  await well.step();
  fails = 0;
  well.clock.advance(10_000);
  await well.step();
  assert.deepEqual([well.fate(DROPPED_CORRUPT), seqs(well.queue().ready)], [0, [1, 2]]);
});

test("a disk that hangs on reading holds up no more than what it was asked for", async () => {
  using held = new Paging();
  held.onDisk(["1\n"]);
  held.spool.holding = ["load"];
  await held.step();
  held.clock.advance(LATE_MS - 1);
  await held.step();
  assert.equal(held.state.reading, "working");
  held.clock.advance(1);
  await held.step();
  assert.equal(held.state.reading, "failing");
  held.spool.release();
  await settled();
  assert.deepEqual([held.state.reading, held.loaded()], ["working", ["1\n"]]);
});

test("while the buffer stops nothing is loaded", async () => {
  using held = new Paging();
  held.onDisk(["1\n"]);
  held.state.phase = "stopping";
  await held.step();
  assert.equal(held.spool.calls.heads, 0);
});

test("queues take turns", async () => {
  using held = new Paging({ quotas: { window: 6 } });
  held.onDisk(
    Array.from({ length: 20 }, () => "1\n"),
    { target: "i" },
  );
  held.onDisk(
    Array.from({ length: 20 }, () => "2\n"),
    { target: "j" },
  );
  await held.step();
  for (const chunk of [...held.queue("i").ready, ...held.queue("j").ready]) dropOpen(held.state, chunk, DROPPED_OLDEST);
  held.commit();
  await held.step();
  const taken = [held.queue("i").cursor, held.queue("j").cursor].filter((cursor) => cursor > 0);
  assert.equal(taken.length, 2);
});

test("a queue is loaded until it has what a request takes, then the next: not a block of each in turn", async () => {
  using held = new Paging({ quotas: { ahead: 2000, sliceRows: 1 } });
  const text = `${"x".repeat(500)}\n`;
  for (const target of ["i", "j", "k"]) held.onDisk([text, text, text, text, text, text], { target, source: target });
  const loaded: string[] = [];
  const { load } = held.spool;
  held.spool.load = (block, heads) => {
    loaded.push([...held.state.blocks.values()].find(({ id }) => id === block)?.stock.queue.target.name as string);
    return load.call(held.spool, block, heads);
  };
  await held.step();
  assert.match(loaded.join(""), /^i{4,6}j{4,6}k{4,6}$/);
  assert.deepEqual([held.queue("i").loads, held.queue("j").loads], [0, 0]);
});
