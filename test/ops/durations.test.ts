import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { BOUNDS, Durations } from "../../src/ops/durations.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

test("a quantile lies in the bucket of the observation of that rank", () => {
  const seconds = fc.array(fc.double({ min: 0.0001, max: 89, noNaN: true }), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(seconds, fc.constantFrom(0.5, 0.9, 0.99), (observed, q) => {
      const durations = new Durations(new ManualClock());
      for (const value of observed) durations.observe(value);
      const sorted = observed.toSorted((a, b) => a - b);
      const rank = sorted[Math.ceil(q * sorted.length) - 1] as number;
      const upper = BOUNDS.find((bound) => rank <= bound) as number;
      const lower = BOUNDS[BOUNDS.indexOf(upper) - 1] ?? 0;
      const estimate = durations.quantile(q) as number;
      // Estimates are rounded to three digits.
      assert.ok(estimate >= lower * 0.99 && estimate <= upper * 1.01, `${estimate} not in ${lower}..${upper}`);
    }),
  );
});

test("what is longer than the last bound counts as the last bound", () => {
  const durations = new Durations(new ManualClock());
  durations.observe(1e6);
  assert.equal(durations.quantile(0.99), 90);
  assert.equal(durations.counts.at(-1), 1);
});

test("quantiles forget after two minutes, counts never", () => {
  const clock = new ManualClock();
  const durations = new Durations(clock);
  durations.observe(4);
  clock.advance(61_000);
  assert.notEqual(durations.quantile(0.5), undefined);
  clock.advance(61_000);
  assert.equal(durations.quantile(0.5), undefined);
  durations.observe(0.02);
  assert.ok((durations.quantile(0.99) as number) <= 0.025);
  assert.equal(
    durations.counts.reduce((a, b) => a + b),
    2,
  );
  assert.equal(durations.sum, 4.02);
});

test("nobody asked for a long time: what was seen before that is forgotten all the same", () => {
  const clock = new ManualClock();
  const durations = new Durations(clock);
  durations.observe(4);
  clock.advance(200_000);
  assert.equal(durations.quantile(0.5), undefined);
});
