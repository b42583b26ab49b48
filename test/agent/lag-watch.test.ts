import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { LagWatch } from "../../src/agent/lag-watch.ts";

const MIB = 1 << 20;

function last(lags: readonly number[]): boolean {
  const watch = new LagWatch();
  return lags.map((lag) => watch.observe(lag)).at(-1) ?? false;
}

const rising = (seconds: number, step: number): number[] => Array.from({ length: seconds }, (_, i) => i * step);

test("ten seconds of growth count, nine do not", () => {
  assert.equal(last(rising(11, MIB)), true);
  assert.equal(last(rising(10, MIB)), false);
});

test("a trickle of growth is noise", () => {
  assert.equal(last(rising(11, 1000)), false);
});

test("one look without growth starts it anew", () => {
  const dip = [...rising(10, MIB), 9 * MIB];
  assert.equal(last(dip), false);
  assert.equal(last([...dip, ...rising(9, MIB).map((lag) => 10 * MIB + lag)]), false);
  assert.equal(last([...dip, ...rising(10, MIB).map((lag) => 10 * MIB + lag)]), true);
});

test("a big file that is caught up never counts, however slowly", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(10 * MIB), { minLength: 1, maxLength: 40 }), (steps) => {
      const watch = new LagWatch();
      let lag = steps.reduce((sum, step) => sum + step, 0);
      for (const step of steps) assert.equal(watch.observe((lag -= step)), false);
    }),
  );
});
