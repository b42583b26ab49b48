// The `/status` document, and the pure function that builds it from the agent's facts at one moment.
import type { Count } from "../core/fate.ts";
import type { Action } from "../core/options.ts";
import type { Forecast } from "../policy/forecast.ts";
import type {
  BufferMode,
  Circuit,
  Facts,
  Failure,
  InputFacts,
  PolicyFacts,
  State,
  TargetFacts,
  Verdict,
} from "./facts.ts";
import { type LedgerStatus, ledgerStatus, sumLedgers } from "./ledger-status.ts";
import type { ProcessFacts } from "./process-facts.ts";

export interface PolicyStatus {
  action: Action;
  rung: number;
  utilization: number;
  since: string;
  blocked_seconds_total: number;
  /** Whether records are being lost on purpose right now. */
  shedding: boolean;
  /** Lowest first. */
  rungs: { action: Action; enter: number; says: string }[];
  seconds_total: Partial<Record<Action, number>>;
  forecast: ForecastStatus;
}

/** `to` is the next rung, or `full`. `in_seconds` is the time until it is entered, or until the buffer is empty. */
export interface ForecastStatus {
  kind: Forecast["kind"];
  to: Action | "full" | null;
  in_seconds: number | null;
}

export interface InputStatus {
  files: number;
  open: number;
  lag_bytes: number;
  lag_seconds: number;
  rotated_bytes: number;
  at_risk_bytes: number;
  unread: { skipped: number; deleted: number; truncated: number; abandoned: number };
  /** Why reading waits; null if it does not. */
  waiting: string | null;
  ledger: LedgerStatus;
}

export interface OutputStatus {
  /** Null until the server has answered. */
  server: string | null;
  up: boolean;
  concurrency: { limit: number; in_flight: number };
  retrying: number;
  circuit: Circuit;
  last_error: string | null;
  last_error_at: string | null;
  /** When documents were last stored; null if none were since the start. */
  last_success: string | null;
  requests: { total: number; failed: number; failures: Record<Failure, number> };
  items: Record<Verdict, number>;
  /** Those among the stored documents that went to the failure store of their data stream. */
  failure_stored: number;
  /** The dead letters that are kept; `bytes` counts against `max`. */
  dead_letters: Count & { max: number };
  /** Bytes of requests, before and after compression. */
  bytes: { body: number; wire: number };
  /** By name and port. `last_error`: null while the host answers. */
  hosts: Record<string, { last_error: { why: string; at: string } | null }>;
  /** By index. */
  targets: Record<string, TargetStatus>;
  /** Over the last one to two minutes; null if there was no request. */
  latency_seconds: { p50: number | null; p99: number | null };
}

export interface TargetStatus {
  /** Whether the index accepts nothing while others do. */
  stuck: boolean;
  /** What waits in the buffer for this index. */
  waiting: Count;
  /** Null while the index accepts documents. */
  last_error: { why: string; remedy: string | null; at: string } | null;
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

/** The response of `/status`: the agent and its process. */
export interface StatusDocument extends Status {
  host: string;
  process: {
    pid: number;
    resident_bytes: number;
    cpu_seconds_total: number;
    open_descriptors: number;
    /** Null if there is no limit. */
    max_descriptors: number | null;
  };
  config: {
    loaded: string;
    reloads: { succeeded: number; failed: number };
    last_failure: string | null;
    /** Changed options that take effect only after a restart. */
    restart_needed: string[];
  };
}

/** The state to show: while a reload waits for requests, the agent itself is still running. */
export function stateOf({ state }: Facts, { config }: ProcessFacts): State {
  return state === "running" && config.reloading ? "reloading" : state;
}

export function statusDocument(facts: Facts, process: ProcessFacts): StatusDocument {
  const { config } = process;
  return {
    ...buildStatus(facts),
    state: stateOf(facts, process),
    host: process.host,
    process: {
      pid: process.pid,
      resident_bytes: process.residentBytes,
      cpu_seconds_total: process.cpuSeconds,
      open_descriptors: process.openDescriptors,
      max_descriptors: Number.isFinite(process.maxDescriptors) ? process.maxDescriptors : null,
    },
    config: {
      loaded: new Date(config.loadedAtMs).toISOString(),
      reloads: { ...config.reloads },
      last_failure: config.lastFailure ?? null,
      restart_needed: [...config.atRestart],
    },
  };
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
    shedding: policy.shedding,
    rungs: policy.marks.map((mark) => ({ ...mark })),
    seconds_total: Object.fromEntries(Object.entries(policy.actionMs).map(([action, ms]) => [action, seconds(ms)])),
    forecast: forecastStatus(policy.forecast),
  };
}

function forecastStatus(forecast: Forecast): ForecastStatus {
  return {
    kind: forecast.kind,
    to: forecast.kind === "rising" ? forecast.to : null,
    in_seconds: "inMs" in forecast ? seconds(forecast.inMs) : null,
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
    waiting: input.waiting ?? null,
    ledger: ledgerStatus(input.ledger),
  };
}

function outputStatus({ output }: Facts): OutputStatus {
  return {
    server: output.server ?? null,
    up: output.up,
    concurrency: { limit: output.concurrencyLimit, in_flight: output.inFlight },
    retrying: output.retrying,
    circuit: output.circuit,
    last_error: output.lastError ?? null,
    last_error_at: output.lastErrorAtMs === undefined ? null : new Date(output.lastErrorAtMs).toISOString(),
    last_success: output.storedAtMs === undefined ? null : new Date(output.storedAtMs).toISOString(),
    requests: {
      total: output.requests,
      failed: Object.values(output.failures).reduce((sum, n) => sum + n, 0),
      failures: { ...output.failures },
    },
    items: { ...output.items },
    failure_stored: output.failureStored,
    dead_letters: { ...output.deadLetters },
    bytes: { body: output.bodyBytes, wire: output.wireBytes },
    hosts: Object.fromEntries(
      output.hosts.map(({ host, trouble }) => [host, { last_error: trouble ? said(trouble) : null }]),
    ),
    targets: mapped(output.targets, targetStatus),
    latency_seconds: { p50: output.durations.quantile(0.5) ?? null, p99: output.durations.quantile(0.99) ?? null },
  };
}

function said({ why, atMs }: { readonly why: string; readonly atMs: number }): { why: string; at: string } {
  return { why, at: new Date(atMs).toISOString() };
}

function targetStatus({ stuck, records, bytes, trouble }: TargetFacts): TargetStatus {
  const error = trouble && {
    why: trouble.why,
    remedy: trouble.hint === "" ? null : trouble.hint,
    at: new Date(trouble.atMs).toISOString(),
  };
  return { stuck, waiting: { records, bytes }, last_error: error ?? null };
}

function mapped<From, To>(entries: ReadonlyMap<string, From>, convert: (from: From) => To): Record<string, To> {
  return Object.fromEntries([...entries].map(([key, value]) => [key, convert(value)]));
}

/** Rounded to milliseconds; more digits have no use. */
function seconds(ms: number): number {
  return Math.round(ms) / 1000;
}
