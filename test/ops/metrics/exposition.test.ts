import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { METRICS_PAGE, metricsPage } from "../../../scripts/reference-metrics.ts";
import { renderMetrics } from "../../../src/ops/metrics/exposition.ts";
import { METRICS } from "../../../src/ops/metrics/table.ts";
import { buildStatus } from "../../../src/ops/status.ts";
import { sampleFacts, sampleProcess } from "../sample-facts.ts";
import { parsePrometheus, type Exposition } from "./prometheus-text.ts";

const facts = sampleFacts();
const exposition: Exposition = parsePrometheus(await renderMetrics(facts, sampleProcess));

function value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  const wanted = JSON.stringify(Object.entries(labels).sort());
  return exposition.samples.find(
    (sample) => sample.name === name && JSON.stringify(Object.entries(sample.labels).sort()) === wanted,
  )?.value;
}

test("every metric of the table is exposed with its type and its labels, and nothing else is", () => {
  assert.deepEqual(
    [...exposition.types.keys()],
    METRICS.map((metric) => metric.name),
  );
  for (const metric of METRICS) {
    assert.equal(exposition.types.get(metric.name), metric.type);
    const own = exposition.samples.filter(
      (sample) => sample.name.replace(/_(bucket|sum|count)$/, "") === metric.name || sample.name === metric.name,
    );
    assert.ok(own.length > 0, metric.name);
    if (metric.type === "histogram") continue;
    for (const sample of own)
      assert.deepEqual(Object.keys(sample.labels).sort(), [...metric.labels].sort(), metric.name);
  }
});

test("names keep to the customs: counters end in _total, units are base units", () => {
  for (const { name, type } of METRICS) {
    assert.equal(name.endsWith("_total"), type === "counter", name);
    assert.doesNotMatch(name, /_(ms|millis|kb|mb|percent)(_|$)/);
  }
});

test("the numbers are those of /status", () => {
  const status = buildStatus(facts);
  assert.equal(value("spillway_buffer_utilization_ratio"), status.buffer.utilization);
  assert.equal(value("spillway_buffer_oldest_seconds"), status.buffer.oldest_seconds);
  assert.equal(value("spillway_buffer_mode", { mode: "spill" }), 1);
  assert.equal(value("spillway_buffer_mode", { mode: "memory" }), 0);
  assert.equal(value("spillway_policy_rung", { policy: "default" }), status.policies["default"]?.rung);
  assert.equal(
    value("spillway_policy_seconds_total", { policy: "default", action: "block" }),
    status.policies["default"]?.blocked_seconds_total,
  );
  assert.equal(value("spillway_output_concurrency_limit"), status.output.concurrency.limit);
  assert.equal(value("spillway_output_requests_total"), status.output.requests.total);
  assert.equal(value("spillway_ledger_balance_bytes"), 0);
  for (const [input, of] of Object.entries(status.inputs)) {
    assert.equal(value("spillway_input_lag_bytes", { input }), of.lag_bytes);
    assert.equal(value("spillway_input_unread_bytes", { input, reason: "deleted" }), of.unread.deleted);
    assert.equal(value("spillway_buffered_records", { input }), of.ledger.buffered.records);
  }
});

test("counters count from the start of the process", () => {
  // The sample ledgers differ by 100 per fate, and `read` in all of them and in `buffered`.
  assert.equal(value("spillway_records_total", { input: "nginx", fate: "delivered" }), 100);
  assert.equal(value("spillway_bytes_total", { input: "nginx", fate: "dropped_oldest" }), 100_000);
  const read = value("spillway_read_records_total", { input: "nginx" });
  const fates = exposition.samples.filter((s) => s.name === "spillway_records_total" && s.labels["input"] === "nginx");
  assert.equal(read, fates.reduce((sum, sample) => sum + sample.value, 0) + 100);
});

test("the histogram is cumulative and agrees with its count", () => {
  const name = "spillway_output_request_duration_seconds";
  const buckets = exposition.samples.filter((sample) => sample.name === `${name}_bucket`);
  const values = buckets.map((bucket) => bucket.value);
  assert.deepEqual(
    values,
    values.toSorted((a, b) => a - b),
  );
  assert.equal(buckets.at(-1)?.labels["le"], "+Inf");
  assert.equal(buckets.at(-1)?.value, 5);
  assert.equal(value(`${name}_count`), 5);
  assert.ok(Math.abs((value(`${name}_sum`) as number) - 107.703) < 1e-9);
  assert.equal(buckets.find((bucket) => bucket.labels["le"] === "0.5")?.value, 3);
});

test("the reference page is up to date", () => {
  assert.equal(readFileSync(METRICS_PAGE, "utf8"), metricsPage(), "run `node scripts/reference-metrics.ts`");
});
