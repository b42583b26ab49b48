import assert from "node:assert/strict";
import { test } from "node:test";
import type { Region } from "../../../src/core/arena.ts";
import { setMode } from "../../../src/buffer/budget/modes.ts";
import {
  Reservations,
  type Refusal,
  type Wanted,
  isAhead,
  occupied,
  shareBudget,
} from "../../../src/buffer/budget/room.ts";
import { Held, type HeldOptions, QUOTAS, ROWS } from "../held.ts";

class Reading extends Held {
  readonly reservations = new Reservations();

  constructor(options: HeldOptions = {}) {
    super(options);
    this.source();
  }

  ask(bytes: number, where: Partial<Wanted> = {}): Region | Refusal {
    return this.reservations.take(this.state, { input: "a", policy: "default", targets: ["i"], bytes, ...where });
  }

  /** The reason for a refusal, or "room". A granted region is given back at once. */
  answer(bytes: number, where: Partial<Wanted> = {}): Refusal | "room" {
    const region = this.ask(bytes, where);
    if (typeof region === "string") return region;
    this.giveBack(region);
    return "room";
  }

  giveBack(region: Region): void {
    this.reservations.release(this.state, region);
    this.arena.unpin(region);
    this.arena.release(region);
  }
}

test("what a reader holds counts once, before and after it became a chunk", () => {
  using held = new Reading();
  const region = held.ask(1000) as Region;
  assert.deepEqual(
    [held.state.pool, held.state.unwritten, held.state.staged, region.pins],
    [region.size, region.size, 0, 1],
  );
  held.reservations.release(held.state, region);
  held.reservations.release(held.state, region);
  assert.deepEqual([held.state.pool, held.state.unwritten], [0, 0]);
});

test("what is read for a queue that spills stands on the stage, whatever its mode is by then", () => {
  using held = new Reading();
  held.add("1\n");
  setMode(held.state, held.queue(), "spill");
  held.commit();
  const region = held.ask(1000) as Region;
  assert.equal(held.state.staged, region.size);
  setMode(held.state, held.queue(), "memory");
  held.giveBack(region);
  assert.equal(held.state.staged, 0);
});

test("with new chunks first, only these count as read ahead, up to the target's part of the memory", () => {
  using held = new Reading({ quotas: { ahead: 2000 } });
  for (let i = 0; i < 3; i++) held.add(`${"x".repeat(1000)}\n`);
  assert.equal(held.answer(100), "ahead");
  held.state.newFrom = held.state.nextSeq;
  assert.equal(held.answer(100), "room", "the backlog in memory does not keep the records of now waiting");
  const { stock } = held.add(`${"x".repeat(1000)}\n`);
  assert.equal(held.answer(100), "room");
  held.add(`${"x".repeat(1000)}\n`);
  assert.equal(held.answer(100), "ahead", "two new chunks");
  held.state.newFrom = held.state.nextSeq;
  const { pool, page } = held.state.quotas;
  stock.memory += (pool - page) / 2;
  assert.equal(held.answer(100), "room");
  held.add("1\n", { target: "j" });
  held.state.newFrom = held.state.nextSeq;
  assert.equal(held.answer(100), "ahead", "half of the memory is another target's");
});

test("in memory mode readers stay a few batches ahead of their target, of others not", () => {
  using held = new Reading({ quotas: { ahead: 2000 } });
  held.add(`${"x".repeat(1000)}\n`);
  assert.equal(held.answer(100), "room");
  held.add(`${"x".repeat(1000)}\n`);
  assert.equal(held.answer(100), "ahead");
  assert.equal(held.answer(100, { targets: ["j"] }), "room");
  assert.equal(held.answer(100, { targets: [] }), "room", "nobody knows yet where it goes");
});

test("as many small chunks as two batches may have are far enough ahead", () => {
  using held = new Reading({ quotas: { chunks: 2 } });
  for (let i = 0; i < 3; i++) held.add("1\n");
  assert.equal(held.answer(100), "room");
  held.add("1\n");
  assert.equal(held.answer(100), "ahead");
});

test("many targets divide what may be read ahead", () => {
  using held = new Reading();
  const text = `${"x".repeat(20_000)}\n`;
  held.add(text);
  assert.ok(!isAhead(held.state, held.state.target("i")));
  for (let i = 0; i < 12; i++) held.add("1\n", { target: `j${i}` });
  assert.ok(isAhead(held.state, held.state.target("i")));
});

test("a silent target's input goes on into memory, and then onto the disk", () => {
  using held = new Reading({ quotas: { ahead: 100 } });
  held.add("1\n");
  assert.equal(held.answer(100), "ahead");
  held.clock.advance(5000);
  assert.equal(held.answer(100), "room", "the outermost buffer is not the file any more");
});

test("without a disk the head of the backlog has its place, and what is full is full", () => {
  using held = new Reading({ rows: 0 });
  held.clock.advance(10);
  const most = QUOTAS.pool - QUOTAS.page;
  assert.equal(held.answer(most + 1), "memory");
  assert.equal(held.answer(most - 48), "room");
  held.arena.alloc(held.arena.free - 1000);
  assert.equal(held.answer(1000), "memory", "the arena itself has none");
});

