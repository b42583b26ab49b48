import assert from "node:assert/strict";
import { test } from "node:test";
import { POLICY_METRICS } from "../../../src/ops/metrics/policy.ts";
import { sampleFacts, sampleProcess } from "../sample-facts.ts";

function values(name: string): unknown {
  const metric = POLICY_METRICS.find((one) => one.name === name);
  return metric?.read(sampleFacts(), sampleProcess).map(({ labels, value }) => [Object.values(labels).join(), value]);
}

test("every action of a ladder has its series, also those that never acted", () => {
  assert.deepEqual(values("spillway_policy_seconds_total"), [
    ["default,accept", 5],
    ["default,block", 4],
    ["default,sample", 3],
    ["default,drop-oldest", 0],
    ["audit,accept", 12],
    ["audit,block", 0],
  ]);
  assert.deepEqual(values("spillway_policy_action"), [
    ["default,accept", 0],
    ["default,block", 0],
    ["default,sample", 1],
    ["default,drop-oldest", 0],
    ["audit,accept", 1],
    ["audit,block", 0],
  ]);
  assert.deepEqual(values("spillway_policy_shedding"), [
    ["default", 1],
    ["audit", 0],
  ]);
});

test("marks and forecasts: what is not coming is infinitely far away", () => {
  assert.deepEqual(values("spillway_policy_enter_ratio"), [
    ["default,block", 0.7],
    ["default,sample", 0.85],
    ["default,drop-oldest", 0.95],
    ["audit,block", 0.8],
  ]);
  assert.deepEqual(values("spillway_policy_next_rung_seconds"), [
    ["default", 246],
    ["audit", Infinity],
  ]);
  assert.deepEqual(values("spillway_policy_drained_seconds"), [
    ["default", Infinity],
    ["audit", Infinity],
  ]);
});
