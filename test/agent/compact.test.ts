import assert from "node:assert/strict";
import { test } from "node:test";
import { compactLater } from "../../src/agent/compact.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

test("what a start leaves behind is collected after a while", async () => {
  const clock = new ManualClock();
  compactLater(clock);
  const left = new WeakRef({ some: "object" });
  await systemClock.sleep(0);
  assert.ok(left.deref());
  await systemClock.sleep(0);
  clock.advance(20_000);
  assert.equal(left.deref(), undefined);
});
