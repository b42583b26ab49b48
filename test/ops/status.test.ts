import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { DROP_REASONS, FATES } from "../../src/core/fate.ts";
import { ledgerStatus } from "../../src/ops/ledger-status.ts";
import { renderMetrics } from "../../src/ops/metrics/exposition.ts";
import { buildStatus, statusDocument } from "../../src/ops/status.ts";
import { sampleFacts, sampleInput, sampleLedger, sampleProcess } from "./sample-facts.ts";

test("while a reload waits, the state of a running agent is `reloading`, in the metrics too", () => {
  const waiting = { ...sampleProcess, config: { ...sampleProcess.config, reloading: true } };
  const states = (["running", "stopping"] as const).map((state) => {
    const facts = sampleFacts({ state });
    const metric = /^spillway_state\{state="(\w+)"\} 1$/m.exec(renderMetrics(facts, waiting).toString());
    return [statusDocument(facts, waiting).state, metric?.[1]];
  });
  assert.deepEqual(states, [
    ["reloading", "reloading"],
    ["stopping", "stopping"],
  ]);
});

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
        shedding: true,
        rungs: [
          { action: "block", enter: 0.7, says: "Reading waits, nothing is lost" },
          { action: "sample", enter: 0.85, says: "1 in 4 kept" },
          { action: "drop-oldest", enter: 0.95, says: "Buffered records are let go" },
        ],
        seconds_total: { accept: 5, block: 4, sample: 3, "drop-oldest": 0 },
        forecast: { kind: "rising", to: "drop-oldest", in_seconds: 246 },
      },
      audit: {
        action: "accept",
        rung: 0,
        utilization: 0.12,
        since: "2026-01-01T00:00:01.000Z",
        blocked_seconds_total: 0,
        shedding: false,
        rungs: [{ action: "block", enter: 0.8, says: "Reading waits, nothing is lost" }],
        seconds_total: { accept: 12, block: 0 },
        forecast: { kind: "unknown", to: null, in_seconds: null },
      },
    },
    output: {
      server: "elasticsearch 8.19.0",
      up: true,
      concurrency: { limit: 4, in_flight: 3 },
      retrying: 2,
      circuit: "closed",
      last_error: "429 es_rejected_execution_exception",
      last_error_at: "2026-01-01T00:00:03.000Z",
      last_success: "2026-01-01T00:00:02.000Z",
      requests: { total: 5, failed: 90, failures: { busy: 21, unanswered: 22, indigestible: 23, denied: 24 } },
      items: { stored: 11, exists: 12, retry: 13, refused: 14 },
      failure_stored: 16,
      dead_letters: { records: 27, bytes: 28, max: 29 },
      bytes: { body: 5000, wire: 700 },
      hosts: {
        "es1:9200": { last_error: null },
        "es2:9200": { last_error: { why: "connect ECONNREFUSED", at: "2026-01-01T00:00:03.000Z" } },
      },
      targets: {
        "logs-a": { stuck: false, waiting: { records: 7, bytes: 700 }, last_error: null },
        "logs-b": {
          stuck: true,
          waiting: { records: 8, bytes: 800 },
          last_error: { why: "403 security_exception", remedy: "grant create_doc", at: "2026-01-01T00:00:03.000Z" },
        },
      },
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
    waiting: "gate",
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
  const status = buildStatus({
    ...facts,
    output: { ...facts.output, server: undefined, lastError: undefined, lastErrorAtMs: undefined },
  });
  assert.deepEqual(status.ledger.read, { records: 0, bytes: 0 });
  assert.equal(status.output.server, null);
  assert.equal(status.output.last_error, null);
});

test("/status adds the host, the process and the state of its configuration", () => {
  const { host, process, config } = statusDocument(sampleFacts(), sampleProcess);
  assert.equal(host, "web-17");
  assert.deepEqual(process, {
    pid: 4711,
    resident_bytes: 92,
    cpu_seconds_total: 0.41,
    open_descriptors: 17,
    max_descriptors: 65_536,
  });
  assert.deepEqual(config, {
    loaded: "2026-01-01T00:00:01.000Z",
    reloads: { succeeded: 18, failed: 19 },
    last_failure: null,
    restart_needed: ["buffer.memory"],
  });
  const unlimited = { ...sampleProcess, maxDescriptors: Infinity };
  assert.equal(statusDocument(sampleFacts(), unlimited).process.max_descriptors, null, "JSON knows no Infinity");
});

test("the reference names every field", () => {
  const page = readFileSync(new URL("../../docs/reference/status.md", import.meta.url), "utf8");
  const named = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      // The keys of these objects are names chosen by the user, and lists have no keys.
      if (!["policies", "inputs", "hosts", "targets"].includes(path) && !Array.isArray(value))
        assert.match(page, new RegExp(`\\b${key}\\b`), `${path}.${key}`);
      named(inner, key);
    }
  };
  named(statusDocument(sampleFacts(), sampleProcess), "");
});
