// The graphs, drawn by uPlot: one shared time axis and cursor, y from zero, nothing smoothed.
import uPlot from "uplot";
import { flow, percent } from "../core/figures.ts";
import { severityOf } from "../ops/verdict.ts";
import type { PolicyStatus } from "../ops/status.ts";
import { byId, colour } from "./dom.ts";
import { type Range, RANGES, type Rows } from "./series.ts";

/** Columns of a row, as in ops/events/history.ts. */
const COLUMN = { in: 1, kept: 2, out: 3, p50: 4, p99: 5, limit: 6, inFlight: 7, ladders: 8 } as const;
const STRIP = 8;
/** The shortest time axis in seconds, for a young agent. */
const SHORTEST = 60;

interface Drawn {
  readonly policies: readonly (readonly [name: string, policy: PolicyStatus])[];
  readonly rows: Rows;
  readonly range: Range;
}

export class Charts {
  private level: uPlot | undefined;
  private readonly flow: uPlot;
  private readonly latency: uPlot;
  private drawn: Drawn | undefined;
  private names = "";

  constructor() {
    this.flow = make("flow", [line("in", "in", 1.5), line("kept", "muted", 1.5, [5, 4]), line("out", "out", 3)], {
      value: (bytes) => `${flow(bytes)}/s`,
    });
    this.latency = make("latency", [line("p50", "in", 1.5), line("p99", "sample", 1.5)], {
      value: (seconds) => (seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${Number(seconds.toFixed(1))} s`),
    });
    new ResizeObserver(() => this.resize()).observe(byId("flow"));
  }

  draw(drawn: Drawn): void {
    this.drawn = drawn;
    const names = drawn.policies.map(([name]) => name);
    if (this.level === undefined || this.names !== names.join()) this.makeLevel(names);
    const { rows, range } = drawn;
    const ladders = names.map((name) => COLUMN.ladders + 2 * rows.policies.indexOf(name));
    const end = rows.last?.[0] ?? Date.now() / 1000;
    const first = rows.firstOf(range) ?? end;
    const put = (plot: uPlot | undefined, columns: readonly number[]): void => {
      plot?.setData(rows.columns(range, columns) as uPlot.AlignedData, false);
      plot?.setScale("x", { min: Math.max(end - RANGES[range], Math.min(first, end - SHORTEST)), max: end });
    };
    put(this.level, ladders);
    put(this.flow, [COLUMN.in, COLUMN.kept, COLUMN.out]);
    put(this.latency, [COLUMN.p50, COLUMN.p99]);
  }

  private makeLevel(names: readonly string[]): void {
    this.level?.destroy();
    this.names = names.join();
    const styles = [undefined, [6, 3], [2, 3], [8, 3, 2, 3]];
    const series = names.map((name, i) => line(name, i === 0 ? "text" : "muted", 2, styles[i % styles.length]));
    this.level = make("level", series, { value: percent, max: 1, draw: (plot) => this.drawRungs(plot) });
  }

  /** Draws a line where each rung of the worst ladder is entered, and at the bottom a strip of the rungs over time. */
  private drawRungs(plot: uPlot): void {
    const [worst] = this.drawn?.policies ?? [];
    if (worst === undefined || this.drawn === undefined) return;
    const { ctx, bbox } = plot;
    const [name, { rungs }] = worst;
    ctx.save();
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom";
    for (const { action, enter } of rungs) {
      const y = Math.round(plot.valToPos(enter, "y", true));
      ctx.strokeStyle = ctx.fillStyle = colour(severityOf(action));
      ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.lineWidth = devicePixelRatio;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.fillStyle = colour("text");
      ctx.fillText(`${action} ${percent(enter)}`, bbox.left + bbox.width - 4, y - devicePixelRatio);
    }
    const { rows, range } = this.drawn;
    const [times = [], standing = []] = rows.columns(range, [COLUMN.ladders + 2 * rows.policies.indexOf(name) + 1]);
    const height = STRIP * devicePixelRatio;
    for (let i = 0; i + 1 < times.length; i++) {
      const rung = standing[i];
      if (rung === null || rung === undefined) continue;
      const from = Math.max(bbox.left, plot.valToPos(times[i] as number, "x", true));
      const to = plot.valToPos(times[i + 1] as number, "x", true);
      ctx.fillStyle = colour(rung === 0 ? "accept" : severityOf(rungs[rung - 1]?.action ?? "accept"));
      if (to > from) ctx.fillRect(from, bbox.top + bbox.height - height, to - from + 1, height);
    }
    ctx.restore();
  }

  private resize(): void {
    for (const [id, plot] of [
      ["level", this.level],
      ["flow", this.flow],
      ["latency", this.latency],
    ] as const) {
      const { clientWidth: width, clientHeight: height } = byId(id);
      plot?.setSize({ width, height });
    }
  }
}

/** @param step seconds between two ticks of the axis */
function timeText(at: number, step: number): string {
  return new Date(at * 1000).toTimeString().slice(0, step < 60 ? 8 : 5);
}

function line(label: string, name: string, width: number, dash?: number[]): uPlot.Series {
  return { label, stroke: colour(name), width, spanGaps: false, points: { show: false }, ...(dash ? { dash } : {}) };
}

interface MakeOptions {
  readonly value: (value: number) => string;
  /** Upper end of the y axis; without it, the axis follows the data. */
  readonly max?: number;
  readonly draw?: (plot: uPlot) => void;
}

function make(id: string, series: uPlot.Series[], { value, max, draw }: MakeOptions): uPlot {
  const into = byId(id);
  const muted = colour("muted");
  const grid = { stroke: colour("line"), width: 1 };
  const axis: uPlot.Axis = { stroke: muted, grid, ticks: grid, font: "11px system-ui, sans-serif" };
  return new uPlot(
    {
      width: into.clientWidth,
      height: into.clientHeight,
      legend: { show: false },
      padding: [10, 6, 0, 0],
      cursor: { sync: { key: "spillway" }, drag: { setScale: false } },
      scales: { y: { range: (_plot, _from, to) => [0, max ?? Math.max(to || 0, 1e-3) * 1.1] } },
      axes: [
        {
          ...axis,
          size: 26,
          values: (_plot, ticks, _axis, _space, step) => ticks.map((at) => timeText(at, step)),
        },
        { ...axis, size: 74, values: (_plot, ticks) => ticks.map(value) },
      ],
      series: [
        {},
        ...series.map((one) => ({ ...one, value: (_: uPlot, v: number | null) => (v === null ? "–" : value(v)) })),
      ],
      hooks: { draw: draw === undefined ? [] : [draw] },
    },
    [[], ...series.map(() => [])],
    into,
  );
}
