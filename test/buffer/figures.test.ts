import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chunk, Lease } from "../../src/buffer/chunk.ts";
import { figures, hasRowsOnDisk } from "../../src/buffer/figures.ts";
import { takeLease } from "../../src/buffer/lease.ts";
import { settleEach } from "../../src/buffer/settle.ts";
import { DEAD, DELIVERED, DROPPED_LETTER, OPEN } from "../../src/core/fate.ts";
import { Held } from "./held.ts";
import { Running, lines } from "./running.ts";

test("what is buffered is counted by input and by target, in memory or not", () => {
  using held = new Held({ shares: { default: [0.5, 2], other: [0.5, 1] } });
  const first = held.add("1\n2\n");
  held.add("3\n", { source: "b", target: "j" });
  held.add("4\n", { source: "b", policy: "other" });
  settleEach(held.state, first, Uint8Array.of(DELIVERED, OPEN));
  const now = (): unknown => {
    const { buffered, targets, open, accounts } = figures(held.state);
    assert.deepEqual(accounts.get("a")?.read, { records: 2, bytes: 4 });
    return { open, buffered: Object.fromEntries(buffered), targets };
  };
  const expected = {
    open: 3,
    buffered: { a: { records: 1, bytes: 2 }, b: { records: 2, bytes: 4 } },
    targets: [
      { target: "i", chunks: 2, stuck: false, records: 2, bytes: 4 },
      { target: "j", chunks: 1, stuck: false, records: 1, bytes: 2 },
    ],
  };
  assert.deepEqual(now(), expected);
  held.spill();
  for (const queue of held.state.queues.values()) held.pageOut(...queue.ready);
  held.state.target("j").stuck = true;
  Object.assign(expected.targets[1] as object, { stuck: true });
  assert.deepEqual(now(), expected);
  assert.ok(hasRowsOnDisk(held.state));
});

test("the oldest chunk is found wherever it is, but for rows without an object", () => {
  using held = new Held();
  assert.equal(figures(held.state).oldestMs, undefined);
  const wall = held.clock.wall();
  const first = held.add("1\n");
  held.clock.advance(1000);
  held.add("2\n");
  assert.equal(figures(held.state).oldestMs, wall);
  takeLease(held.state, held.state.target("i"), { bytes: 1, records: 1, body: 1 });
  assert.ok(first.lease);
  assert.equal(figures(held.state).oldestMs, wall);
  held.clock.advance(1000);
  const aside = held.add("3\n", { target: "j" });
  aside.queue.ready.remove(aside);
  aside.queue.aside.add(aside);
  assert.deepEqual([figures(held.state).oldestMs, figures(held.state).aside], [wall, 1]);
});

test("dead letters are as many as the ledger says, before they are stored, after it, and while old ones are evicted", async () => {
  await using running = new Running({ deadLetters: 8000 });
  const { buffer } = running;
  const seen: number[] = [];
  const compare = (): void => {
    const { records } = buffer.figures().deadLetters;
    assert.equal(records, running.fate(DEAD));
    if (records !== seen.at(-1)) seen.push(records);
  };
  for (let n = 0; n < 4; n++) {
    running.add(lines(n * 10, 10));
    // Nothing of a new source is sent before it is durable.
    await running.pass(1000);
    const lease = running.lease() as Lease;
    const [chunk] = lease.chunks as [Chunk];
    const refusal = { status: 400, type: "mapping", reason: "no" };
    buffer.outbox.addDeadLetters(
      chunk,
      new Map(Array.from({ length: 10 }, (_, i) => [i, refusal])),
      "logs-test-default",
    );
    buffer.outbox.settleEach(chunk, new Uint8Array(10).fill(DEAD));
    buffer.outbox.endLease(lease);
    compare();
    for (let ms = 0; ms < 3000; ms += 50) {
      await running.pass(50);
      compare();
    }
  }
  assert.ok(running.fate(DROPPED_LETTER) > 0);
  assert.deepEqual(seen.slice(0, 1), [10]);
});

test("the mode is the worst of all queues', and the disk's", () => {
  using held = new Held();
  held.add("1\n");
  held.add("2\n", { target: "j" });
  const mode = (): string => figures(held.state).mode;
  assert.equal(mode(), "memory");
  held.queue("j").mode = "spill";
  assert.equal(mode(), "spill");
  held.state.disk = "late";
  assert.deepEqual([mode(), figures(held.state).disk], ["degraded", "late"]);
});