test("where a ladder divides the memory, what is read ahead alone does not make it climb", () => {
  using held = new Reading({ rows: 0, quotas: { leastCharge: 1000 }, shares: { default: [0.1, 1, 0.5] } });
  const budget = shareBudget(held.state, held.share());
  assert.equal(held.answer(budget * 0.7), "room", "it holds nothing");
  held.add("x".repeat(budget * 0.4));
  assert.equal(held.answer(budget * 0.05), "room");
  assert.equal(held.answer(budget * 0.1), "ahead");
  held.clock.advance(5000);
  assert.equal(held.answer(budget * 0.1), "room", "its target does not take");
});

test("in a queue that spills readers have the stage, and one read always fits", () => {
  using held = new Reading({ quotas: { stage: 3000 } });
  held.add("1\n");
  setMode(held.state, held.queue(), "spill");
  held.commit();
  assert.equal(held.answer(5000), "room", "nothing is on the stage");
  held.add("x".repeat(1000));
  assert.equal(held.answer(1000), "room");
  assert.equal(held.answer(3000), "stage");
  held.state.pool = QUOTAS.pool;
  assert.equal(held.answer(10), "memory");
});

test("a ladder has its share of the disk, and a last read however large goes beyond it", () => {
  using held = new Reading({ rows: 10_000, shares: { default: [0.25, 1], other: [0.75, 1] } });
  assert.equal(held.answer(5000), "room", "it holds nothing");
  held.add("x".repeat(2000));
  assert.equal(held.answer(400), "ahead", "its target takes");
  held.clock.advance(5000);
  assert.equal(held.answer(400), "room", "a rung at 95 % could never be reached else");
  held.add("x".repeat(400));
  assert.equal(held.answer(10), "share");
  assert.equal(held.answer(4000, { policy: "other", targets: ["j"] }), "room");
  assert.deepEqual([occupied(held.state, held.share()), shareBudget(held.state, held.share())], [2656, 2500]);
});

test("where nothing can be written, shares are of the memory", () => {
  using held = new Reading({ shares: { default: [0.5, 1], other: [0.5, 1] } });
  const budget = QUOTAS.pool - QUOTAS.page - QUOTAS.largest;
  const chunk = held.add("1\n");
  assert.equal(shareBudget(held.state, held.share()), ROWS / 2);
  held.state.disk = "late";
  assert.deepEqual(
    [shareBudget(held.state, held.share()), occupied(held.state, held.share())],
    [budget / 2, chunk.memory],
  );
  assert.equal(held.answer(10), "room");
  held.add("x".repeat(budget / 2));
  assert.equal(held.answer(10), "share");
});

test("where nothing can be written, loaded rows do not take the readers' room", () => {
  using held = new Reading();
  held.add("1\n");
  const { pool, page } = QUOTAS;
  held.state.pool = pool - page;
  assert.deepEqual([held.answer(10), held.answer(page + 1)], ["room", "memory"], "rows leave the stage free");
  held.state.unwritten = QUOTAS.stage;
  assert.equal(held.answer(10), "memory", "the stage is full");
  held.state.unwritten = held.share().memory;
  held.state.disk = "late";
  assert.deepEqual([held.answer(page / 2), held.answer(page + 1)], ["room", "memory"], "as far as they can give way");
  held.state.pool = held.state.unwritten + page;
  assert.equal(held.answer(pool - 3 * page), "room");
});

test("small chunks are charged so that as many as there may be fill the memory", () => {
  using held = new Reading({ rows: 0, quotas: { leastCharge: 1000 } });
  held.add("1\n");
  assert.deepEqual([held.share().memory, held.queue().stocks.get("a")?.memory], [1000, 1000]);
  Object.assign(held.state.quotas, { fresh: 1 });
  assert.equal(held.answer(10), "memory");
});

test("what a ladder holds that is no longer configured is taken off first, and no share is less than nothing", () => {
  using held = new Reading({ rows: 10_000 });
  held.add("x".repeat(4000), { policy: "old", source: "b" });
  assert.equal(shareBudget(held.state, held.share()), 10_000 - 4128);
  held.add("x".repeat(9000), { policy: "old", source: "b" });
  assert.equal(shareBudget(held.state, held.share()), 0);
});

test("an input whose target takes nothing may have its part of the ladder, then it waits, and others go on", () => {
  using held = new Reading({ rows: 10_000, shares: { default: [1, 4] } });
  held.add("x".repeat(2000));
  held.add("x".repeat(5000), { source: "b" });
  held.queue().target.stuck = true;
  assert.equal(held.answer(10), "room", "2,128 of 2,500 bytes");
  assert.equal(held.answer(10, { input: "b" }), "target");
  held.add("x".repeat(400));
  assert.equal(held.answer(10), "target");
  assert.equal(held.answer(10, { targets: ["j"] }), "room");
  held.queue().target.stuck = false;
  assert.equal(held.answer(10), "room");
});

test("of an input with several targets, what it has for all that are stuck counts, whichever came last", () => {
  using held = new Reading({ rows: 10_000, shares: { default: [1, 4] } });
  for (const target of ["i", "j", "k"]) held.add("x".repeat(1200), { target });
  for (const target of ["i", "j"]) held.state.target(target).stuck = true;
  assert.equal(held.answer(10, { targets: ["k", "j", "i"] }), "target", "2,656 of 2,500 bytes");
  assert.equal(held.answer(10, { targets: ["i", "k", "j"] }), "target");
  assert.equal(held.answer(10, { targets: ["k", "j"] }), "room", "1,328 bytes");
});

test("a ladder's only input may have all of it", () => {
  using held = new Reading({ rows: 10_000 });
  held.add("x".repeat(9000));
  held.queue().target.stuck = true;
  assert.equal(held.answer(10), "room");
});
