// Reduces a series to the width of the picture: one column per character or pixel step. A column has the highest utilization and
// the summed counts of its points, so that a small picture loses no peak.
import type { Point, Result } from "./result.ts";

export function columns(series: readonly Point[], width: number): readonly Point[] {
  return Array.from({ length: Math.min(width, series.length) }, (_, column) => {
    const n = Math.min(width, series.length);
    const from = Math.floor((column * series.length) / n);
    const to = Math.floor(((column + 1) * series.length) / n);
    return series.slice(from, to).reduce(join);
  });
}

function join(a: Point, b: Point): Point {
  const higher = b.rung > a.rung ? b : a;
  return {
    fromMs: a.fromMs,
    toMs: b.toMs,
    utilization: Math.max(a.utilization, b.utilization),
    rung: higher.rung,
    action: higher.action,
    written: a.written + b.written,
    kept: a.kept + b.kept,
    delivered: a.delivered + b.delivered,
    sampled: a.sampled + b.sampled,
    dropped: a.dropped + b.dropped,
    waiting: b.waiting,
    atRiskBytes: b.atRiskBytes,
    oldestMs: b.oldestMs,
  };
}

/** The first transition to each action, in order of time. */
export function firstSteps(result: Result): Result["transitions"] {
  const seen = new Set<string>(["accept"]);
  return result.transitions.filter(({ to }) => !seen.has(to) && seen.add(to));
}
