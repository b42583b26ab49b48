import assert from "node:assert/strict";
import { test } from "node:test";
import { one, oneOf, perInput, perPolicy } from "../../../src/ops/metrics/metric.ts";
import { sampleFacts } from "../sample-facts.ts";

test("a state is a series per value, of which one is 1", () => {
  assert.deepEqual(oneOf("mode", ["a", "b"], "b"), [
    { labels: { mode: "a" }, value: 0 },
    { labels: { mode: "b" }, value: 1 },
  ]);
});

test("inputs and ladders are labels under their own names", () => {
  const facts = sampleFacts();
  assert.deepEqual(perInput(facts, (input) => input.files)[0], { labels: { input: "nginx" }, value: 1001 });
  assert.deepEqual(
    perPolicy(facts, (policy) => policy.rung).map(({ labels, value }) => [labels["policy"], value]),
    [
      ["default", 2],
      ["audit", 0],
    ],
  );
  assert.deepEqual(one(3), [{ labels: {}, value: 3 }]);
});
