import assert from "node:assert/strict";
import { test } from "node:test";
import { RateCap } from "../../src/pipeline/rate-cap.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

test("without a cap nothing waits", () => {
  const cap = new RateCap(new ManualClock(), 0, 1000);
  cap.spend(1e9);
  assert.equal(cap.waitMs, 0);
});

test("a body goes whole, and what it took is waited for afterwards", () => {
  const clock = new ManualClock();
  const cap = new RateCap(clock, 1000, 500);
  assert.equal(cap.waitMs, 0);
  cap.spend(1000);
  assert.ok(cap.waitMs > 0 && cap.waitMs <= 1);
  clock.advance(1);
  assert.equal(cap.waitMs, 0, "a body needs something, not everything");
  cap.spend(500);
  assert.equal(cap.waitMs, 500);
  clock.advance(500);
  assert.equal(cap.waitMs, 0);
});

test("over time no more is sent than the cap, in bodies larger than a second's worth too", () => {
  const clock = new ManualClock();
  const cap = new RateCap(clock, 100, 5000);
  let sent = 0;
  for (let ms = 0; ms < 600_000; ms += 10) {
    if (cap.waitMs === 0) {
      cap.spend(5000);
      sent += 5000;
    }
    clock.advance(10);
  }
  assert.ok(sent >= 60_000 - 5000 && sent <= 60_000 + 10_000, `${sent} bytes in 600 s`);
});
