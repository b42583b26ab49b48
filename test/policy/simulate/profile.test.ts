import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { describeProfile, flow, steady } from "../../../src/policy/simulate/profile.ts";

test("steps follow one another and the last one goes on", () => {
  const take = flow([
    { rate: 100, forMs: 1000 },
    { rate: 0, forMs: 500 },
    { rate: 10, forMs: 1000 },
  ]);
  assert.deepEqual([take(0, 500), take(500, 1250), take(1250, 2000), take(2000, 60_000)], [50, 50, 5, 580]);
});

test("no record is lost or made by looking often, also at odd rates", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 99_999 }), fc.integer({ min: 1, max: 300 }), (rate, ticks) => {
      const take = flow(steady(rate / 7));
      let sum = 0;
      for (let tick = 0; tick < ticks; tick++) sum += take(tick * 100, (tick + 1) * 100);
      assert.ok(Math.abs(sum - (rate / 7) * (ticks / 10)) < 1);
    }),
  );
});

test("reads as a sentence", () => {
  const words = describeProfile(
    [
      { rate: 10, forMs: 60 },
      { rate: 2, forMs: Infinity },
    ],
    String,
    (ms) => `${ms}ms`,
  );
  assert.equal(words, "10/s for 60ms, then 2/s");
});
