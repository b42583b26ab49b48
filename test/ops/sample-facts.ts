// Sample facts in which every number differs, so that mixed-up fields are noticed.
import { FATES, type Count } from "../../src/core/fate.ts";
import { Durations } from "../../src/ops/durations.ts";
import type { Facts, InputFacts, LedgerFacts } from "../../src/ops/facts.ts";
import type { ProcessFacts } from "../../src/ops/process-facts.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

/** Balanced: `read` is the sum of all other counts. */
export function sampleLedger(from: number): LedgerFacts {
  const fates = FATES.map((_, fate): Count => {
    return fate === 0 ? { records: 0, bytes: 0 } : { records: from + fate, bytes: 1000 * (from + fate) };
  });
  const buffered = { records: from + 50, bytes: 1000 * (from + 50) };
  const all = [...fates, buffered];
  const read = {
    records: all.reduce((sum, count) => sum + count.records, 0),
    bytes: all.reduce((sum, count) => sum + count.bytes, 0),
  };
  return { read, fates, buffered };
}

export function sampleInput(from: number): InputFacts {
  return {
    files: from + 1,
    open: from + 2,
    lagBytes: from + 3,
    lagMs: from + 4,
    rotatedBytes: from + 5,
    atRiskBytes: from + 6,
    waiting: "gate",
    unread: { skipped: from + 7, deleted: from + 8, truncated: from + 9, abandoned: from + 10 },
    failures: from + 11,
    refusedLinks: from + 12,
    ledger: sampleLedger(from),
    countedFrom: sampleLedger(from - 100),
  };
}

export function sampleFacts(changes: Partial<Facts> = {}): Facts {
  const durations = new Durations(new ManualClock());
  for (const seconds of [0.003, 0.3, 0.4, 7, 100]) durations.observe(seconds);
  return {
    version: "0.1.0",
    state: "running",
    uptimeMs: 12_345.6,
    buffer: {
      mode: "spill",
      utilization: 0.87,
      memoryBytes: 61,
      memoryMax: 64,
      diskBytes: 691,
      diskMax: 960,
      oldestMs: 1_260_000,
      aside: 0,
    },
    policies: new Map([
      [
        "default",
        {
          action: "sample",
          rung: 2,
          utilization: 0.87,
          sinceMs: Date.parse("2026-01-01T00:00:00.000Z"),
          shedding: true,
          actionMs: { accept: 5000, block: 4000, sample: 3000, "drop-oldest": 0 },
          marks: [
            { action: "block", enter: 0.7, says: "Reading waits, nothing is lost" },
            { action: "sample", enter: 0.85, says: "1 in 4 kept" },
            { action: "drop-oldest", enter: 0.95, says: "Buffered records are let go" },
          ],
          forecast: { kind: "rising", to: "drop-oldest", inMs: 246_000 },
        },
      ],
      [
        "audit",
        {
          action: "accept",
          rung: 0,
          utilization: 0.12,
          sinceMs: Date.parse("2026-01-01T00:00:01.000Z"),
          shedding: false,
          actionMs: { accept: 12_000, block: 0 },
          marks: [{ action: "block", enter: 0.8, says: "Reading waits, nothing is lost" }],
          forecast: { kind: "unknown" },
        },
      ],
    ]),
    inputs: new Map([
      ["nginx", sampleInput(1000)],
      ['quoted"\\\n', sampleInput(2000)],
    ]),
    output: {
      server: "elasticsearch 8.19.0",
      concurrencyLimit: 4,
      inFlight: 3,
      retrying: 2,
      circuit: "closed",
      lastError: "429 es_rejected_execution_exception",
      lastErrorAtMs: Date.UTC(2026, 0, 1, 0, 0, 3),
      requests: 5,
      up: true,
      storedAtMs: Date.parse("2026-01-01T00:00:02.000Z"),
      failures: { busy: 21, unanswered: 22, indigestible: 23, denied: 24 },
      hosts: [
        { host: "es1:9200", trouble: undefined },
        { host: "es2:9200", trouble: { why: "connect ECONNREFUSED", atMs: Date.parse("2026-01-01T00:00:03.000Z") } },
      ],
      targets: new Map([
        ["logs-a", { stuck: false, records: 7, bytes: 700, trouble: undefined }],
        [
          "logs-b",
          {
            stuck: true,
            records: 8,
            bytes: 800,
            trouble: {
              why: "403 security_exception",
              hint: "grant create_doc",
              atMs: Date.parse("2026-01-01T00:00:03.000Z"),
            },
          },
        ],
      ]),
      bodyBytes: 5000,
      wireBytes: 700,
      items: { stored: 11, exists: 12, retry: 13, refused: 14 },
      unexpectedDuplicates: 15,
      failureStored: 16,
      deadLetters: { records: 27, bytes: 28, max: 29 },
      durations,
    },
    ...changes,
  };
}

export const sampleProcess: ProcessFacts = {
  host: "web-17",
  pid: 4711,
  residentBytes: 92,
  cpuSeconds: 0.41,
  startSeconds: 1_767_225_600,
  loopLagP99Seconds: 0.002,
  openDescriptors: 17,
  maxDescriptors: 65_536,
  logLinesDropped: 16,
  config: {
    reloading: false,
    loadedAtMs: 1_767_225_601_000,
    reloads: { succeeded: 18, failed: 19 },
    lastFailure: undefined,
    atRestart: ["buffer.memory"],
  },
  notifications: { sent: 25, failed: 26 },
};
