// With `order: newest`: which chunks are new, what a lease of each side takes, and that new chunks give way to memory pressure.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Lease } from "../../src/buffer/chunk.ts";
import { endLease, takeLease } from "../../src/buffer/lease.ts";
import { setMode } from "../../src/buffer/budget/modes.ts";
import { Newest } from "../../src/buffer/newest.ts";
import { Outbox } from "../../src/buffer/outbox.ts";
import { sendable, sendableNew } from "../../src/buffer/queue.ts";
import { settleRun } from "../../src/buffer/settle.ts";
import { DELIVERED } from "../../src/core/fate.ts";
import { Held, type HeldOptions, type Kept, seqs } from "./held.ts";

const ALL = { bytes: 1 << 20, records: 1000, body: 1000 };
const MS = 1600;

class New extends Held {
  private readonly newest = new Newest(this.state, MS);

  constructor(options: HeldOptions = {}) {
    super(options);
    this.source();
    this.newest.look();
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 100) {
      this.clock.advance(Math.min(100, left));
      this.newest.look();
    }
  }

  /** Chunks that are only on disk, and new ones in memory. */
  backlog(...texts: readonly string[]): void {
    const chunks = texts.map((text) => this.add(text));
    this.pass(2 * MS);
    this.spill();
    this.pageOut(...chunks);
  }

  /** Sequence numbers that a lease of this side takes. It is given back at once. */
  leased(side: Lease["side"], target = "i"): number[] {
    const lease = takeLease(this.state, this.state.target(target), ALL, side);
    const found = seqs(lease?.chunks);
    if (lease) endLease(this.state, lease);
    return found;
  }

  /** Lets all rows be in memory. */
  loaded(...kept: readonly Kept[]): void {
    for (const one of kept) this.add("1\n", one);
    this.spill();
  }
}

test("a chunk is new for a time after it was read, however many come", () => {
  using held = new New();
  held.add("1\n");
  held.pass(MS / 2);
  held.add("2\n");
  assert.deepEqual([held.state.newFrom, held.leased("new"), held.leased("old")], [1, [1, 2], [1, 2]]);
  held.pass(MS / 2 + 100);
  assert.deepEqual([held.leased("old"), held.leased("new")], [[1], [2]]);
  held.pass(MS);
  assert.deepEqual(
    [held.leased("old"), held.leased("new")],
    [
      [1, 2],
      [1, 2],
    ],
    "the other side, if there is none of this",
  );
  const { notes } = (held as unknown as { newest: { notes: readonly unknown[] } }).newest;
  held.pass(100 * MS);
  assert.ok(notes.length <= 18, `${notes.length} notes`);
  held.pass(100);
  held.add("3\n");
  assert.deepEqual(held.leased("new"), [3]);
});

test("without the option no chunk is new", () => {
  using held = new Held();
  const newest = new Newest(held.state, 0);
  held.add("1\n");
  newest.look();
  assert.equal(held.state.newFrom, Infinity);
  assert.equal(takeLease(held.state, held.state.target("i"), ALL, "new")?.side, "old");
});

test("new chunks do not wait for the backlog on disk, in the order in which they were read", () => {
  using held = new New();
  held.backlog("1\n", "2\n");
  held.add("3\n");
  held.add("4\n", { source: "b" });
  held.commit();
  assert.deepEqual(held.leased("new"), [3, 4]);
  assert.deepEqual(held.leased("old"), [3, 4], "no old chunk is in memory");
  held.pass(2 * MS);
  assert.deepEqual([held.leased("new"), held.leased("old")], [[], []], "too old: it waits for its turn");
});

test("in memory alone the oldest chunks and the new ones are two sides, too", () => {
  using held = new New({ rows: 0 });
  for (const text of ["1\n", "2\n"]) held.add(text);
  held.pass(2 * MS);
  for (const text of ["3\n", "4\n"]) held.add(text);
  assert.deepEqual(
    [held.leased("old"), held.leased("new")],
    [
      [1, 2],
      [3, 4],
    ],
  );
});

