// The simulation's picture as SVG. Top: utilization, with a line for each rung's `enter`. Middle: a strip that shows the rung in
// force. Bottom: the rates written, kept and delivered. The file has no scripts, fonts or links, and it follows the reader's
// light or dark scheme. Nothing depends on colour alone: rungs are labelled, and each line has its own stroke.
import type { Action } from "../../core/options.ts";
import { count, duration, percent } from "../../core/figures.ts";
import { columns } from "./columns.ts";
import { area, escape, steps, text } from "./svg.ts";
import { STYLE } from "./style.ts";
import type { Point, Result } from "./result.ts";
import { lossShare, setting, title } from "./words.ts";

const WIDTH = 720;
const HEIGHT = 430;
const LEFT = 48;
const RIGHT = 132;
const PLOT = WIDTH - LEFT - RIGHT;
/** Top and bottom edges of the two panels, and of the strip between them. */
const LEVEL = { top: 60, bottom: 220 };
const STRIP = { top: 228, bottom: 240 };
const RATE = { top: 288, bottom: 388 };
/** Pixels per column. One column shows one point of the series. */
const STEP = 3;

const KINDS: Readonly<Record<Action, string>> = {
  accept: "accept",
  block: "block",
  "rate-limit": "block",
  sample: "sample",
  "drop-newest": "drop",
  "drop-random": "drop",
  "drop-oldest": "drop",
};

export function renderSvg(result: Result): string {
  const drawn = columns(result.series, Math.floor(PLOT / STEP));
  const parts = [
    `<title>${escape(title(result))}</title>`,
    `<desc>${escape(sentence(result))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="panel" width="${WIDTH}" height="${HEIGHT}" rx="6"/>`,
    text(16, 24, title(result), "h"),
    text(16, 42, setting(result), "muted"),
    ...levelPanel(result, drawn),
    ...strip(drawn),
    ...ratePanel(drawn),
    ...timeAxis(drawn),
  ];
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`;
  return `${[open, ...parts, "</svg>"].join("\n")}\n`;
}

function sentence(result: Result): string {
  const acted = result.options.ladder.filter((rung) => (result.msPerAction[rung.action] ?? 0) > 0);
  const rungs = acted.map((rung) => rung.action).join(", ") || "none";
  const lost = (lossShare(result) * 100).toFixed(1);
  return `${setting(result)}. Utilization reaches ${percent(result.peak)}; rungs that act: ${rungs}; lost ${lost} %.`;
}

function levelPanel({ options }: Result, drawn: readonly Point[]): readonly string[] {
  const y = (level: number): number => LEVEL.bottom - level * (LEVEL.bottom - LEVEL.top);
  const heights = drawn.map((point) => y(Math.min(1, point.utilization)));
  const marks = options.ladder.flatMap((rung) => [
    `<path class="mark" d="M${LEFT} ${y(rung.enter)}H${LEFT + PLOT}"/>`,
    text(LEFT + PLOT + 6, y(rung.enter) + 4, `${percent(rung.enter)} ${rung.action}`),
  ]);
  return [
    `<path class="fill" d="${area(LEFT, PLOT, heights, LEVEL.bottom)}"/>`,
    `<path class="line in" d="${steps(LEFT, PLOT, heights)}"/>`,
    ...marks,
    ...[0, 0.5, 1].map((level) => text(LEFT - 6, y(level) + 4, percent(level), "muted", "end")),
    `<path class="axis" d="M${LEFT} ${LEVEL.bottom}H${LEFT + PLOT}"/>`,
  ];
}

function strip(drawn: readonly Point[]): readonly string[] {
  const x = (column: number): number => LEFT + (column * PLOT) / drawn.length;
  const runs: { action: Action; from: number; to: number }[] = [];
  for (const [column, { action }] of drawn.entries()) {
    const last = runs.at(-1);
    if (last?.action === action) last.to = column + 1;
    else runs.push({ action, from: column, to: column + 1 });
  }
  const rects = runs.map(({ action, from, to }) => {
    const width = Number((x(to) - x(from)).toFixed(1));
    const at = `x="${Number(x(from).toFixed(1))}" y="${STRIP.top}" width="${width}" height="${STRIP.bottom - STRIP.top}"`;
    return `<rect class="${KINDS[action]}" ${at}><title>${action}</title></rect>`;
  });
  const acted = [...new Set(drawn.map((point) => point.action))];
  const legend = acted.flatMap((action, i) => [
    `<rect class="${KINDS[action]}" x="${LEFT + i * 110}" y="${STRIP.bottom + 8}" width="10" height="10"/>`,
    text(LEFT + i * 110 + 15, STRIP.bottom + 17, action, "muted"),
  ]);
  return [...rects, ...legend, text(LEFT + PLOT + 6, STRIP.bottom - 1, "rung", "muted")];
}

function ratePanel(drawn: readonly Point[]): readonly string[] {
  const perSecond = (point: Point, records: number): number => (records * 1000) / (point.toMs - point.fromMs);
  const most = Math.max(1, ...drawn.map((p) => perSecond(p, Math.max(p.written, p.kept, p.delivered))));
  const y = (rate: number): number => RATE.bottom - (rate / most) * (RATE.bottom - RATE.top);
  const line = (name: string, of: (point: Point) => number): string =>
    `<path class="line ${name}" d="${steps(
      LEFT,
      PLOT,
      drawn.map((point) => y(perSecond(point, of(point)))),
    )}"/>`;
  const keys = ["in", "kept", "out"].flatMap((name, i) => [
    `<path class="line ${name}" d="M${LEFT + PLOT + 8} ${RATE.top + 8 + i * 18}h26"/>`,
    text(LEFT + PLOT + 40, RATE.top + 12 + i * 18, name),
  ]);
  return [
    line("out", (point) => point.delivered),
    line("in", (point) => point.written),
    line("kept", (point) => point.kept),
    ...keys,
    text(LEFT - 6, RATE.top + 4, `${count(most / 1000)}k/s`, "muted", "end"),
    text(LEFT - 6, RATE.bottom + 4, "0", "muted", "end"),
    `<path class="axis" d="M${LEFT} ${RATE.bottom}H${LEFT + PLOT}"/>`,
  ];
}

function timeAxis(drawn: readonly Point[]): readonly string[] {
  const end = drawn.at(-1)?.toMs ?? 0;
  return [0, 0.25, 0.5, 0.75, 1].map((part) =>
    text(LEFT + part * PLOT, RATE.bottom + 20, part === 0 ? "0" : duration(part * end), "muted", "middle"),
  );
}
