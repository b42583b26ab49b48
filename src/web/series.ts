// The rows behind the graphs: the history from the snapshot, and a row per second since. Missing rows become gaps, never
// connecting lines.
import type { HistoryView, Row } from "../ops/events/history.ts";

export const RANGES = { "15m": 900, "1h": 3600, "6h": 21_600 } as const;
export type Range = keyof typeof RANGES;

/** A row is missing if the next one comes this many times later than usual. */
const GAP = 3;

export class Rows {
  private fine: Row[];
  private readonly coarse: Row[];
  readonly policies: readonly string[];

  constructor({ fine, coarse, policies }: HistoryView) {
    this.fine = [...fine];
    this.coarse = [...coarse];
    this.policies = policies;
  }

  add(row: Row): void {
    const at = row[0] as number;
    const last = this.fine.at(-1)?.[0] ?? 0;
    if (at <= last) return;
    this.fine.push(row);
    this.fine = this.fine.filter(([then]) => (then as number) > at - RANGES["15m"]);
    if (at - (this.coarse.at(-1)?.[0] ?? 0) >= 60) this.coarse.push(row);
    while (this.coarse.length > 0 && (this.coarse[0]?.[0] as number) < at - RANGES["6h"]) this.coarse.shift();
  }

  /** Time of the first row of a range, seconds since 1970. */
  firstOf(range: Range): number | undefined {
    return (range === "15m" ? this.fine : this.coarse)[0]?.[0] ?? undefined;
  }

  get last(): Row | undefined {
    return this.fine.at(-1);
  }

  /** The columns with these numbers, preceded by the times, in uPlot's format. */
  columns(range: Range, wanted: readonly number[]): (number | null)[][] {
    const rows = range === "15m" ? this.fine : [...this.coarse, ...(this.last ? [this.last] : [])];
    const step = range === "15m" ? 5 : 60;
    const columns: (number | null)[][] = [0, ...wanted].map(() => []);
    let before: number | undefined;
    for (const row of rows) {
      const at = row[0] as number;
      if (before !== undefined && at - before > GAP * step)
        push(
          columns,
          (before + at) / 2,
          wanted.map(() => null),
        );
      if (before === undefined || at > before)
        push(
          columns,
          at,
          wanted.map((column) => row[column] ?? null),
        );
      before = at;
    }
    return columns;
  }
}

function push(columns: (number | null)[][], at: number, values: readonly (number | null)[]): void {
  columns[0]?.push(at);
  for (const [i, value] of values.entries()) columns[i + 1]?.push(value);
}