test("each side is counted by itself, over all ladders of a target", () => {
  using held = new New({ rows: 0, shares: { default: [0.5, 1], other: [0.5, 1] } });
  const { state } = held;
  const target = state.target("i");
  const count = (): number[][] =>
    [sendable(state, target, 1000, state.newFrom), sendableNew(target, 1000, state.newFrom)].map((sum) => [
      sum.chunks,
      sum.bytes,
      sum.first?.seq ?? 0,
    ]);
  held.add("1\n");
  assert.deepEqual(count(), [
    [0, 0, 0],
    [1, 258, 1],
  ]);
  held.pass(2 * MS);
  held.add("2\n3\n");
  held.pass(100);
  held.add("4\n", { policy: "other", source: "b" });
  assert.deepEqual(count(), [
    [1, 258, 1],
    [2, 516 + 258, 2],
  ]);
  assert.deepEqual(sendableNew(target, 1, state.newFrom).chunks, 2, "at least so many");
});

test("a stuck target has no new chunks: it is tried with its oldest one", () => {
  using held = new New();
  held.backlog("1\n");
  held.add("2\n");
  held.state.target("i").stuck = true;
  assert.deepEqual([held.leased("new"), held.leased("old")], [[], []]);
});

test("a new chunk becomes a row only if it cannot be read again, or the stage fills, or it is new no more", () => {
  using held = new New({ quotas: { slice: 400, stage: 1000 } });
  setMode(held.state, held.queue(), "spill");
  const first = held.add("1\n");
  held.commit();
  assert.equal(first.row, "no");
  const cut = held.add("2\n", { source: "b", ended: "cut" });
  held.commit();
  assert.deepEqual([first.row, cut.row], ["no", "yes"]);
  const next = held.add(`${"x".repeat(250)}\n`, { source: "c" });
  held.commit();
  assert.deepEqual([first.row, next.row], ["yes", "yes"], "more than half a slice waits");
  const last = held.add("4\n");
  held.commit();
  assert.equal(last.row, "no");
  held.pass(2 * MS);
  held.commit();
  assert.equal(last.row, "yes");
  held.sound();
});

test("the row of a new chunk stays in memory while there is room, and leaves it when it is new no more", () => {
  using held = new New();
  held.backlog("1\n");
  const cut = held.add("2\n", { ended: "cut" });
  held.commit();
  assert.deepEqual([cut.row, cut.isLoaded, held.leased("new")], ["yes", true, [2]]);
  held.pass(2 * MS);
  assert.deepEqual([cut.isLoaded, held.leased("new"), seqs(held.queue().window)], [false, [], []]);

  const { pool, stage } = held.state.quotas;
  held.state.pool += (pool - stage) / 2;
  const second = held.add("3\n", { ended: "cut" });
  held.commit();
  assert.deepEqual([second.row, second.isLoaded], ["yes", false], "half of the room is for older rows");
});

test("rows that are in memory and wait for nothing stay there, however old", () => {
  using held = new New();
  held.loaded({}, {});
  held.pass(3 * MS);
  assert.deepEqual(held.leased("old"), [1, 2]);
});

test("what is delivered out of order holds the checkpoint back, and passes once the rest is a row", () => {
  using held = new New();
  setMode(held.state, held.queue(), "spill");
  const [old, recent] = [held.add("1\n"), held.add("2\n")];
  settleRun(held.state, recent, 0, 1, DELIVERED);
  held.commit();
  assert.equal(held.source().checkpoint, 0, "a crash reads both again");
  held.pass(2 * MS);
  held.commit();
  assert.deepEqual([old.row, held.source().checkpoint], ["yes", 4]);
  held.sound();
});

test("a chunk for which there is no room comes next, and the other side waits for it", () => {
  using held = new New({ rows: 0, quotas: { leased: 200 } });
  held.add(`${"x".repeat(150)}\n`);
  held.pass(2 * MS);
  for (const text of ["1\n", "2\n"]) held.add(text);
  const { state } = held;
  const small = takeLease(state, state.target("i"), { ...ALL, records: 1 }, "new") as Lease;
  state.leased += 100;
  assert.equal(takeLease(state, state.target("i"), ALL, "old"), undefined);
  state.leased -= 100;
  endLease(state, small);
  assert.deepEqual(held.leased("old"), [1]);
});

test("before the end the rest of a chunk that was sent in part waits for no row", () => {
  using held = new New();
  held.backlog("1\n");
  const begun = held.add("2\n3\n");
  const lease = takeLease(held.state, held.state.target("i"), ALL, "new") as Lease;
  settleRun(held.state, begun, 0, 1, DELIVERED);
  endLease(held.state, lease);
  held.pass(2 * MS);
  assert.deepEqual(held.leased("new"), []);
  new Outbox(held.state, () => {}).finish();
  held.pass(MS);
  assert.deepEqual(held.leased("new"), [2]);
});
