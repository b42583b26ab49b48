// The data of the page's graphs: a row of numbers every five seconds for 15 minutes, and every minute for six hours. Invariant:
// its memory is fixed, however long the agent runs.
import { type Totals, rates, totals } from "../rates.ts";
import type { Status } from "../status.ts";

/** The first columns of a row. Two follow for each ladder, utilization and rung, in the order of `policies`. */
export const COLUMNS = ["at", "in", "kept", "out", "p50", "p99", "limit", "in_flight"] as const;

/** Units: seconds since 1970, bytes a second, seconds, requests. Null: unknown. */
export type Row = readonly (number | null)[];

export interface HistoryView {
  readonly columns: typeof COLUMNS;
  readonly policies: readonly string[];
  readonly fine: readonly Row[];
  readonly coarse: readonly Row[];
}

const FINE = { everyMs: 5000, rows: 180 } as const;
const COARSE = { everyMs: 60_000, rows: 360 } as const;
/** Tolerance for timers that fire a little early or late. */
const SLACK_MS = 500;

class Ring {
  rows: Row[] = [];
  private readonly everyMs: number;
  private readonly most: number;
  private before: Totals | undefined;

  constructor({ everyMs, rows }: { readonly everyMs: number; readonly rows: number }) {
    this.everyMs = everyMs;
    this.most = rows;
  }

  add(status: Status, now: Totals): void {
    const { before } = this;
    if (before !== undefined && now.atMs - before.atMs < this.everyMs - SLACK_MS) return;
    this.before = now;
    this.rows.push(rowOf(status, before, now));
    if (this.rows.length > this.most) this.rows.shift();
  }
}

export class History {
  private policies: readonly string[] = [];
  private fine = new Ring(FINE);
  private coarse = new Ring(COARSE);

  /** May be called at any interval; keeps a row when one is due. */
  add(status: Status, atMs: number): void {
    const policies = Object.keys(status.policies);
    // A reload that changes the ladders changes the columns, so the history starts again.
    if (policies.join("\0") !== this.policies.join("\0")) {
      this.policies = policies;
      this.fine = new Ring(FINE);
      this.coarse = new Ring(COARSE);
    }
    const now = totals(status, atMs);
    this.fine.add(status, now);
    this.coarse.add(status, now);
  }

  view(): HistoryView {
    return { columns: COLUMNS, policies: this.policies, fine: this.fine.rows, coarse: this.coarse.rows };
  }
}

/** @param before totals at the previous row; without them, the rates are unknown */
export function rowOf(status: Status, before: Totals | undefined, now: Totals): Row {
  const flow = before === undefined ? undefined : rates(before, now);
  const { latency_seconds, concurrency } = status.output;
  const ladders = Object.values(status.policies).flatMap(({ utilization, rung }) => [round(utilization, 4), rung]);
  const at = Math.round(now.atMs / 1000);
  const flows = [flow?.in, flow?.kept, flow?.out].map((rate) => (rate === undefined ? null : Math.round(rate)));
  return [at, ...flows, latency_seconds.p50, latency_seconds.p99, concurrency.limit, concurrency.in_flight, ...ladders];
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
