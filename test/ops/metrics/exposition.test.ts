import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { METRICS_PAGE, metricsPage } from "../../../scripts/reference-metrics.ts";
import { renderMetrics } from "../../../src/ops/metrics/exposition.ts";
import { METRICS } from "../../../src/ops/metrics/table.ts";
import { FATES, type Count } from "../../../src/core/fate.ts";
import type { Facts } from "../../../src/ops/facts.ts";
import { buildStatus } from "../../../src/ops/status.ts";
import { sampleFacts, sampleInput, sampleProcess } from "../sample-facts.ts";
import { parsePrometheus, type Exposition } from "./prometheus-text.ts";

const facts = sampleFacts();
const exposition: Exposition = parsePrometheus(renderMetrics(facts, sampleProcess).toString());

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
  assert.equal(value("spillway_dead_letters"), status.output.dead_letters.records);
  assert.equal(value("spillway_dead_letters_bytes"), status.output.dead_letters.bytes);
  assert.equal(value("spillway_dead_letters_max_bytes"), status.output.dead_letters.max);
  assert.equal(value("spillway_ledger_balance_bytes"), 0);
  for (const [input, of] of Object.entries(status.inputs)) {
    assert.equal(value("spillway_input_lag_bytes", { input }), of.lag_bytes);
    assert.equal(value("spillway_input_unread_bytes_total", { input, reason: "deleted" }), of.unread.deleted);
    assert.equal(value("spillway_buffered_records", { input }), of.ledger.buffered.records);
  }
});

test("counters count from the start of the process", () => {
  // The sample ledgers differ by 100 for each fate and for `buffered`, and `read` by the sum of these.
  assert.equal(value("spillway_records_total", { input: "nginx", fate: "delivered" }), 100);
  assert.equal(value("spillway_bytes_total", { input: "nginx", fate: "dropped_oldest" }), 100_000);
  const read = value("spillway_read_records_total", { input: "nginx" });
  const fates = exposition.samples.filter((s) => s.name === "spillway_records_total" && s.labels["input"] === "nginx");
  // Dead letters that were removed count twice: as dead-lettered and as evicted.
  assert.equal(value("spillway_records_total", { input: "nginx", fate: "dead_lettered" }), 200);
  assert.equal(value("spillway_records_total", { input: "nginx", fate: "dropped_dead_letter_budget" }), 100);
  assert.equal(read, fates.reduce((sum, sample) => sum + sample.value, 0) - 100 + 100);
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

test("labels and values are escaped as the format wants, and read back", () => {
  assert.equal(value("spillway_input_files", { input: 'quoted"\\\n' }), 2001);
  assert.equal(value("spillway_policy_next_rung_seconds", { policy: "default" }), 246);
  const text = renderMetrics(facts, sampleProcess).toString();
  assert.match(text, /^spillway_policy_next_rung_seconds\{policy="audit"\} \+Inf$/m);
  assert.match(text, /^spillway_input_files\{input="quoted\\"\\\\\\n"\} 2001$/m);
  assert.ok(text.endsWith("\n"));
});

test("every series is there from the start, and their number depends on the configuration alone", () => {
  const nothing: Count = { records: 0, bytes: 0 };
  const empty = { read: nothing, fates: FATES.map(() => nothing), buffered: nothing };
  const fresh = new Map(
    [...facts.inputs.keys()].map((id) => [id, { ...sampleInput(0), ledger: empty, countedFrom: empty }]),
  );
  const start: Facts = {
    ...facts,
    state: "starting",
    inputs: fresh,
    output: { ...facts.output, server: undefined, lastError: undefined, storedAtMs: undefined, up: false },
  };
  const names = (exposed: Exposition): string[] =>
    exposed.samples.map(({ name, labels }) => `${name}${JSON.stringify(labels)}`).sort();
  const atStart = parsePrometheus(renderMetrics(start, sampleProcess).toString());
  assert.deepEqual(names(atStart), names(exposition));
  const one = (exposed: Exposition): number => exposed.samples.filter((s) => s.labels["input"] === "nginx").length;
  assert.ok(one(exposition) <= 48, `${one(exposition)} series an input`);
});

test("a text that is longer than the last one is whole", () => {
  const inputs = new Map(Array.from({ length: 500 }, (_, i) => [`input-${i}-\u00fc`, sampleInput(i)]));
  const long = parsePrometheus(renderMetrics({ ...facts, inputs }, sampleProcess).toString());
  assert.equal(long.samples.filter(({ name }) => name === "spillway_input_files").length, 500);
  assert.equal(long.types.size, METRICS.length);
});

test("the reference page is up to date", () => {
  assert.equal(readFileSync(METRICS_PAGE, "utf8"), metricsPage(), "run `node scripts/reference-metrics.ts`");
});
