import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { diskBudget, quotas, slice } from "../../../src/buffer/budget/limits.ts";
import { Arena } from "../../../src/core/arena.ts";
import { TABLE_ENTRY } from "../../../src/core/chunk.ts";

const MIB = 1 << 20;

/** Sizes that the configuration allows: at least 8 MiB of memory; a record and a batch of at most a quarter of it each. */
const legal = fc
  .record({ memory: fc.integer({ min: 8 * MIB, max: 3072 * MIB }), record: fc.nat(1000), batch: fc.nat(1000) })
  .map(({ memory, record, batch }) => ({
    memory,
    record: Math.max(1, Math.floor((memory / 4) * (record / 1000))),
    batch: Math.max(1024, Math.floor((memory / 4) * (batch / 1000))),
  }));

test("whatever the budgets, no part of the arena can starve another", () => {
  fc.assert(
    fc.property(legal, ({ memory, record, batch }) => {
      const largest = Arena.cost(Math.max(256 * 1024, record + 2)) + Arena.cost(8192 * TABLE_ENTRY);
      const q = quotas(memory, batch, largest);
      assert.equal(q.bodies + q.pool, memory);
      assert.ok(batch <= q.bodies, "a batch can be encoded");
      assert.ok(largest <= q.pool - q.page, "in memory mode the largest chunk can be read");
      assert.ok(largest <= q.page, "the head of the backlog can be loaded, though intake took all that it may");
      assert.ok(largest <= q.stage, "in spill mode the largest chunk can be read");
      assert.ok(largest <= q.pool - q.stage, "the largest row can be loaded, though the stage is full");
      assert.ok(q.leased >= 0 && q.leased + largest <= q.pool - q.stage, "leases leave a row room to be loaded");
      assert.ok(q.deadLetters < q.pool && q.ahead > batch);
      assert.ok(
        q.leastCharge * q.fresh <= q.pool - q.page,
        "as many chunks as there may be are a full budget, not more",
      );
      assert.ok(q.leastCharge * q.fresh > (q.pool - q.page) * 0.98);
    }),
  );
});

test("without a disk there are no rows, and nothing limits the database that holds the checkpoints", () => {
  for (const disk of [0, 8 * MIB - 1]) {
    const { rows, maxPages, reserve } = diskBudget(disk);
    assert.deepEqual({ rows, maxPages, reserve }, { rows: 0, maxPages: 0, reserve: 0 });
  }
});

test("rows, the pages of the database, its log and the reserve stay within the budget", () => {
  fc.assert(
    fc.property(fc.integer({ min: 8 * MIB, max: 2 ** 40 }), (disk) => {
      const { rows, maxPages, reserve, checkpointPages } = diskBudget(disk);
      const database = maxPages * 16_384;
      assert.ok(rows < database, "rows are full before the database is");
      assert.ok(rows > disk / 2);
      const most = slice(quotas(64 * MIB, 8 * MIB, MIB), rows);
      // For incompressible rows, with 20 % for their index.
      const log = checkpointPages * 16_384 + 1.2 * most;
      assert.ok(log <= reserve * 1.1, `a checkpoint of a log of ${log} finds room in ${reserve}`);
      assert.ok(database + reserve + log <= disk);
    }),
  );
});

test("a transaction takes no more rows than a small disk's log has room for", () => {
  const all = quotas(64 * MIB, 8 * MIB, MIB);
  assert.equal(slice(all, 1024 * MIB), all.slice);
  assert.equal(slice(all, 14 * MIB), MIB);
});
