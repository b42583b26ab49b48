// Computes byte rates from two statuses. Pure, and free of Node, because the page in the browser and `spillway top` use it too.
import type { LedgerStatus } from "./ledger-status.ts";
import type { Status } from "./status.ts";

/** Byte and record counts at one moment. */
export interface Totals {
  readonly atMs: number;
  /** What producers have written, as far as known: read, still unread, or lost unread. */
  readonly written: number;
  /** What was read and not shed. */
  readonly kept: number;
  readonly delivered: number;
  readonly records: { readonly read: number; readonly delivered: number };
}

/** Per second. */
export interface Rates {
  readonly in: number;
  readonly kept: number;
  readonly out: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
}

export function totals({ ledger, inputs }: Pick<Status, "ledger" | "inputs">, atMs: number): Totals {
  let written = ledger.read.bytes;
  for (const { lag_bytes, unread } of Object.values(inputs)) {
    written += lag_bytes + unread.deleted + unread.truncated + unread.abandoned;
  }
  const shed = shedOf(ledger);
  return {
    atMs,
    written,
    kept: ledger.read.bytes - shed.bytes,
    delivered: ledger.delivered.bytes,
    records: { read: ledger.read.records, delivered: ledger.delivered.records },
  };
}

/** Undefined if no time has passed. A file that vanishes unread lowers a total; the rate is then 0, not negative. */
export function rates(before: Totals, after: Totals): Rates | undefined {
  const seconds = (after.atMs - before.atMs) / 1000;
  if (seconds <= 0) return undefined;
  const rate = (from: number, to: number): number => Math.max(0, to - from) / seconds;
  return {
    in: rate(before.written, after.written),
    kept: rate(before.kept, after.kept),
    out: rate(before.delivered, after.delivered),
    recordsIn: rate(before.records.read, after.records.read),
    recordsOut: rate(before.records.delivered, after.records.delivered),
  };
}

/** What a policy or a limit has dropped. */
export function shedOf({ sampled, dropped }: Pick<LedgerStatus, "sampled" | "dropped">): {
  records: number;
  bytes: number;
} {
  const sum = { ...sampled };
  for (const { records, bytes } of Object.values(dropped)) {
    sum.records += records;
    sum.bytes += bytes;
  }
  return sum;
}
