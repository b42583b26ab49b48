import assert from "node:assert/strict";
import { test } from "node:test";
import { type Chunk, type Lease, leasedIn } from "../../src/buffer/chunk.ts";
import { type LeaseLimit, endLease, giveBack, hasBegun, takeLease } from "../../src/buffer/lease.ts";
import { setMode } from "../../src/buffer/budget/modes.ts";
import { dropOpen, settleRun } from "../../src/buffer/settle.ts";
import { identifySource } from "../../src/buffer/sources/sources.ts";
import type { Writing } from "../../src/buffer/commit/writer.ts";
import { DELIVERED, DROPPED_OLDEST } from "../../src/core/fate.ts";
import { Held, seqs } from "./held.ts";

const ALL: LeaseLimit = { bytes: 1 << 20, records: 1000, body: 1000 };

class Leasing extends Held {
  lease(limit: Partial<LeaseLimit> = {}, target = "i"): Lease | undefined {
    return takeLease(this.state, this.state.target(target), { ...ALL, ...limit });
  }

  /** Sequence numbers of the chunks that can be leased now. The lease is given back at once. */
  sendable(target = "i"): number[] {
    const lease = this.lease({}, target);
    const found = seqs(lease?.chunks);
    if (lease) endLease(this.state, lease);
    return found;
  }
}

test("the oldest chunks first, as many as a batch may have", () => {
  using held = new Leasing();
  for (const text of ["1\n2\n", "3\n", "4\n", "5\n"]) held.add(text);
  assert.deepEqual(seqs(held.lease({ records: 3 })?.chunks), [1, 2]);
  assert.deepEqual(seqs(held.lease({ records: 0 })?.chunks), [3], "the first is handed out however large");
  assert.deepEqual(seqs(held.lease({ bytes: 259 })?.chunks), [4]);
  assert.equal(held.lease(), undefined);
});

test("chunks of several ladders for one target go by the order in which they came", () => {
  using held = new Leasing({ shares: { default: [0.5, 1], other: [0.5, 1] } });
  for (const policy of ["default", "other", "other", "default"]) held.add("1\n", { policy, source: policy });
  held.add("5\n", { target: "j" });
  assert.deepEqual([held.sendable(), held.sendable("j")], [[1, 2, 3, 4], [5]]);
});

test("a lease has no more chunks than a batch may have", () => {
  using held = new Leasing({ quotas: { chunks: 3 } });
  for (let i = 0; i < 5; i++) held.add("1\n");
  assert.deepEqual(seqs(held.lease()?.chunks), [1, 2, 3]);
  assert.deepEqual(seqs(held.lease()?.chunks), [4, 5]);
});

test("leases end where the quotas of bodies and of leased chunks do", () => {
  using held = new Leasing({ quotas: { bodies: 2500, leased: 200 } });
  for (let i = 0; i < 4; i++) held.add(`${"x".repeat(98)}\n`);
  const first = held.lease() as Lease;
  assert.deepEqual(seqs(first.chunks), [1], "two would take more than 200 bytes");
  assert.equal(held.lease(), undefined);
  endLease(held.state, first);
  endLease(held.state, first);
  assert.deepEqual([held.state.leased, held.state.bodies], [0, 0], "ended twice, given back once");
  Object.assign(held.state.quotas, { leased: 1e6 });
  for (const expected of [[1], [2], []]) assert.deepEqual(seqs(held.lease({ bytes: 1 })?.chunks), expected);
});

test("a row that is not in memory bars what lies behind it in its queue, and no other queue", () => {
  using held = new Leasing();
  const [, second] = [held.add("1\n"), held.add("2\n", { source: "b" }), held.add("3\n")];
  held.add("4\n", { target: "j" });
  held.spill();
  second.mayBeStored();
  held.pageOut(second);
  assert.deepEqual([held.sendable(), held.sendable("j")], [[1], [4]]);
  held.state.reading = "failing";
  assert.deepEqual(held.sendable(), [1, 3], "while rows cannot be read, order is given up");
});

test("rows without an object bar what is read after them", () => {
  using held = new Leasing();
  const row = held.add("1\n");
  held.spill();
  held.pageOut(row);
  held.add("2\n");
  assert.deepEqual(held.sendable(), []);
});

test("nothing is sent under an id that is not durable, except when nothing can be written", () => {
  using held = new Leasing();
  held.source("b");
  held.add("1\n");
  identifySource(held.state, held.source(), { ...held.source().identity, headLength: 2, headHash: 7 });
  held.add("2\n", { source: "b" });
  assert.deepEqual(held.sendable(), [2], "others go on");
  held.state.disk = "failed";
  assert.deepEqual(held.sendable(), [1, 2]);
  held.state.disk = "working";
  held.commit();
  assert.deepEqual(held.sendable(), [1, 2]);
});

