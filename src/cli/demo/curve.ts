// Plots utilization over time in characters, with a horizontal line where each rung is entered.
import type { Ladder } from "../../core/options.ts";
import type { Glyphs } from "../terminal/glyphs.ts";
import type { Point } from "./history.ts";

export interface CurveFrame {
  readonly width: number;
  readonly height: number;
  /** The time that the whole width stands for, including time that has not passed yet. */
  readonly spanMs: number;
  readonly glyphs: Glyphs;
}

/** The time at the left edge: 0 until the plot is full, then it slides. */
export function curveStart(nowMs: number, spanMs: number): number {
  return Math.max(0, nowMs - spanMs);
}

export function renderCurve(points: readonly Point[], ladder: Ladder, nowMs: number, frame: CurveFrame): string[] {
  const { bar, mark, side } = frame.glyphs;
  const columns = columnsOf(points, nowMs, frame);
  const marks = ladder.map((rung) => rung.enter);
  return levels(marks, frame.height).map((level) => {
    const empty = marks.includes(level) ? mark : " ";
    const cells = columns.map((utilization) => (utilization !== undefined && utilization >= level ? bar : empty));
    return `${String(Math.round(level * 100)).padStart(4)}${side}${cells.join("")}${side}`;
  });
}

/** The levels of the rows, top down: 100 %, the mark of each rung, then equal steps below the lowest mark. */
export function levels(marks: readonly number[], height: number): number[] {
  const top = [...new Set([1, ...marks.toSorted((a, b) => b - a)])].slice(0, height);
  const rest = height - top.length;
  const lowest = top.at(-1) as number;
  return [...top, ...Array.from({ length: rest }, (_, i) => (lowest * (rest - i)) / (rest + 1))];
}

/** The highest utilization in each column's time slice; undefined for the future. */
function columnsOf(points: readonly Point[], nowMs: number, frame: CurveFrame): (number | undefined)[] {
  const start = curveStart(nowMs, frame.spanMs);
  const columns = new Array<number | undefined>(frame.width).fill(undefined);
  const columnAt = (ms: number): number =>
    Math.min(frame.width - 1, Math.floor(((ms - start) * frame.width) / frame.spanMs));
  for (const { atMs, utilization } of points) {
    const column = columnAt(atMs);
    if (column >= 0) columns[column] = Math.max(columns[column] ?? 0, utilization);
  }
  // A slice without a sample repeats the previous one.
  for (let i = 1; i <= columnAt(nowMs); i++) columns[i] ??= columns[i - 1];
  return columns;
}

/** The bottom line of the plot and the time labels below it. */
export function renderAxis(nowMs: number, frame: CurveFrame): [floor: string, times: string] {
  const { corner, floor } = frame.glyphs;
  const end = frame.glyphs.corner === "+" ? "+" : "┘";
  const start = curveStart(nowMs, frame.spanMs);
  const at = (share: number): string => `${Math.round((start + share * frame.spanMs) / 1000)}s`;
  const half = Math.floor(frame.width / 2);
  const times = `${at(0).padEnd(half - 1)}${at(0.5)}`.padEnd(frame.width - at(1).length) + at(1);
  return [`    ${corner}${floor.repeat(frame.width)}${end}`, `     ${times} `];
}
