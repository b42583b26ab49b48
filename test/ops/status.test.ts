import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { DROP_REASONS, FATES } from "../../src/core/fate.ts";
import { buildStatus, ledgerStatus } from "../../src/ops/status.ts";
import { sampleFacts, sampleInput, sampleLedger } from "./sample-facts.ts";

test("the document has the fields of the interface, each with its own number", () => {
  const status = buildStatus(sampleFacts());
  const { inputs, ledger, ...rest } = status;
  assert.deepEqual(rest, {
    version: "0.1.0",
    state: "running",
    uptime_seconds: 12.346,
    buffer: {
      mode: "spill",
      utilization: 0.87,
      memory: { bytes: 61, max: 64 },
      disk: { bytes: 691, max: 960 },
      oldest_seconds: 1260,
    },
    policies: {
      default: {
        action: "sample",
        rung: 2,
        utilization: 0.87,
        since: "2026-01-01T00:00:00.000Z",
        blocked_seconds_total: 4,
      },
      audit: {
        action: "accept",
        rung: 0,
        utilization: 0.12,
        since: "2026-01-01T00:00:01.000Z",
        blocked_seconds_total: 0,
      },
    },
    output: {
      server: "elasticsearch 8.19.0",
      concurrency: { limit: 4, in_flight: 3 },
      retrying: 2,
      circuit: "closed",
      last_error: "429 es_rejected_execution_exception",
      requests: { total: 5, failed: 1 },
      latency_seconds: { p50: 0.438, p99: 90 },
    },
  });
  const { ledger: own, ...nginx } = inputs["nginx"] as NonNullable<(typeof inputs)[string]>;
  assert.deepEqual(nginx, {
    files: 1001,
    open: 1002,
    lag_bytes: 1003,
    lag_seconds: 1.004,
    rotated_bytes: 1005,
    at_risk_bytes: 1006,
    unread: { skipped: 1007, deleted: 1008, truncated: 1009, abandoned: 1010 },
  });
  assert.deepEqual(own.delivered, { records: 1001, bytes: 1_001_000 });
  assert.deepEqual(Object.keys(own.dropped), [...DROP_REASONS]);
  for (const reason of DROP_REASONS) assert.equal(own.dropped[reason].records, 1000 + FATES.indexOf(reason));
  assert.deepEqual(ledger.delivered, { records: 3002, bytes: 3_002_000 });
  assert.deepEqual(ledger.balance, { records: 0, bytes: 0 });
});

test("a lost or doubled record shows in the balance, of the input and in all", () => {
  const count = fc.record({ records: fc.nat(1000), bytes: fc.nat(100_000) });
  fc.assert(
    fc.property(fc.nat(FATES.length - 2), count, fc.boolean(), (fate, by, lost) => {
      const ledger = sampleLedger(5000);
      const sign = lost ? 1 : -1;
      const fates = ledger.fates.map((old, i) =>
        i === fate + 1 ? { records: old.records - sign * by.records, bytes: old.bytes - sign * by.bytes } : old,
      );
      const input = { ...sampleInput(5000), ledger: { ...ledger, fates } };
      const status = buildStatus(
        sampleFacts({
          inputs: new Map([
            ["bad", input],
            ["good", sampleInput(7)],
          ]),
        }),
      );
      const wanted = { records: sign * by.records || 0, bytes: sign * by.bytes || 0 };
      assert.deepEqual(status.inputs["bad"]?.ledger.balance, wanted);
      assert.deepEqual(status.inputs["good"]?.ledger.balance, { records: 0, bytes: 0 });
      assert.deepEqual(status.ledger.balance, wanted);
    }),
  );
});

test("the document is a copy: the agent's counters move on, it does not", () => {
  const facts = sampleLedger(1);
  const before = ledgerStatus(facts);
  facts.read.records++;
  assert.equal(before.read.records, facts.read.records - 1);
});

test("an agent without inputs or requests has zeros and says what it does not know", () => {
  const facts = sampleFacts({ inputs: new Map(), state: "starting" });
  const status = buildStatus({ ...facts, output: { ...facts.output, server: undefined, lastError: undefined } });
  assert.deepEqual(status.ledger.read, { records: 0, bytes: 0 });
  assert.equal(status.output.server, null);
  assert.equal(status.output.last_error, null);
});

test("the reference names every field", () => {
  const page = readFileSync(new URL("../../docs/reference/status.md", import.meta.url), "utf8");
  const named = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      // The keys of these two are the user's own names.
      if (path !== "policies" && path !== "inputs") assert.match(page, new RegExp(`\\b${key}\\b`), `${path}.${key}`);
      named(inner, key);
    }
  };
  named(buildStatus(sampleFacts()), "");
});
