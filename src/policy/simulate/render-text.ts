// The simulation's result as plain ASCII for a terminal. Utilization is drawn with #, each rung's `enter` as a line, and the rung
// in force as a strip of letters. The ledger follows, so that a reader can check the picture.
import type { Action } from "../../core/options.ts";
import { duration, percent } from "../../core/figures.ts";
import { columns, firstSteps } from "./columns.ts";
import type { Point, Result } from "./result.ts";
import { latencyLine, ledgerLines, setting, timesLine, title } from "./words.ts";

/** The letter of each action in the strip. Actions that shed records have upper case. */
const LETTERS: Readonly<Record<Action, string>> = {
  accept: ".",
  block: "b",
  "rate-limit": "r",
  sample: "S",
  "drop-newest": "N",
  "drop-random": "X",
  "drop-oldest": "D",
};
const LEFT = 5;
const RIGHT = 13;

/** @param width columns of the terminal; at least 40 are used */
export function renderText(result: Result, width: number): string {
  const drawn = columns(result.series, Math.max(40, width) - LEFT - RIGHT);
  const lines = [
    ` ${title(result)}`,
    ` ${setting(result)}`,
    "",
    ...plot(result, drawn),
    ...(result.options.mode === "ladder" ? strip(drawn) : [`${" ".repeat(LEFT)}${timeAxis(drawn)}`]),
    "",
    ...ledgerLines(result),
    "",
    ` ${timesLine(result)}`,
    ` ${latencyLine(result)}`,
    ...firstSteps(result).map(
      (step) => ` ${duration(step.atMs).padStart(7)}  ${step.to} at ${percent(step.utilization)}`,
    ),
  ];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

function plot({ options }: Result, drawn: readonly Point[]): readonly string[] {
  const marks = new Map(options.ladder.map((rung) => [Math.round(rung.enter * 100), rung.action]));
  const rows = levels([...marks.keys()]).map((level) => {
    const label = marks.get(level);
    const cells = drawn.map((point) => (point.utilization * 100 >= level - 0.5 ? "#" : label ? "-" : " "));
    return `${String(level).padStart(LEFT - 1)}|${cells.join("")}| ${label ?? ""}`;
  });
  return [...rows, `${" ".repeat(LEFT - 1)}+${"-".repeat(drawn.length)}+`];
}

/** The plot's rows in percent, from 100 down: every rung's `enter`, 100, and the multiples of ten that are not next to a rung. */
function levels(marks: readonly number[]): readonly number[] {
  const tens = Array.from({ length: 10 }, (_, i) => (i + 1) * 10);
  const free = tens.filter((ten) => !marks.some((mark) => Math.abs(mark - ten) < 5 || mark - ten === 5));
  return [...new Set([100, ...marks, ...free])].toSorted((a, b) => b - a);
}

function strip(drawn: readonly Point[]): readonly string[] {
  const letters = drawn.map((point) => LETTERS[point.action]).join("");
  const acted = [...new Set(drawn.map((point) => point.action))];
  const legend = acted.map((action) => `${LETTERS[action]} ${action}`).join("  ");
  const indent = " ".repeat(LEFT);
  return [`rung ${letters}`, `${indent}${timeAxis(drawn)}`, `${indent}${legend}`];
}

function timeAxis(drawn: readonly Point[]): string {
  const end = duration(drawn.at(-1)?.toMs ?? 0);
  const middle = duration(drawn[Math.floor(drawn.length / 2)]?.fromMs ?? 0);
  const half = Math.floor(drawn.length / 2);
  return `${"0".padEnd(half)}${middle}`.padEnd(drawn.length - end.length) + end;
}
