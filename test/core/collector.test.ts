import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { collector } from "../../src/core/collector.ts";

test("what nobody refers to is gone at once", async () => {
  const collect = collector("regular");
  const left = new WeakRef({ some: "object" });
  // A reference is held until the end of the turn in which it was made.
  await systemClock.sleep(0);
  collect();
  assert.equal(left.deref(), undefined);
});
