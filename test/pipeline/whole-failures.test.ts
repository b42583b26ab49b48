import assert from "node:assert/strict";
import { test } from "node:test";
import { WholeFailures } from "../../src/pipeline/whole-failures.ts";

test("a target fails beside others once one has stored something since its first failure, and alone after ten seconds of that", () => {
  const whole = new WholeFailures();
  const add = (storedAt: number, now: number): [beside: boolean, alone: boolean] => {
    whole.add(storedAt, now);
    return [whole.isBeside, whole.isAlone];
  };
  assert.deepEqual(add(900, 1000), [false, false]);
  assert.deepEqual(add(900, 30_000), [false, false], "others store nothing either");
  assert.deepEqual(add(30_500, 31_000), [true, false]);
  assert.deepEqual(add(30_500, 32_000), [true, false]);
  assert.deepEqual(add(30_500, 33_000), [true, true]);
  whole.clear();
  assert.deepEqual([whole.isBeside, whole.isAlone], [false, false]);
  assert.deepEqual(
    [40_000, 42_000, 44_000, 46_000, 49_999, 50_000].map((now) => add(now - 10, now)[1]),
    [false, false, false, false, false, true],
  );
});

test("others that stored something half a minute ago say nothing any more", () => {
  const whole = new WholeFailures();
  for (const now of [1000, 2000, 31_999]) whole.add(2000, now);
  assert.equal(whole.isBeside, true);
  whole.add(2000, 32_000);
  assert.equal(whole.isBeside, false);
});
