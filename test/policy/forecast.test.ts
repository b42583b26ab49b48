import assert from "node:assert/strict";
import { test } from "node:test";
import { type Trend, NO_TREND, forecastText, observe } from "../../src/policy/forecast.ts";
import { DEFAULT } from "./ladders.ts";

const MIB = 2 ** 20;
const BUDGET = 1000 * MIB;

/** Observes once a second while the buffered bytes grow by `growth` a second. */
function after(seconds: number, start: number, growth: number, rung = 0, from: Trend = NO_TREND, at = 0): Trend {
  let trend = from;
  for (let s = 0; s <= seconds; s++) {
    trend = observe(trend, DEFAULT, rung, start + growth * s, BUDGET, (at + s) * 1000);
  }
  return trend;
}
const text = (trend: Trend) => forecastText(trend.forecast);

test("nothing is foretold before one direction has held for 10 s", () => {
  assert.equal(text(after(10, 400 * MIB, MIB)), "");
  assert.equal(text(after(11, 400 * MIB, MIB)), "block in 4m50s");
});

const cases: readonly (readonly [name: string, start: number, growth: number, rung: number, text: string])[] = [
  ["the next mark above the rung", 740 * MIB, MIB / 5, 1, "sample in 8m10s"],
  ["the budget itself after the last rung", 960 * MIB, MIB / 2, 3, "full in 20s"],
  ["hours are rough", 100 * MIB, MIB / 20, 0, "block in about 3 h"],
  ["minutes when it is not near", 200 * MIB, MIB / 4, 0, "block in 32m"],
  ["a rung that stops growth holds", 750 * MIB, 0, 1, "held"],
  ["no growth at accept is steady", 300 * MIB, 0, 0, "steady"],
  ["growth over days is steady", 300 * MIB, 1000, 0, "steady"],
  ["draining", 800 * MIB, -2 * MIB, 2, "draining, empty in 5m40s"],
  ["daily business is not draining", 9 * MIB, -0.1 * MIB, 0, "steady"],
];
for (const [name, start, growth, rung, want] of cases) {
  test(name, () => assert.equal(text(after(60, start, growth, rung)), want));
}

test("a change of direction is shown only after it has held", () => {
  const rising = after(60, 500 * MIB, MIB);
  const turned = after(45, 560 * MIB, -4 * MIB, 0, rising, 61);
  assert.equal(turned.forecast.kind, "draining");
  const hiccup = after(3, 560 * MIB, -4 * MIB, 0, rising, 61);
  assert.notEqual(hiccup.forecast.kind, "draining");
});

test("looking often keeps the window small and the slope the same", () => {
  let trend = NO_TREND;
  for (let ms = 0; ms <= 120_000; ms += 50) {
    trend = observe(trend, DEFAULT, 0, 100 * MIB + (ms / 1000) * MIB, BUDGET, ms);
  }
  assert.ok(trend.samples.length <= 70, `${trend.samples.length} samples`);
  assert.equal(text(trend), "block in 8m");
});
