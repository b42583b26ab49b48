import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { diskBudget } from "../../src/buffer/budget.ts";

test("without a disk there are no rows, and nothing limits the database that holds the checkpoints", () => {
  assert.deepEqual(diskBudget(0), { rows: 0, maxPages: 0 });
});

test("rows, the pages of the database and its log stay within the budget", () => {
  fc.assert(
    fc.property(fc.integer({ min: 16 << 20, max: 2 ** 40 }), (disk) => {
      const { rows, maxPages } = diskBudget(disk);
      const wal = 8 << 20;
      assert.ok(rows < maxPages * 16_384, "rows are full before the database is");
      assert.ok(maxPages * 16_384 < disk);
      assert.ok(rows > disk / 2);
      if (disk >= 64 << 20) assert.ok(maxPages * 16_384 + wal <= disk);
    }),
  );
});
