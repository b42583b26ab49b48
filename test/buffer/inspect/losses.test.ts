import assert from "node:assert/strict";
import { test } from "node:test";
import { readLosses } from "../../../src/buffer/inspect/losses.ts";
import { Arena } from "../../../src/core/arena.ts";
import { SAMPLED } from "../../../src/core/fate.ts";
import { Disk } from "../disk.ts";
import { NOTHING, loss } from "../spool/rows.ts";

test("a range is as the buffer wrote it", () => {
  using disk = new Disk(new Arena(65_536));
  const losses = [
    loss("s", 0, 10),
    loss("s", 20, 30, { fate: SAMPLED, keep: 2, hashVersion: 1, uncertain: true, merged: true, input: "other" }),
  ];
  disk.store.commit({ ...NOTHING, losses }, 1);
  const [first, second, ...more] = [...readLosses(disk.db, undefined)];
  const { fate: _, ...facts } = losses[0] as (typeof losses)[number];
  assert.deepEqual(first, { id: 1, ...facts, fate: "oldest", backfilledTo: 0 });
  assert.deepEqual([second?.fate, second?.keep, second?.hashVersion], ["sampled", 2, 1]);
  assert.deepEqual([second?.uncertain, second?.merged, more], [true, true, []]);
  assert.deepEqual(
    [...readLosses(disk.db, "other")].map(({ id }) => id),
    [2],
  );
  assert.deepEqual([...readLosses(disk.db, "nobody")], []);
});

test("more than a page is read, the oldest first", () => {
  using disk = new Disk(new Arena(65_536));
  const losses = Array.from({ length: 1100 }, (_, i) => loss(`s${i}`, 0, 1, { input: i % 2 ? "odd" : "even" }));
  disk.store.commit({ ...NOTHING, losses }, 1);
  const ids = (input?: string): number[] => [...readLosses(disk.db, input)].map(({ id }) => id);
  assert.deepEqual(
    ids(),
    Array.from({ length: 1100 }, (_, i) => i + 1),
  );
  assert.deepEqual(
    ids("odd"),
    Array.from({ length: 550 }, (_, i) => 2 * i + 2),
  );
});
