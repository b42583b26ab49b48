import assert from "node:assert/strict";
import { test } from "node:test";
import { CommitLoop } from "../../../src/buffer/commit/commit-loop.ts";
import { mergeSettled } from "../../../src/buffer/commit/merge-settled.ts";
import { setMode } from "../../../src/buffer/budget/modes.ts";
import { RowLimit } from "../../../src/buffer/budget/row-limit.ts";
import { dropOpen, settleRun } from "../../../src/buffer/settle.ts";
import { DELIVERED, DROPPED_NEWEST, DROPPED_OLDEST, DUPLICATE, type Fate } from "../../../src/core/fate.ts";
import { silentLog } from "../../../src/core/log.ts";
import { DirectSpool, settled } from "../disk.ts";
import { Held } from "../held.ts";

class Waiting extends Held {
  /** Adds `count` chunks whose only record was turned away, behind an open chunk. */
  turnedAway(count: number, bytes = 9): void {
    if (this.state.fresh.size === 0) this.add("open\n");
    for (let i = 0; i < count; i++)
      this.add("", { counted: new Map<Fate, never>([[DROPPED_NEWEST, { records: 1, bytes } as never]]) });
  }

  /** Start and end of each chunk without a row. */
  spans(): readonly (readonly [number, number])[] {
    return [...this.state.fresh].map(({ start, end }) => [start, end] as const);
  }

  ledger(): unknown {
    while (this.commit());
    this.sound();
    return this.disk.rows("SELECT fate, records, bytes FROM ledger WHERE records > 0 ORDER BY fate");
  }
}

test("what was turned away becomes one chunk behind an open one, with the counts and the range of all", () => {
  using held = new Waiting();
  held.turnedAway(3);
  mergeSettled(held.state);
  assert.deepEqual(held.spans(), [
    [0, 5],
    [5, 32],
  ]);
  held.turnedAway(1);
  mergeSettled(held.state);
  assert.deepEqual(held.spans().at(-1), [5, 41]);
  settleRun(held.state, [...held.state.fresh][0] as never, 0, 1, DELIVERED);
  assert.deepEqual(held.ledger(), [
    ["delivered", 1, 5],
    ["newest", 4, 36],
    ["read", 5, 41],
  ]);
  assert.deepEqual(held.disk.rows('SELECT start, "end", records, bytes FROM losses'), [[5, 41, 4, 36]]);
});

test("so does what was delivered or was there, but nothing that was lost joins what was kept, or another loss", () => {
  using held = new Waiting();
  const [, ...chunks] = Array.from({ length: 7 }, () => held.add("12345678\n"));
  const fates = [DELIVERED, DUPLICATE, DROPPED_OLDEST, DROPPED_OLDEST, DROPPED_NEWEST, DELIVERED];
  for (const [i, fate] of fates.entries()) dropOpen(held.state, chunks[i] as never, fate as Fate);
  mergeSettled(held.state);
  assert.deepEqual(held.spans(), [
    [0, 9],
    [9, 27],
    [27, 45],
    [45, 54],
    [54, 63],
  ]);
  dropOpen(held.state, [...held.state.fresh][0] as never, DELIVERED);
  assert.deepEqual(held.ledger(), [
    ["delivered", 3, 27],
    ["duplicates", 1, 9],
    ["newest", 1, 9],
    ["oldest", 2, 18],
    ["read", 7, 63],
  ]);
});

test("an open chunk stays as it is, and so does what a transaction writes", () => {
  using held = new Waiting();
  held.add("1\n");
  held.add("2\n");
  mergeSettled(held.state);
  assert.equal(held.state.fresh.size, 2);
});

test("a ladder that turns everything away never uses up the bound", async () => {
  using held = new Waiting({ quotas: { fresh: 64 } });
  const limit = new RowLimit(held.state, silentLog, 1 << 30);
  const loop = new CommitLoop(held.state, new DirectSpool(held.disk.store), silentLog, limit, () => {});
  for (let i = 0; i < 1000; i++) {
    held.turnedAway(1);
    held.clock.advance(10);
    // No transaction can be written, as with `disk: 0` on a disk that hangs.
    held.state.disk = "failed";
    loop.step();
    await settled();
    assert.ok(held.state.fresh.size < 64, `${held.state.fresh.size} after ${i}`);
  }
});

test("while a transaction is not answered, what comes after it is merged, and what it passes stays as it was composed", () => {
  using held = new Waiting();
  const [, second, third, fourth] = ["1\n", "2\n", "3\n", "4\n"].map((line) => held.add(line));
  for (const chunk of [second, third]) dropOpen(held.state, chunk as never, DELIVERED);
  setMode(held.state, held.queue(), "spill");
  const writing = held.compose();
  assert.deepEqual([writing?.added.length, writing?.sources[0]?.passes], [2, 4]);
  for (const chunk of [fourth, held.add("5\n"), held.add("6\n")]) dropOpen(held.state, chunk as never, DELIVERED);
  mergeSettled(held.state, writing?.sources);
  assert.deepEqual(held.spans(), [
    [0, 2],
    [2, 4],
    [4, 6],
    [6, 8],
    [8, 12],
  ]);
  held.write(writing as never);
  assert.equal(held.state.fresh.size, 0, "the last two were passed at once");
  assert.deepEqual(held.ledger(), [
    ["delivered", 5, 10],
    ["read", 6, 12],
  ]);
});
