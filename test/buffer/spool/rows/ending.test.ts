import assert from "node:assert/strict";
import { test } from "node:test";
import { inTransaction } from "../../../../src/buffer/spool/sqlite.ts";
import { Arena } from "../../../../src/core/arena.ts";
import { Disk } from "../../disk.ts";
import { type RowSpec, adding } from "../rows.ts";

function made(specs: readonly RowSpec[]): Disk {
  const arena = new Arena(1 << 20);
  const disk = new Disk(arena);
  disk.store.commit(adding(arena, specs), 1);
  return disk;
}

test("heads go one by one, sums once, and a block goes with the last of them", () => {
  using disk = made([1, 2, 3].map((seq) => ({ seq, records: seq, data: "x".repeat(seq) })));
  const [stored] = disk.rows("SELECT stored FROM blocks").flat() as [number];
  const end = (...seqs: readonly number[]): unknown => {
    let ended: unknown;
    inTransaction(disk.db, () => {
      const ending = disk.store.backlog.ending();
      for (const seq of seqs) assert.ok(ending.remove(1, seq));
      ended = ending.finish();
    });
    return ended;
  };
  const total = { queue: 1, input: "in" };
  assert.deepEqual(end(1, 3), {
    totals: [{ ...total, chunks: 2, records: 4, bytes: 4, stored: 0 }],
    sources: new Map([[1, 2]]),
    partly: new Map([[1, 2]]),
  });
  assert.deepEqual(disk.rows("SELECT chunks, records, bytes, stored FROM totals"), [[1, 2, 2, stored]]);
  assert.deepEqual(disk.rows("SELECT live FROM blocks"), [[1]]);
  assert.deepEqual(end(2), {
    totals: [{ ...total, chunks: 1, records: 2, bytes: 2, stored }],
    sources: new Map([[1, 1]]),
    partly: new Map(),
  });
  assert.deepEqual(disk.rows("SELECT chunks, records, bytes, stored FROM totals"), [[0, 0, 0, 0]]);
  for (const table of ["heads", "blocks", "bodies", "envelopes"]) {
    assert.equal(disk.value(`SELECT count(*) FROM ${table}`), 0, table);
  }
  assert.equal(disk.value("SELECT chunks FROM sources"), 0);
});

test("one that is not there is told, and counts for nothing", () => {
  using disk = made([{ seq: 1, data: "x" }]);
  const ending = disk.store.backlog.ending();
  assert.deepEqual([ending.remove(1, 2), ending.remove(2, 1)], [undefined, undefined]);
  assert.deepEqual(ending.finish(), { totals: [], sources: new Map(), partly: new Map() });
});

for (const [what, sql, message] of [
  ["a block with a row more", "UPDATE blocks SET live = live + 1", /sums over the rows of \[1,"in"\] are wrong/],
  ["a block with a row less", "UPDATE blocks SET live = live - 1", /block 1 has fewer rows than have ended/],
  ["no block", "DELETE FROM blocks", /block 1 has fewer rows than have ended/],
  ["a sum with a row more", "UPDATE totals SET chunks = chunks + 1", /^$/],
  ["a sum with a row less", "UPDATE totals SET chunks = chunks - 1", /are wrong/],
  ["a sum with a record more", "UPDATE totals SET records = records + 1", /are wrong/],
  ["a sum with more bytes on the disk", "UPDATE totals SET stored = stored + 4096", /are wrong/],
  ["no sum", "DELETE FROM totals", /are wrong/],
] as const)
  test(`${what}: the end of its last row says so`, () => {
    using disk = made([1, 2].map((seq) => ({ seq, data: "x" })));
    disk.db.exec(sql);
    let said = "";
    const end = (): void => {
      const ending = disk.store.backlog.ending();
      for (const seq of [1, 2]) ending.remove(1, seq);
      ending.finish();
    };
    try {
      inTransaction(disk.db, end);
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, "SQLITE_CORRUPT");
      said = (error as Error).message;
    }
    // A row too many in a sum is noticed when the queue is read to its end: Backlog.next.
    assert.match(said, message);
  });

test("what would be left of a block is known before the end", () => {
  using disk = made([1, 2].map((seq) => ({ seq, data: "x" })));
  inTransaction(disk.db, () => {
    const ending = disk.store.backlog.ending();
    assert.equal(ending.live(1), 2);
    ending.remove(1, 2);
    assert.equal(ending.live(1), 1);
    ending.finish();
  });
});
