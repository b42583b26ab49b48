import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { LossTable } from "../../../src/buffer/spool/losses.ts";
import type { Loss } from "../../../src/buffer/spool/spool.ts";
import { inTransaction } from "../../../src/buffer/spool/sqlite.ts";
import { Arena } from "../../../src/core/arena.ts";
import { SAMPLED } from "../../../src/core/fate.ts";
import { Disk } from "../disk.ts";
import { loss } from "./rows.ts";
import { cpuMs } from "../../helpers/cpu.ts";

const RANGES = `SELECT source, start, "end", records, bytes, merged FROM losses ORDER BY id`;

function added(disk: Disk, losses: readonly Loss[], most?: number): unknown[][] {
  const table = new LossTable(disk.db, most);
  inTransaction(disk.db, () => losses.forEach((one) => table.add(one)));
  return disk.rows(RANGES);
}

test("adjacent ranges of one kind are one; another kind, or a gap, is another", () => {
  using disk = new Disk(new Arena(65_536));
  const sampled = { fate: SAMPLED, hashVersion: 1 };
  added(disk, [loss("s", 0, 10), loss("s", 10, 20), loss("s", 20, 30, { uncertain: true })]);
  added(disk, [loss("s", 30, 40, { uncertain: true }), loss("s", 41, 50, { uncertain: true })]);
  added(disk, [loss("s", 50, 60, { ...sampled, keep: 4 }), loss("s", 60, 70, { ...sampled, keep: 8 })]);
  added(disk, [loss("t", 70, 80, { ...sampled, keep: 8 }), loss("s", 70, 80, { ...sampled, keep: 8, merged: true })]);
  assert.deepEqual(disk.rows(`SELECT source, start, "end", records, uncertain, keep, merged FROM losses ORDER BY id`), [
    ["s", 0, 20, 2, 0, 0, 0],
    ["s", 20, 40, 2, 1, 0, 0],
    ["s", 41, 50, 1, 1, 0, 0],
    ["s", 50, 60, 1, 0, 4, 0],
    ["s", 60, 70, 1, 0, 8, 0],
    ["t", 70, 80, 1, 0, 8, 0],
    ["s", 70, 80, 1, 0, 8, 1],
  ]);
});

test("beyond their number the oldest of a source and kind become one wider range that says so", () => {
  using disk = new Disk(new Arena(65_536));
  const parity = (i: number): string => (i % 2 ? "odd" : "even");
  const ranges = Array.from({ length: 21 }, (_, i) => loss(parity(i), 20 * i, 20 * i + 10));
  assert.deepEqual(added(disk, ranges, 20), [
    ["even", 0, 170, 5, 50, 1],
    ["odd", 20, 190, 5, 50, 1],
    ...Array.from({ length: 11 }, (_, i) => [parity(i), 200 + 20 * i, 210 + 20 * i, 1, 10, 0]),
  ]);
});

test("the bound comes back when there are fewer sources again", () => {
  using disk = new Disk(new Arena(65_536));
  const many = Array.from({ length: 40 }, (_, i) => loss(`s${i}`, 0, 10));
  const few = Array.from({ length: 400 }, (_, i) => loss("few", 20 * i, 20 * i + 10));
  const table = new LossTable(disk.db, 10);
  inTransaction(disk.db, () => [...many, ...few].forEach((one) => table.add(one)));
  assert.equal(disk.value("SELECT sum(records) FROM losses"), 440);
  assert.ok((disk.value("SELECT count(*) FROM losses") as number) <= 2 * 41, "40 sources have one each");
});

test("however many come, no count is lost, and each source keeps its ends", () => {
  const some = fc.array(fc.record({ source: fc.constantFrom("a", "b"), gap: fc.nat(2) }), { maxLength: 120 });
  using disk = new Disk(new Arena(65_536));
  fc.assert(
    fc.property(some, (all) => {
      disk.db.exec("DELETE FROM losses");
      let at = 0;
      const losses = all.map(({ source, gap }) => loss(source, (at += gap), (at += 5)));
      const rows = added(disk, losses, 10);
      assert.ok(rows.length <= 10);
      for (const source of ["a", "b"]) {
        const own = losses.filter((one) => one.source === source);
        const kept = rows.filter(([of]) => of === source) as [string, number, number, number, number, number][];
        assert.equal(
          kept.reduce((sum, [, , , records]) => sum + records, 0),
          own.length,
        );
        assert.equal(Math.min(...kept.map(([, start]) => start)), Math.min(...own.map(({ start }) => start)));
        assert.equal(Math.max(...kept.map(([, , end]) => end)), Math.max(...own.map(({ end }) => end)));
      }
    }),
    { numRuns: 30 },
  );
});

test("a start counts what is there, and a transaction that was rolled back counts for nothing", () => {
  using disk = new Disk(new Arena(65_536));
  added(
    disk,
    [0, 20, 40].map((start) => loss("s", start, start + 10)),
    3,
  );
  const table = new LossTable(disk.db, 3);
  assert.throws(() =>
    inTransaction(disk.db, () => {
      table.add(loss("s", 60, 70));
      throw new Error("no");
    }),
  );
  assert.equal(table.recount(), 3);
  assert.equal(disk.rows(RANGES).length, 3);
});

test("as many sources as there may be ranges cost no more with each that comes", () => {
  using disk = new Disk(new Arena(65_536));
  const losses = Array.from({ length: 6000 }, (_, i) => loss(`s${i}`, 0, 10));
  const ms = cpuMs(() => added(disk, losses, 1000));
  assert.ok(ms < 2000, `${ms} ms for 6,000 ranges`);
});

test("what was backfilled is merged with nothing that was not; one that grows again was backfilled in part", () => {
  using disk = new Disk(new Arena(65_536));
  const ranges = Array.from({ length: 6 }, (_, i) => loss("s", 20 * i, 20 * i + 10));
  added(disk, ranges.slice(0, 4), 5);
  disk.db.exec(
    `UPDATE losses SET backfilled_to = "end" WHERE start IN (0, 20); UPDATE losses SET backfilled_to = 45 WHERE start = 40`,
  );
  added(disk, ranges.slice(4), 5);
  const kept = `SELECT start, "end", merged, backfilled_to FROM losses ORDER BY id`;
  assert.deepEqual(disk.rows(kept), [
    [0, 30, 1, 30],
    [40, 110, 1, 0],
  ]);
  disk.db.exec(`DELETE FROM losses WHERE id > 1`);
  disk.db.exec(`UPDATE losses SET merged = 0`);
  added(disk, [loss("s", 30, 35)]);
  assert.deepEqual(disk.rows(kept), [[0, 35, 0, 30]]);
});
