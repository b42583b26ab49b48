import assert from "node:assert/strict";
import { test } from "node:test";
import { Books } from "../../../src/buffer/ledger/books.ts";
import { addDeadLetters } from "../../../src/buffer/ledger/dead-letters.ts";
import { settleEach } from "../../../src/buffer/settle.ts";
import { DEAD, DELIVERED, DROPPED_OLDEST, SAMPLED } from "../../../src/core/fate.ts";
import { Held } from "../held.ts";

const REFUSAL = { status: 400, type: "t", reason: "r" };

test("a chunk enters whole, with what admission counted out; its other fates come when it goes", () => {
  using held = new Held();
  const chunk = held.add("1\n22\n333\n", { counted: new Map([[SAMPLED, { records: 2, bytes: 20 }]]), keep: 3 });
  const books = new Books();
  assert.ok(books.isEmpty);
  books.enter(chunk, 7);
  const [entered] = books.deltas.list();
  assert.deepEqual(entered?.account.read, { records: 5, bytes: 29 });
  assert.deepEqual(entered?.account.fates[SAMPLED], { records: 2, bytes: 20 });
  assert.deepEqual(
    [...books.losses].map(({ fate, keep, atMs }) => [fate, keep, atMs]),
    [[SAMPLED, 3, 7]],
  );

  const after = new Books();
  addDeadLetters(held.state, chunk, new Map([[1, REFUSAL]]), "i");
  settleEach(held.state, chunk, Uint8Array.of(DELIVERED, DEAD, DROPPED_OLDEST));
  after.settle(chunk, 8);
  const [settled] = after.deltas.list();
  assert.deepEqual(settled?.account.read, { records: 0, bytes: 0 });
  assert.deepEqual(
    [DELIVERED, DEAD, DROPPED_OLDEST, SAMPLED].map((fate) => settled?.account.fates[fate]?.bytes),
    [2, 3, 4, 0],
  );
  assert.deepEqual(
    [...after.losses].map(({ fate, records }) => [fate, records]),
    [[DROPPED_OLDEST, 1]],
  );
  assert.deepEqual(
    after.deadLetters.map(({ offset }) => offset),
    [2],
  );
  assert.ok(!after.isEmpty);
});

test("what another has is added, nothing of it twice", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  const [one, other] = [new Books(), new Books()];
  for (const books of [one, other]) books.enter(chunk, 1);
  one.add(other);
  one.add(new Books());
  assert.deepEqual(one.deltas.list()[0]?.account.read, { records: 2, bytes: 4 });
  assert.deepEqual(other.deltas.list()[0]?.account.read, { records: 1, bytes: 2 });
});
