import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { quotas } from "../../src/buffer/quotas.ts";
import { Arena } from "../../src/core/arena.ts";
import { TABLE_ENTRY } from "../../src/core/chunk.ts";

const MIB = 1 << 20;

/** What the configuration's rules let pass: at least 8 MiB, a record and a batch of at most a quarter of it each. */
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
      assert.ok(q.leased >= 0 && q.leased + largest <= q.pool - q.stage, "leases leave a row room to be loaded (Q5)");
      assert.ok(q.letters < q.pool && q.ahead > batch);
    }),
  );
});
