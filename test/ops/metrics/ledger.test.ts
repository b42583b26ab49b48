import assert from "node:assert/strict";
import { test } from "node:test";
import { DROP_REASONS } from "../../../src/core/fate.ts";
import { FATE_LABELS, LEDGER_METRICS } from "../../../src/ops/metrics/ledger.ts";
import type { Series } from "../../../src/ops/metrics/metric.ts";
import { sampleFacts, sampleInput, sampleLedger, sampleProcess } from "../sample-facts.ts";

function series(name: string, facts = sampleFacts()): Series[] {
  return LEDGER_METRICS.find((metric) => metric.name === name)?.read(facts, sampleProcess) ?? [];
}

test("every reason for dropping has a label of its own, told from the other fates", () => {
  assert.deepEqual(
    FATE_LABELS.filter((label) => label.startsWith("dropped_")),
    DROP_REASONS.map((reason) => `dropped_${reason}`),
  );
  assert.deepEqual(FATE_LABELS.slice(0, 5), ["open", "delivered", "duplicates", "sampled", "dead_lettered"]);
});

test("a process that has just started has counted nothing, whatever is durable", () => {
  const input = { ...sampleInput(0), ledger: sampleLedger(500), countedFrom: sampleLedger(500) };
  const facts = sampleFacts({ inputs: new Map([["a", input]]) });
  for (const name of ["spillway_records_total", "spillway_bytes_total", "spillway_read_bytes_total"]) {
    const values = series(name, facts).map(({ value }) => value);
    assert.ok(values.length > 0 && values.every((value) => value === 0), name);
  }
  assert.equal(series("spillway_buffered_records", facts)[0]?.value, 550);
});

test("a lost record shows in the balance", () => {
  const ledger = { ...sampleLedger(1), buffered: { records: 0, bytes: 0 } };
  const facts = sampleFacts({ inputs: new Map([["a", { ...sampleInput(1), ledger }]]) });
  assert.equal(series("spillway_ledger_balance_records", facts)[0]?.value, 51);
  assert.equal(series("spillway_ledger_balance_bytes", facts)[0]?.value, 51_000);
});
