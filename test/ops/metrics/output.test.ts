import assert from "node:assert/strict";
import { test } from "node:test";
import { BOUNDS } from "../../../src/ops/durations.ts";
import { OUTPUT_METRICS } from "../../../src/ops/metrics/output.ts";
import { sampleFacts, sampleProcess } from "../sample-facts.ts";

function values(name: string): unknown {
  const metric = OUTPUT_METRICS.find((one) => one.name === name);
  return metric?.read(sampleFacts(), sampleProcess).map(({ labels, value }) => [Object.values(labels).join(), value]);
}

test("a histogram's buckets include all below, and the last one everything", () => {
  const metric = OUTPUT_METRICS.find((one) => one.type === "histogram");
  const parts = metric?.read(sampleFacts(), sampleProcess) ?? [];
  const buckets = parts.filter((part) => part.name?.endsWith("_bucket"));
  assert.deepEqual(
    buckets.map((bucket) => bucket.labels["le"]),
    [...BOUNDS.map(String), "+Inf"],
  );
  // The sample durations are 0.003, 0.3, 0.4, 7 and 100 seconds.
  assert.deepEqual(
    buckets.map((bucket) => bucket.value),
    [1, 1, 1, 1, 1, 1, 3, 3, 3, 3, 4, 4, 4, 4, 4, 5],
  );
});

test("verdicts and the circuit are labels", () => {
  assert.deepEqual(values("spillway_output_items_total"), [
    ["stored", 11],
    ["exists", 12],
    ["retry", 13],
    ["refused", 14],
  ]);
  assert.deepEqual(values("spillway_output_circuit"), [
    ["closed", 1],
    ["open", 0],
    ["half-open", 0],
  ]);
});
