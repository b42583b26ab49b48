// The result as --json prints it. Field names and units (seconds, bytes) are those of /status where it has the same value.
import { type Account, type Result, balance } from "./result.ts";

export function document(result: Result): Readonly<Record<string, unknown>> {
  const { account, options } = result;
  const count = (records: number) => ({ records, bytes: records * options.lineBytes });
  const seconds = (ms: number) => Math.round(ms) / 1000;
  const last = result.series.at(-1);
  return {
    options: {
      policy: options.policy,
      budget_bytes: options.budget,
      memory_bytes: options.memory,
      stored_ratio: options.stored,
      produce: steps(options.produce),
      consume: steps(options.consume),
      seconds: seconds(options.forMs),
      line_bytes: options.lineBytes,
      always_ratio: options.always,
      named_bytes: finite(options.named),
      held_bytes: finite(options.held),
    },
    policies: {
      [options.policy]: {
        action: last?.action ?? "accept",
        rung: last?.rung ?? 0,
        utilization: last?.utilization ?? 0,
        peak_utilization: result.peak,
        seconds_total: mapped(result.msPerAction, seconds),
        blocked_seconds_total: seconds(result.blockedMs),
      },
    },
    ledger: ledger(account, count),
    written: count(account.written),
    crashed: count(account.crashed),
    lag_bytes: count(account.waiting).bytes,
    at_risk_bytes: last?.atRiskBytes ?? 0,
    unread: { abandoned: count(account.abandoned).bytes },
    latency_seconds: {
      p50: seconds(result.latency.p50Ms),
      p99: seconds(result.latency.p99Ms),
      max: seconds(result.latency.maxMs),
    },
    transitions: result.transitions.map((step) => ({
      at_seconds: seconds(step.atMs),
      from: step.from,
      to: step.to,
      utilization: step.utilization,
      stood_seconds: seconds(step.stoodMs),
    })),
    series: result.series.map((point) => ({
      from_seconds: seconds(point.fromMs),
      to_seconds: seconds(point.toMs),
      utilization: point.utilization,
      rung: point.rung,
      action: point.action,
      written: point.written,
      kept: point.kept,
      delivered: point.delivered,
      sampled: point.sampled,
      dropped: point.dropped,
      lag_bytes: count(point.waiting).bytes,
      at_risk_bytes: point.atRiskBytes,
      oldest_seconds: seconds(point.oldestMs),
    })),
  };
}

function ledger(account: Account, count: (records: number) => unknown): Readonly<Record<string, unknown>> {
  const { oldest, newest, random, rate } = account;
  return {
    read: count(account.read),
    delivered: count(account.delivered),
    sampled: count(account.sampled),
    dropped: mapped({ oldest, newest, random, rate }, count),
    buffered: count(account.buffered),
    balance: count(balance(account)),
  };
}

function steps(profile: Result["options"]["produce"]): readonly unknown[] {
  return profile.map((step) => ({ records_per_second: step.rate, seconds: finite(step.forMs / 1000) }));
}

/** JSON has no infinity: null stands for "without end". */
function finite(n: number): number | null {
  return Number.isFinite(n) ? n : null;
}

function mapped<T, U>(from: Readonly<Record<string, T>>, to: (value: T) => U): Readonly<Record<string, U>> {
  return Object.fromEntries(Object.entries(from).map(([key, value]) => [key, to(value)]));
}
