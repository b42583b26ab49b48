// The `/status` document, and the pure function that makes it from what the agent knows at one moment. What must hold:
// `read` and each fate are counted on their own and `balance` is what remains of `read`; it is computed here and nowhere
// assumed, so that a lost or doubled byte shows.
import {
  DEAD,
  DELIVERED,
  DROP_REASONS,
  DROPPED_OLDEST,
  DUPLICATE,
  FATES,
  SAMPLED,
  type Count,
  type Fate,
} from "../core/fate.ts";
import type { Action } from "../core/options.ts";
import type { Facts, InputFacts, LedgerFacts, PolicyFacts, State, BufferMode, Circuit } from "./facts.ts";

export type DropReason = (typeof DROP_REASONS)[number];

export interface LedgerStatus {
  read: Count;
  delivered: Count;
  duplicates: Count;
  sampled: Count;
  dropped: Record<DropReason, Count>;
  dead_lettered: Count;
  buffered: Count;
  /** Always zero; anything else is a bug. */
  balance: Count;
}

export interface PolicyStatus {
  action: Action;
  rung: number;
  utilization: number;
  since: string;
  blocked_seconds_total: number;
}

export interface InputStatus {
  files: number;
  open: number;
  lag_bytes: number;
  lag_seconds: number;
  rotated_bytes: number;
  at_risk_bytes: number;
  unread: { skipped: number; deleted: number; truncated: number; abandoned: number };
  ledger: LedgerStatus;
}

export interface OutputStatus {
  /** Null until the server has answered. */
  server: string | null;
  concurrency: { limit: number; in_flight: number };
  retrying: number;
  circuit: Circuit;
  last_error: string | null;
  requests: { total: number; failed: number };
  /** Of the last minutes; null while there was no request. */
  latency_seconds: { p50: number | null; p99: number | null };
}

export interface Status {
  version: string;
  state: State;
  uptime_seconds: number;
  buffer: {
    mode: BufferMode;
    utilization: number;
    memory: { bytes: number; max: number };
    disk: { bytes: number; max: number };
    oldest_seconds: number;
  };
  policies: Record<string, PolicyStatus>;
  ledger: LedgerStatus;
  inputs: Record<string, InputStatus>;
  output: OutputStatus;
}

export function buildStatus(facts: Facts): Status {
  const { buffer } = facts;
  return {
    version: facts.version,
    state: facts.state,
    uptime_seconds: seconds(facts.uptimeMs),
    buffer: {
      mode: buffer.mode,
      utilization: buffer.utilization,
      memory: { bytes: buffer.memoryBytes, max: buffer.memoryMax },
      disk: { bytes: buffer.diskBytes, max: buffer.diskMax },
      oldest_seconds: seconds(buffer.oldestMs),
    },
    policies: mapped(facts.policies, policyStatus),
    ledger: ledgerStatus(sumLedgers([...facts.inputs.values()].map((input) => input.ledger))),
    inputs: mapped(facts.inputs, inputStatus),
    output: outputStatus(facts),
  };
}

function policyStatus(policy: PolicyFacts): PolicyStatus {
  return {
    action: policy.action,
    rung: policy.rung,
    utilization: policy.utilization,
    since: new Date(policy.sinceMs).toISOString(),
    blocked_seconds_total: seconds(policy.actionMs.block ?? 0),
  };
}

function inputStatus(input: InputFacts): InputStatus {
  return {
    files: input.files,
    open: input.open,
    lag_bytes: input.lagBytes,
    lag_seconds: seconds(input.lagMs),
    rotated_bytes: input.rotatedBytes,
    at_risk_bytes: input.atRiskBytes,
    unread: { ...input.unread },
    ledger: ledgerStatus(input.ledger),
  };
}

function outputStatus({ output }: Facts): OutputStatus {
  return {
    server: output.server ?? null,
    concurrency: { limit: output.concurrencyLimit, in_flight: output.inFlight },
    retrying: output.retrying,
    circuit: output.circuit,
    last_error: output.lastError ?? null,
    requests: { total: output.requests, failed: output.requestsFailed },
    latency_seconds: { p50: output.durations.quantile(0.5) ?? null, p99: output.durations.quantile(0.99) ?? null },
  };
}

export function ledgerStatus(ledger: LedgerFacts): LedgerStatus {
  const of = (fate: Fate): Count => ({ ...(ledger.fates[fate] ?? NOTHING) });
  const balance = { ...ledger.read };
  for (const part of [...ledger.fates, ledger.buffered]) {
    balance.records -= part.records;
    balance.bytes -= part.bytes;
  }
  return {
    read: { ...ledger.read },
    delivered: of(DELIVERED),
    duplicates: of(DUPLICATE),
    sampled: of(SAMPLED),
    dropped: Object.fromEntries(DROP_REASONS.map((reason, i) => [reason, of(DROPPED_OLDEST + i)])) as Record<
      DropReason,
      Count
    >,
    dead_lettered: of(DEAD),
    buffered: { ...ledger.buffered },
    balance,
  };
}

const NOTHING: Count = { records: 0, bytes: 0 };

export function sumLedgers(ledgers: readonly LedgerFacts[]): LedgerFacts {
  const sum = (counts: readonly Count[]): Count => ({
    records: counts.reduce((total, count) => total + count.records, 0),
    bytes: counts.reduce((total, count) => total + count.bytes, 0),
  });
  return {
    read: sum(ledgers.map((ledger) => ledger.read)),
    fates: FATES.map((_, fate) => sum(ledgers.map((ledger) => ledger.fates[fate] ?? NOTHING))),
    buffered: sum(ledgers.map((ledger) => ledger.buffered)),
  };
}

function mapped<From, To>(entries: ReadonlyMap<string, From>, convert: (from: From) => To): Record<string, To> {
  return Object.fromEntries([...entries].map(([key, value]) => [key, convert(value)]));
}

/** Milliseconds are enough; a float's tail helps nobody. */
function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
