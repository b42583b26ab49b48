import assert from "node:assert/strict";
import { test } from "node:test";
import type { Lease } from "../../src/buffer/chunk.ts";
import { type LeaseLimit, beginSend, endLease, giveBack, takeLease } from "../../src/buffer/lease.ts";
import { hasRoom } from "../../src/buffer/room.ts";
import { dropOpen, settleRun } from "../../src/buffer/state.ts";
import { committed } from "../../src/buffer/writer.ts";
import { DELIVERED, DROPPED_OLDEST } from "../../src/core/fate.ts";
import { Held } from "./held.ts";

const ALL: LeaseLimit = { bytes: 1 << 20, records: 1000, body: 1000 };
const seqs = (lease: Lease | undefined): number[] | undefined => lease?.chunks.map(({ seq }) => seq);

test("the oldest chunks first, as many as a batch may have", () => {
  const held = new Held();
  for (const text of ["1\n2\n", "3\n", "4\n", "5\n"]) held.add(text);
  assert.deepEqual(seqs(takeLease(held.state, { ...ALL, records: 3 })), [1, 2]);
  assert.deepEqual(seqs(takeLease(held.state, { ...ALL, records: 0 })), [3], "the first is handed out however large");
  assert.deepEqual(seqs(takeLease(held.state, { ...ALL, bytes: 259 })), [4]);
  assert.equal(takeLease(held.state, ALL), undefined);
});

test("a lease has no more chunks than a batch may have, and no more than twice as many wait", () => {
  const held = new Held({ quotas: { chunks: 3 } });
  for (let i = 0; i < 5; i++) held.add("1\n");
  assert.ok(hasRoom(held.state, 100));
  held.add("1\n");
  assert.ok(!hasRoom(held.state, 100));
  assert.deepEqual(seqs(takeLease(held.state, ALL)), [1, 2, 3]);
  assert.ok(hasRoom(held.state, 100));
  assert.deepEqual(seqs(takeLease(held.state, ALL)), [4, 5, 6]);
});

test("leases end where the quotas of bodies and of leased chunks do", () => {
  const held = new Held({ quotas: { bodies: 2500, leased: 200 } });
  for (let i = 0; i < 4; i++) held.add("x".repeat(99));
  assert.deepEqual(seqs(takeLease(held.state, ALL)), [1], "two would take more than 200 bytes");
  assert.equal(takeLease(held.state, ALL), undefined);
  const first = [...held.state.leases][0] as Lease;
  endLease(held.state, first);
  endLease(held.state, first);
  assert.deepEqual([held.state.leased, held.state.bodies], [0, 0], "ended twice, given back once");
  Object.assign(held.state.quotas, { leased: 1e6 });
  for (const expected of [[1], [2], undefined])
    assert.deepEqual(seqs(takeLease(held.state, { ...ALL, bytes: 1 })), expected);
});

test("an unloaded row bars the younger chunks of its source, unless rows cannot be read", () => {
  const held = new Held();
  const row = held.add("1\n");
  held.spill();
  held.pageOut(row);
  held.add("2\n");
  held.add("3\n", { source: "b" });
  const lease = takeLease(held.state, ALL);
  assert.deepEqual(seqs(lease), [3]);
  endLease(held.state, lease as Lease);
  held.state.reading = "failing";
  assert.deepEqual(seqs(takeLease(held.state, ALL)), [2, 3]);
});

test("nothing is leased under an id that a power cut could take back, except when nothing can be written", () => {
  const held = new Held();
  held.source().durable = false;
  held.add("1\n");
  assert.equal(takeLease(held.state, ALL), undefined);
  held.state.mode = "degraded";
  const lease = takeLease(held.state, ALL);
  assert.ok(lease);
  assert.ok(beginSend(held.state, lease));
  lease.state = "waiting";
  held.state.mode = "spill";
  assert.ok(!beginSend(held.state, lease), "leased while the disk failed, healed since: the id comes first");
  assert.deepEqual([lease.chunks.length, held.state.ready.size], [0, 1], "others may be sent meanwhile");
  held.commit();
  assert.ok(takeLease(held.state, ALL));
});

test("what time has ended is a row before it is sent, except when nothing can be written", () => {
  const held = new Held();
  held.add("1\n");
  const cut = held.add("2\n", { ended: "cut" });
  held.add("3\n");
  held.add("4\n", { source: "b" });
  const first = takeLease(held.state, ALL);
  assert.deepEqual(seqs(first), [1, 4], "neither it nor what follows in its file");
  const writing = held.compose();
  assert.ok(writing, "in memory mode too");
  assert.equal(writing.transaction.full, true);
  assert.equal(takeLease(held.state, ALL), undefined, "being written is not written");
  committed(held.state, writing, { stored: writing.added.map(() => 100), size: 0 });
  assert.equal(cut.row, "yes");
  assert.deepEqual(seqs(takeLease(held.state, ALL)), [2, 3]);

  const failing = new Held();
  failing.add("1\n", { ended: "cut" });
  failing.state.mode = "degraded";
  const lease = takeLease(failing.state, ALL);
  assert.ok(lease && beginSend(failing.state, lease));
  lease.state = "waiting";
  failing.state.mode = "spill";
  assert.ok(!beginSend(failing.state, lease), "healed since: the row comes first");

  const without = new Held({ rowBudget: 0 });
  without.add("1\n", { ended: "cut" });
  assert.deepEqual(seqs(takeLease(without.state, ALL)), [1]);
});

test("what was settled or dropped meanwhile is no longer in the lease", () => {
  const held = new Held();
  const [stored, dropped] = [held.add("1\n"), held.add("2\n")];
  const lease = takeLease(held.state, ALL);
  assert.ok(lease);
  settleRun(held.state, stored, 0, 1, DELIVERED);
  dropOpen(held.state, dropped, DROPPED_OLDEST);
  assert.deepEqual([lease.chunks, held.state.leased], [[], 0]);
  assert.ok(!beginSend(held.state, lease));
});

test("chunks that did not fit are given back and may be leased again, the others not", () => {
  const held = new Held();
  const [kept, back] = [held.add("1\n"), held.add("2\n")];
  const lease = takeLease(held.state, ALL);
  assert.ok(lease);
  giveBack(held.state, lease, [back]);
  giveBack(held.state, lease, [back]);
  assert.deepEqual(seqs(lease), [kept.seq]);
  assert.deepEqual(seqs(takeLease(held.state, ALL)), [back.seq]);
});
