import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chunk } from "../../src/buffer/chunk.ts";
import { evict, expire } from "../../src/buffer/evict.ts";
import { beginSend, endSend, takeLease } from "../../src/buffer/lease.ts";
import type { Share } from "../../src/buffer/shares.ts";
import { settleRun } from "../../src/buffer/state.ts";
import { DELIVERED, DROPPED_AGE, DROPPED_OLDEST } from "../../src/core/fate.ts";
import { Held } from "./held.ts";

const share = (held: Held, policy = "default"): Share => held.state.shares.get(policy) as Share;
const openOf = (chunks: readonly Chunk[]): number[] => chunks.map((chunk) => chunk.open);
const LINE = `${"x".repeat(99)}\n`;

function three(held: Held): [Chunk, Chunk, Chunk] {
  return [held.add(LINE), held.add(LINE), held.add(LINE)];
}

test("the oldest go first, and no more than is needed", () => {
  const held = new Held();
  const chunks = three(held);
  const size = share(held).disk / 3;
  assert.equal(evict(held.state, share(held), size + 1, "oldest"), 2 * size);
  assert.deepEqual(openOf(chunks), [0, 0, 1]);
  assert.deepEqual(held.state.ledger.of("a").fates[DROPPED_OLDEST], { records: 2, bytes: 200 });
});

test("what is not leased goes before what waits to be sent again, and that before what is on the wire", () => {
  const held = new Held();
  const [wire, waiting, free] = three(held);
  const lease = (): NonNullable<ReturnType<typeof takeLease>> => {
    const taken = takeLease(held.state, { bytes: 1, records: 1, body: 1 });
    assert.ok(taken);
    return taken;
  };
  const sent = lease();
  lease();
  assert.ok(beginSend(held.state, sent));
  const size = share(held).disk / 3;
  evict(held.state, share(held), size, "oldest");
  assert.deepEqual(openOf([wire, waiting, free]), [1, 1, 0]);
  evict(held.state, share(held), size, "oldest");
  assert.deepEqual(openOf([wire, waiting, free]), [1, 0, 0]);
  evict(held.state, share(held), size, "oldest");
  assert.equal(wire.marked, DROPPED_OLDEST);
  assert.equal(evict(held.state, share(held), size, "oldest"), size, "a mark counts as freed");
  endSend(held.state, sent);
  assert.deepEqual([wire.open, held.state.open, held.state.leased], [0, 0, 0]);
});

test("on the wire, stored is stored: only what is open at the end is dropped", () => {
  const held = new Held();
  const chunk = held.add("1\n2\n3\n");
  const lease = takeLease(held.state, { bytes: 1000, records: 10, body: 1 });
  assert.ok(lease && beginSend(held.state, lease));
  evict(held.state, share(held), 1, "oldest");
  settleRun(held.state, chunk, 0, 2, DELIVERED);
  endSend(held.state, lease);
  const { fates } = held.state.ledger.of("a");
  assert.deepEqual([fates[DELIVERED]?.records, fates[DROPPED_OLDEST]?.records], [2, 1]);
});

test("a ladder sheds of its own share only", () => {
  const held = new Held();
  const other = held.add(LINE, { policy: "audit", source: "b" });
  const own = held.add(LINE);
  assert.equal(evict(held.state, share(held), 1e9, "oldest"), share(held, "audit").disk);
  assert.deepEqual(openOf([other, own]), [1, 0]);
});

test("a row frees disk; when memory binds, only what has a region is let go", () => {
  const held = new Held();
  const [row, fresh] = [held.add(LINE), held.add(LINE)];
  held.state.mode = "spill";
  held.commit();
  held.pageOut(row);
  held.state.mode = "degraded";
  evict(held.state, share(held), 1, "oldest");
  assert.deepEqual(openOf([row, fresh]), [1, 0]);
  held.state.mode = "spill";
  assert.equal(evict(held.state, share(held), 1, "oldest"), row.stored);
  assert.equal(row.open, 0);
});

test("random order is what chance says", () => {
  const gone = (draws: number[]): number[] => {
    const held = new Held();
    const chunks = three(held);
    held.clock.random = () => draws.shift() ?? 0;
    evict(held.state, share(held), 1, "random");
    return openOf(chunks);
  };
  assert.deepEqual(gone([0, 0]), [1, 0, 1]);
  assert.deepEqual(gone([0.9, 0.9]), [0, 1, 1]);
});

test("age lets go of what was read before, also of what is on the wire once its request has ended", () => {
  const held = new Held();
  const old = held.add(LINE);
  const lease = takeLease(held.state, { bytes: 1, records: 1, body: 1 });
  assert.ok(lease && beginSend(held.state, lease));
  const young = held.add(LINE);
  Object.assign(young, { readAtMs: 5000 });
  expire(held.state, 1000);
  assert.equal(old.marked, undefined, "read at that moment is not before it");
  expire(held.state, 2000);
  assert.equal(old.marked, DROPPED_AGE);
  endSend(held.state, lease);
  assert.deepEqual(openOf([old, young]), [0, 1]);
  assert.equal(held.state.ledger.of("a").fates[DROPPED_AGE]?.records, 1);
});
