import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox } from "../../src/buffer/outbox.ts";
import { DEAD, DELIVERED, OPEN } from "../../src/core/fate.ts";
import { Held, QUOTAS, seqs } from "./held.ts";

function made(held: Held): { outbox: Outbox; advanced: () => number } {
  let advanced = 0;
  return { outbox: new Outbox(held.state, () => void advanced++), advanced: () => advanced };
}

test("targets with chunks that could be sent, the age of the oldest and the size of all", () => {
  using held = new Held({ shares: { default: [0.5, 1], other: [0.5, 1] } });
  const { outbox } = made(held);
  held.add("1\n");
  held.clock.advance(100);
  held.add("2\n3\n", { policy: "other", source: "b" });
  held.add("4\n", { target: "j" });
  assert.deepEqual(
    [...outbox.waiting()],
    [
      { target: "i", parts: { old: { bornMs: 0, bytes: 6 + 3 * 256, chunks: 2 }, new: undefined }, filling: false },
      { target: "j", parts: { old: { bornMs: 100, bytes: 2 + 256, chunks: 1 }, new: undefined }, filling: false },
    ],
  );
  held.queue("j").loads = 1;
  assert.deepEqual(
    [...outbox.waiting()].map(({ filling }) => filling),
    [false, true],
  );
  held.state.reading = "failing";
  assert.equal([...outbox.waiting()].at(-1)?.filling, false, "what cannot be read is not waited for");
  outbox.lease("j", { bytes: 1, records: 1, body: 1 });
  assert.deepEqual(
    [...outbox.waiting()].map(({ target }) => target),
    ["i"],
  );
});

test("a lease is taken, settled and ended, and everybody goes on", () => {
  using held = new Held();
  const { outbox, advanced } = made(held);
  const [whole, partly, back] = [held.add("1\n"), held.add("2\n3\n"), held.add("4\n")];
  const lease = outbox.lease("i", { bytes: 1 << 20, records: 10, body: 700 });
  assert.ok(lease);
  assert.deepEqual(outbox.bodies, { most: QUOTAS.bodies, used: 700 });
  outbox.giveBack(lease, [back]);
  outbox.settleRun(whole, 0, 1, DELIVERED);
  assert.ok(outbox.mayRefuse);
  outbox.addDeadLetters(partly, new Map([[1, { status: 400, type: "t", reason: "r" }]]), "i");
  outbox.settleEach(partly, Uint8Array.of(OPEN, DEAD));
  outbox.mayBeStored(partly);
  assert.equal(advanced(), 0, "within one step of delivery nobody else goes on");
  outbox.endLease(lease);
  assert.equal(advanced(), 1);
  assert.deepEqual(
    [outbox.bodies.used, partly.open, partly.possiblyStored, partly.deadLetters?.length],
    [0, 1, true, 1],
  );
  assert.deepEqual(seqs(outbox.lease("i", { bytes: 1 << 20, records: 10, body: 1 })?.chunks), [2, 3]);
});

test("what a target took counts from now, and a change of its state is told once", () => {
  using held = new Held();
  const { outbox, advanced } = made(held);
  held.add("1\n");
  const target = held.state.target("i");
  held.clock.advance(3000);
  outbox.took("i");
  assert.equal(target.lastTake, 3000);
  for (const [state, stuck, wantsProbe] of [
    ["stuck", true, false],
    ["stuck", true, false],
    ["probe", true, true],
    ["takes", false, false],
  ] as const) {
    outbox.setTarget("i", state);
    assert.deepEqual([target.stuck, target.wantsProbe], [stuck, wantsProbe]);
  }
  assert.equal(advanced(), 3);
});

test("a batch of enough small chunks is full", () => {
  using held = new Held({ quotas: { chunks: 7 } });
  assert.equal(made(held).outbox.fullBatch, 7);
});
