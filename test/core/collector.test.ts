import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { boundGarbage, collector } from "../../src/core/collector.ts";

test("what nobody refers to is gone at once", async () => {
  const collect = collector("regular");
  const left = new WeakRef({ some: "object" });
  // A new WeakRef keeps its target alive until the end of the event loop turn in which it was made.
  await systemClock.sleep(0);
  collect();
  assert.equal(left.deref(), undefined);
});

test("a large heap grows by a bounded number of bytes, a small one by a share of it", () => {
  const MIB = 1 << 20;
  assert.deepEqual(
    [8, 40, 80, 120, 1000].map((mib) => boundGarbage(mib * MIB)),
    [60, 50, 25, 17, 10],
  );
  assert.equal(boundGarbage(8 * MIB), 60);
});
