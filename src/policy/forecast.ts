// Predicts when the buffer reaches the next rung at its present growth, for `top`, the log and the dashboard. Pure: the caller
// passes samples with their time. Invariants: no forecast is shown until its direction has held for HOLD_MS, so that a hiccup
// alarms nobody; and no figure is more precise than the estimate behind it.
import type { Action, Ladder } from "../core/options.ts";

const WINDOW_MS = 60_000;
const HOLD_MS = 10_000;
/** A sample that follows within this time replaces the one before, which bounds the work however often the caller samples. */
const SPACING_MS = 1000;
/** If a mark is further away than this, the buffer counts as steady. */
const HORIZON_MS = 24 * 3_600_000;
/** Below this utilization, with no rung in force, changes are normal traffic and not worth a forecast. */
const QUIET = 0.01;

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

export type Forecast =
  | { readonly kind: "unknown" | "steady" | "held" }
  | { readonly kind: "rising"; readonly to: Action | "full"; readonly inMs: number }
  | { readonly kind: "draining"; readonly inMs: number };

export interface Trend {
  readonly samples: readonly Sample[];
  readonly direction: Forecast["kind"];
  readonly sinceMs: number;
  /** The forecast to show: `unknown` until its direction has held for HOLD_MS. */
  readonly forecast: Forecast;
}

export const NO_TREND: Trend = { samples: [], direction: "unknown", sinceMs: 0, forecast: { kind: "unknown" } };

/** @param budget bytes of the ladder's share of the budget */
export function observe(
  trend: Trend,
  ladder: Ladder,
  rung: number,
  bytes: number,
  budget: number,
  nowMs: number,
): Trend {
  const samples = keep(trend.samples, { atMs: nowMs, bytes });
  const guess = extrapolate(ladder, rung, bytes, budget, slope(samples));
  const sinceMs = guess.kind === trend.direction ? trend.sinceMs : nowMs;
  const holds = nowMs - sinceMs >= HOLD_MS;
  return { samples, direction: guess.kind, sinceMs, forecast: holds ? guess : { kind: "unknown" } };
}

function keep(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const recent = samples.filter((sample) => next.atMs - sample.atMs <= WINDOW_MS);
  const last = recent.at(-2);
  if (last !== undefined && next.atMs - last.atMs < SPACING_MS) recent.pop();
  return [...recent, next];
}

/** Bytes per millisecond by least squares, so that one late sample has little effect. */
function slope(samples: readonly Sample[]): number {
  const n = samples.length;
  const meanAt = samples.reduce((sum, s) => sum + s.atMs, 0) / n;
  const meanBytes = samples.reduce((sum, s) => sum + s.bytes, 0) / n;
  let above = 0;
  let below = 0;
  for (const s of samples) {
    above += (s.atMs - meanAt) * (s.bytes - meanBytes);
    below += (s.atMs - meanAt) ** 2;
  }
  return below === 0 ? 0 : above / below;
}

function extrapolate(ladder: Ladder, rung: number, bytes: number, budget: number, growth: number): Forecast {
  if (rung === 0 && bytes < QUIET * budget) return { kind: "steady" };
  const next = ladder.find((mark, index) => index >= rung && mark.enter * budget > bytes);
  const mark = next === undefined ? budget : next.enter * budget;
  const inMs = growth > 0 ? Math.max(0, mark - bytes) / growth : growth < 0 ? bytes / -growth : Infinity;
  if (inMs > HORIZON_MS) return { kind: rung > 0 ? "held" : "steady" };
  return growth > 0 ? { kind: "rising", to: next?.action ?? "full", inMs } : { kind: "draining", inMs };
}

/** "block in 4m10s", "full in about 3 h", "held", "draining, empty in 6m", "steady"; empty while unknown. */
export function forecastText(forecast: Forecast): string {
  if (forecast.kind === "rising") return `${forecast.to} in ${roughly(forecast.inMs)}`;
  if (forecast.kind === "draining") return `draining, empty in ${roughly(forecast.inMs)}`;
  return forecast.kind === "unknown" ? "" : forecast.kind;
}

function roughly(ms: number): string {
  if (ms < 60_000 - 2500) return `${Math.max(5, Math.round(ms / 5000) * 5)}s`;
  const tens = Math.round(ms / 10_000);
  if (tens < 60) return `${Math.floor(tens / 6)}m${tens % 6 === 0 ? "" : `${(tens % 6) * 10}s`}`;
  const minutes = Math.round(ms / 60_000);
  return minutes < 60 ? `${minutes}m` : `about ${Math.round(minutes / 60)} h`;
}
