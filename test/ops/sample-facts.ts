// Facts in which every number is different, so that a mixed-up field shows.
import { FATES, type Count } from "../../src/core/fate.ts";
import { Durations } from "../../src/ops/durations.ts";
import type { Facts, InputFacts, LedgerFacts } from "../../src/ops/facts.ts";
import type { ProcessFacts } from "../../src/ops/process-facts.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

/** Balanced: `read` is the sum of the rest. */
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
    unread: { skipped: from + 7, deleted: from + 8, truncated: from + 9, abandoned: from + 10 },
    rereadFiles: from + 11,
    ledger: sampleLedger(from),
    atStart: sampleLedger(from - 100),
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
          actionMs: { accept: 5000, block: 4000, sample: 3000 },
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
          actionMs: { accept: 12_000 },
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
      requests: 5,
      requestsFailed: 1,
      bodyBytes: 5000,
      wireBytes: 700,
      items: { stored: 11, exists: 12, retry: 13, refused: 14 },
      unexpectedDuplicates: 15,
      durations,
    },
    ...changes,
  };
}

export const sampleProcess: ProcessFacts = {
  residentBytes: 92,
  cpuSeconds: 0.41,
  startSeconds: 1_767_225_600,
  loopLagP99Seconds: 0.002,
  logLinesDropped: 16,
};