test("what time has ended is a row before it is sent, except when nothing can be written", () => {
  using held = new Leasing();
  held.source("b");
  held.add("1\n");
  const cut = held.add("2\n", { ended: "cut" });
  held.add("3\n");
  held.add("4\n", { source: "b" });
  assert.deepEqual(held.sendable(), [1, 4], "neither it nor what follows in its file");
  const writing = held.compose() as Writing;
  assert.ok(writing.transaction.full);
  assert.deepEqual(held.sendable(), [1, 4], "being written is not written");
  held.write(writing);
  assert.equal(cut.row, "yes");
  assert.deepEqual(held.sendable(), [1, 2, 3, 4]);

  using failing = new Leasing();
  failing.add("1\n", { ended: "cut" });
  failing.state.disk = "failed";
  assert.deepEqual(failing.sendable(), [1]);

  using without = new Leasing({ rows: 0 });
  without.add("1\n", { ended: "cut" });
  assert.deepEqual(without.sendable(), [1]);
});

test("while the buffer stops nothing more is handed out", () => {
  using held = new Leasing();
  held.add("1\n");
  held.state.phase = "stopping";
  assert.equal(held.lease(), undefined);
});

test("before the end only the rest of what was sent in part is handed out", () => {
  using held = new Leasing();
  const [first] = ["1\n2\n3\n", "4\n", "5\n"].map((text) => held.add(text)) as [Chunk];
  const lease = held.lease({ records: 3 }) as Lease;
  settleRun(held.state, first, 0, 2, DELIVERED);
  endLease(held.state, lease);
  held.state.phase = "ending";
  assert.equal(hasBegun(held.state), true);
  assert.deepEqual(held.sendable(), [1]);
  settleRun(held.state, first, 2, 3, DELIVERED);
  assert.equal(hasBegun(held.state), false);
  assert.deepEqual(held.sendable(), []);
});

test("what was settled or dropped meanwhile is no longer in the lease", () => {
  using held = new Leasing();
  const [stored, dropped] = [held.add("1\n"), held.add("2\n")];
  const lease = held.lease() as Lease;
  settleRun(held.state, stored, 0, 1, DELIVERED);
  dropOpen(held.state, dropped, DROPPED_OLDEST);
  assert.deepEqual([leasedIn(lease).length, held.state.leased], [0, 0]);
  endLease(held.state, lease);
  assert.equal(held.state.queues.get('["default","i"]')?.ready.size, 0);
});

test("chunks that did not fit are given back and may be leased again, the others not", () => {
  using held = new Leasing();
  const [kept, back] = [held.add("1\n"), held.add("2\n")];
  const lease = held.lease() as Lease;
  giveBack(held.state, lease, [back]);
  giveBack(held.state, lease, [back]);
  assert.deepEqual(seqs(leasedIn(lease)), [kept.seq]);
  assert.equal(held.state.leased, kept.memory);
  assert.deepEqual(seqs(held.lease()?.chunks), [back.seq]);
});

test("what was marked in a request is dropped when that ends, unless it was stored", () => {
  using held = new Leasing();
  const [partly, marked, free] = [held.add("1\n2\n"), held.add("3\n"), held.add("4\n")] as [Chunk, Chunk, Chunk];
  const lease = held.lease() as Lease;
  for (const chunk of [partly, marked]) chunk.marked = DROPPED_OLDEST;
  settleRun(held.state, partly, 0, 1, DELIVERED);
  endLease(held.state, lease);
  assert.deepEqual([partly.open, marked.open, free.open], [0, 0, 1]);
  assert.deepEqual([held.fate(DELIVERED), held.fate(DROPPED_OLDEST)], [1, 2]);
  assert.deepEqual(held.sendable(), [free.seq]);
});

test("a chunk that is written while it is in a request is leased as it was", () => {
  using held = new Leasing();
  const chunk = held.add("1\n");
  const lease = held.lease() as Lease;
  setMode(held.state, chunk.queue, "spill");
  held.commit();
  assert.deepEqual([seqs(leasedIn(lease)), held.state.leased], [[1], chunk.memory]);
  settleRun(held.state, chunk, 0, 1, DELIVERED);
  endLease(held.state, lease);
  assert.deepEqual([held.state.leased, held.state.leases.size, chunk.region], [0, 0, undefined]);
});
