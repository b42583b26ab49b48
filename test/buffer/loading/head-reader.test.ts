import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chunk } from "../../../src/buffer/chunk.ts";
import { onDisk } from "../../../src/buffer/queue.ts";
import { settled } from "../disk.ts";
import { seqs } from "../held.ts";
import { Paging } from "../paging.ts";

test("what an earlier process wrote it may have sent; what this one wrote and did not send it has not", async () => {
  using held = new Paging();
  held.onDisk(["1\n", "2\n"]);
  held.state.firstSeq = 2;
  await held.step();
  assert.deepEqual(
    [...held.queue().ready].map(({ possiblyStored }) => possiblyStored),
    [true, false],
  );
});

test("a row that leaves memory while heads are read is found again", async () => {
  using held = new Paging();
  held.onDisk(["1\n", "2\n"]);
  held.spool.holding = ["heads"];
  await held.step();
  held.queue().cursor = 0;
  const third = held.add("3\n");
  held.spill();
  held.queue().cursor = 0;
  held.spool.release();
  await settled();
  await held.step();
  assert.ok(third.seq === 3 && seqs(held.queue().ready).join() === "1,2,3");
  assert.equal(onDisk(held.queue()), 0);
});

test("heads that are in memory are skipped", async () => {
  using held = new Paging();
  const [first, second] = held.onDisk(["1\n", "2\n"]) as [Chunk, Chunk];
  await held.step();
  const [kept] = [...held.queue().ready] as [Chunk];
  held.pageOut([...held.queue().ready][1] as Chunk);
  held.queue().cursor = 0;
  await held.step();
  assert.equal([...held.queue().ready][0], kept);
  assert.deepEqual(seqs(held.queue().window), [first.seq, second.seq]);
});

test("a target that takes nothing leaves the window to others, but for what its rows do not know", async () => {
  using held = new Paging({ quotas: { window: 10, ahead: 100, sliceRows: 1 } });
  held.onDisk(Array.from({ length: 12 }, () => "1\n"));
  await held.step();
  assert.equal(held.state.window, 10);
  (held.queue().ready.first as Chunk).mayBeStored();
  held.queue().target.stuck = true;
  await held.step();
  assert.deepEqual([held.state.window, seqs(held.queue().unloaded), held.queue().cursor], [1, [1], 1]);
  held.queue().target.stuck = false;
  await held.step();
  assert.deepEqual(
    [seqs(held.queue().window), held.queue().ready.first?.sent],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], true],
  );
});

test("a chunk larger than the memory of this configuration is set aside and said, the rest flows", async () => {
  using held = new Paging();
  held.onDisk(["x".repeat(5000), "small\n"]);
  Object.assign(held.state.quotas, { pool: 8000, stage: 4000 });
  await held.step();
  assert.deepEqual([held.loaded(), seqs(held.queue().aside)], [["small\n"], [1]]);
  assert.match(
    held.said.join(),
    /^row_set_aside: a buffered chunk of \/a \(bytes 0 to 5000\) does not fit .* until buffer\.memory is at least 11 KiB$/,
  );
});
