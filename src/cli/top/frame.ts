// Lays out the whole view for any terminal size: the verdict first, then ladders, flows and tables. On a small terminal parts
// are left out in this order: graphs, the right half, events, tables, flows. The verdict and one bar always stay. Pure.
import { duration } from "../../core/figures.ts";
import { verdict } from "../../ops/verdict.ts";
import type { Glyphs } from "../terminal/glyphs.ts";
import * as panel from "./panels.ts";
import { type Line, type Span, fit, span, widthOf } from "./spans.ts";
import type { TopState } from "./state.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The width in columns from which the right half is shown, and the width from which the graphs are. */
const HALVES = 78;
const GRAPHS = 110;
const LEFT = 39;
const STALE_MS = 3000;

export interface FrameOptions {
  readonly size: Size;
  readonly glyphs: Glyphs;
  readonly nowMs: number;
  /** The agent's admin address, as text. */
  readonly where: string;
}

/** @returns at most `rows` lines of at most `columns` characters */
export function frame(state: TopState, options: FrameOptions): Line[] {
  const { size, glyphs } = options;
  const rule: Line = [span(glyphs.floor.repeat(size.columns), "dim")];
  const head = [headLine(state, options), rule];
  const foot = size.rows >= 12 ? [rule, keyLine(state)] : [];
  const room = size.rows - head.length - foot.length;
  const body = bodyLines(state, options, room).slice(0, room);
  const filler = foot.length === 0 ? [] : Array.from({ length: room - body.length }, (): Line => []);
  const lines = [...head, ...body, ...filler, ...foot].slice(0, size.rows);
  // Stale numbers are dimmed, so that they do not look current.
  const dim = staleFor(state, options.nowMs) !== undefined && state.page !== "help";
  return lines.map((line) => fit(dim ? line.map(({ text }): Span => ({ text, style: "dim" })) : line, size.columns));
}

function staleFor(state: TopState, nowMs: number): number | undefined {
  if (state.paused || state.status === undefined) return undefined;
  const since = nowMs - state.heardAtMs;
  return state.lost !== undefined || state.stopped || since > STALE_MS ? since : undefined;
}

function headLine(state: TopState, { nowMs, where, size }: FrameOptions): Line {
  const { status } = state;
  const stale = staleFor(state, nowMs);
  const time = new Date(nowMs).toTimeString().slice(0, 8);
  const now = state.paused
    ? "paused"
    : state.stopped
      ? "the agent has stopped"
      : stale !== undefined
        ? `stale ${duration(stale)}, retrying`
        : `live ${time} 1s`;
  const right: Line = [span(`${now} `, stale === undefined && !state.paused ? "plain" : "fault")];
  const left: Line =
    status === undefined
      ? [span(` spillway top   ${where}`, "strong")]
      : [
          span(` spillway ${status.version}   ${status.host}`, "strong"),
          span(`   up ${duration(status.uptime_seconds * 1000)}   ${status.state}, ${status.buffer.mode}`),
        ];
  const between = Math.max(2, size.columns - widthOf(left) - widthOf(right));
  return [...left, span(" ".repeat(between)), ...right];
}

function bodyLines(state: TopState, options: FrameOptions, room: number): Line[] {
  if (state.page === "help") return [...panel.HELP];
  if (state.page === "events") return panel.wholeEvents(state.lines, options.size.columns).slice(0, room);
  const { status } = state;
  if (status === undefined) return waitingLines(state, options);
  if (state.page === "losses") return panel.lossLines(status);
  const { columns } = options.size;
  const top = [
    ...panel.verdictLines(verdict(status, options.nowMs)),
    [],
    ...panel.ladderLines(status, columns - 1, options.glyphs),
  ];
  const flows = [panel.flowLine(state), panel.resourceLine(status, state.cpu), []];
  const graphs = columns >= GRAPHS ? [...panel.graphLines(state.rows, columns - 1, options.glyphs), []] : [];
  const narrow = columns < HALVES;
  const left = panel.ledgerLines(status);
  const tables = narrow ? left : beside(left, rightHalf(state, columns - LEFT - 2, left.length), options);
  const small = [...top, ...flows].length <= room ? [...top, ...flows] : top;
  const withTables = [...small, ...tables].length <= room ? [...small, ...tables] : small;
  const withGraphs =
    withTables.length + graphs.length + 1 <= room
      ? [...small, ...graphs, ...withTables.slice(small.length)]
      : withTables;
  return [...withGraphs, ...panel.eventLines(state.lines, Math.max(0, room - withGraphs.length))];
}

function rightHalf(state: TopState, width: number, rows: number): Line[] {
  const output = panel.outputLines(state.status as NonNullable<TopState["status"]>);
  const inputs = panel.inputLines(state.inputs(), rows - output.length - 1, width);
  const filler = Array.from({ length: Math.max(0, rows - inputs.length - output.length) }, (): Line => []);
  return [...inputs, ...filler, ...output];
}

function beside(left: readonly Line[], right: readonly Line[], { glyphs }: FrameOptions): Line[] {
  return left.map((line, i) => [...fit(line, LEFT, true), span(`${glyphs.side} `, "dim"), ...(right[i] ?? [])]);
}

function waitingLines({ lost }: TopState, { where }: FrameOptions): Line[] {
  if (lost === undefined) return [[], [span(`  asking ${where} ...`)]];
  return [
    [],
    [span(`  no agent answers at ${where}: ${lost}`, "fault")],
    [],
    [span("  Is it running? Is `admin.listen` another address, or off? `spillway top --url` names it, for example")],
    [span("  http://127.0.0.1:9650 or unix:/run/spillway/admin.sock. Trying again.")],
  ];
}

function keyLine(state: TopState): Line {
  if (state.typing)
    return [span(` filter: ${state.filter}_`, "strong"), span("   Enter keeps it, Esc shows all", "dim")];
  const filter = state.filter === "" ? "/ filter" : `/ filter: ${state.filter}`;
  return [
    span(
      ` q quit  space ${state.paused ? "go on" : "pause"}  s sort: ${state.sort}  ${filter}  e events  l losses  ? help`,
      "dim",
    ),
  ];
}
