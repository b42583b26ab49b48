import assert from "node:assert/strict";
import { test } from "node:test";
import { barrier, newQueue, newTarget, onDisk, stockOf } from "../../src/buffer/queue.ts";
import { newShare } from "../../src/buffer/budget/share.ts";
import { Held } from "./held.ts";

test("a queue belongs to its ladder's share and to its target, which knows all of its queues", () => {
  const target = newTarget("i", 7);
  const [one, two] = [
    newShare("one", { ratio: 0.5, inputs: 2, firstRung: 1 }),
    newShare("two", { ratio: 0.5, inputs: 1, firstRung: 1 }),
  ];
  const queues = [newQueue(1, one, target), newQueue(2, two, target)];
  assert.deepEqual(target.queues, queues);
  assert.deepEqual(
    queues.map(({ id, policy, share, mode }) => [id, policy, share, mode]),
    [
      [1, "one", one, "memory"],
      [2, "two", two, "memory"],
    ],
  );
  assert.equal(target.lastTake, 7);
});

test("what waits weighs about what it takes as documents", () => {
  using held = new Held();
  const { queue } = held.add("1\n2\n");
  assert.equal(queue.ready.weight, 4 + 2 * 256);
});

test("an input has one stock per queue", () => {
  using held = new Held();
  const { queue, stock } = held.add("1\n");
  assert.equal(stockOf(queue, "a"), stock);
  assert.notEqual(stockOf(queue, "b"), stock);
  assert.deepEqual([...queue.stocks.keys()], ["a", "b"]);
});

test("nothing behind the first chunk that is not in memory may be sent", () => {
  using held = new Held();
  const chunks = [1, 2, 3, 4].map((n) => held.add(`${n}\n`));
  const { queue } = held.add("5\n");
  held.spill();
  assert.deepEqual([onDisk(queue), barrier(queue)], [0, Infinity]);
  chunks[3]?.mayBeStored();
  held.pageOut(chunks[3] as never);
  assert.deepEqual([onDisk(queue), barrier(queue)], [0, 4], "its object is there, its bytes are not");
  held.pageOut(chunks[1] as never);
  assert.deepEqual([onDisk(queue), barrier(queue)], [1, 2]);
});
