import assert from "node:assert/strict";
import { test } from "node:test";
import { takeLease } from "../../src/buffer/lease.ts";
import { dropIdleQueues } from "../../src/buffer/idle-queues.ts";
import { dropOpen } from "../../src/buffer/settle.ts";
import { DELIVERED } from "../../src/core/fate.ts";
import { Held } from "./held.ts";

const LIMIT = { bytes: 1e6, records: 1000, body: 1024 };

function targets({ state }: Held): string[] {
  dropIdleQueues(state);
  assert.equal(state.queueById.size, state.queues.size);
  return [...state.targets.keys()];
}

test("a target of which everything has its fate is forgotten, and begins anew when something comes", () => {
  using held = new Held();
  const chunk = held.add("1\n", { target: "log-1" });
  held.add("2\n", { source: "b", target: "log-2" });
  assert.deepEqual(targets(held), ["log-1", "log-2"]);
  dropOpen(held.state, chunk, DELIVERED);
  assert.deepEqual(targets(held), ["log-2"]);
  const later = held.add("3\n", { target: "log-1" });
  assert.notEqual(later.queue, chunk.queue);
  assert.deepEqual([later.queue.id, targets(held)], [3, ["log-2", "log-1"]]);
});

test("rows, also settled ones that are not removed yet, keep their queue", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  held.spill();
  assert.deepEqual(targets(held), ["i"]);
  dropOpen(held.state, chunk, DELIVERED);
  assert.deepEqual(targets(held), ["i"]);
  held.commit();
  assert.deepEqual(targets(held), []);
  // The same index again: its rows belong to the new queue, also after a restart.
  held.add("2\n");
  held.spill();
  const { queues, totals } = held.disk.store.recover("machine");
  assert.deepEqual([queues.map(({ id }) => id), totals.map(({ queue, chunks }) => [queue, chunks])], [[2], [[2, 1]]]);
});

test("a request under way, a call to the database and a target that takes nothing keep it", () => {
  using held = new Held();
  const { state } = held;
  const chunk = held.add("1\n");
  const lease = takeLease(state, chunk.queue.target, LIMIT);
  assert.deepEqual([lease?.chunks.length, targets(held)], [1, ["i"]]);
  chunk.queue.busy = true;
  dropOpen(state, chunk, DELIVERED);
  assert.deepEqual(targets(held), ["i"]);
  chunk.queue.busy = false;
  chunk.queue.target.stuck = true;
  assert.deepEqual([targets(held), state.queues.size], [["i"], 0]);
  chunk.queue.target.stuck = false;
  assert.deepEqual(targets(held), []);
});
