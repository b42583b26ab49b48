import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { Cohorts } from "../../../src/policy/simulate/cohorts.ts";

test("takes the oldest first, across runs", () => {
  const cohorts = new Cohorts();
  cohorts.push(1, 10);
  cohorts.push(2, 5);
  const taken: number[][] = [];
  cohorts.take(12, (atMs, records) => taken.push([atMs, records]));
  assert.deepEqual(taken, [
    [1, 10],
    [2, 2],
  ]);
  assert.deepEqual([cohorts.records, cohorts.oldestMs], [3, 2]);
});

test("more than there is takes all", () => {
  const cohorts = new Cohorts();
  cohorts.push(1, 3);
  cohorts.takeRandom(10, () => 0.99);
  assert.deepEqual([cohorts.records, cohorts.oldestMs], [0, undefined]);
});

type Step = { push: number } | { take: number } | { random: number };
const anySteps = fc.array(
  fc.oneof(
    fc.record({ push: fc.nat(20) }),
    fc.record({ take: fc.nat(30) }),
    fc.record({ random: fc.nat(30) }),
  ) as fc.Arbitrary<Step>,
  { minLength: 50, maxLength: 400 },
);

test("holds what a plain list holds, whatever is taken from the middle", () => {
  fc.assert(
    fc.property(anySteps, (steps) => {
      const cohorts = new Cohorts();
      let sum = 0;
      let last = 0;
      let draws = 0;
      for (const [atMs, step] of steps.entries()) {
        const before = cohorts.records;
        if ("push" in step) cohorts.push(atMs, step.push);
        else if ("random" in step) cohorts.takeRandom(step.random, () => (draws++ * 0.37) % 1);
        else {
          cohorts.take(step.take, (from, records) => {
            assert.ok(from >= last, "in order of time");
            assert.ok(records > 0);
            last = from;
          });
        }
        sum = "push" in step ? before + step.push : before - Math.min(before, "take" in step ? step.take : step.random);
        assert.equal(cohorts.records, sum);
        assert.equal(cohorts.oldestMs === undefined, sum === 0);
      }
      let left = 0;
      cohorts.take(Infinity, (_, records) => (left += records));
      assert.equal(left, sum);
    }),
  );
});
