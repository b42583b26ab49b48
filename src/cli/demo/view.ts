// Renders the demo's screen, 24 lines of 80 columns: the utilization curve with the lines of the rungs, the ledger equation,
// and a sentence for each rung change. Pure.
import { count, flow, percent } from "../../core/figures.ts";
import type { Ladder } from "../../core/options.ts";
import type { Status } from "../../ops/status.ts";
import { ACTS, type ActNow } from "./acts.ts";
import { renderAxis, renderCurve, type CurveFrame } from "./curve.ts";
import { eventLine } from "./events.ts";
import type { Glyphs } from "../terminal/glyphs.ts";
import type { History } from "./history.ts";
import { renderEquation } from "./ledger.ts";
import { SWITCHES, type Switch } from "./switches.ts";

export interface DemoView {
  readonly status: Status;
  readonly history: History;
  readonly ladder: Ladder;
  /** The current act; undefined once the user has pressed a key. */
  readonly act: ActNow | undefined;
  /** The switch that the user used last. */
  readonly switched: Switch | undefined;
  /** Number of documents in the sandbox. */
  readonly stored: number;
  readonly elapsedMs: number;
  /** The time span of the curve: the length of the demo. */
  readonly spanMs: number;
  /** Address of the admin endpoint, ending in a slash. */
  readonly url: string;
}

export const COLUMNS = 80;
export const ROWS = 24;
const CURVE_WIDTH = 46;
const CURVE_HEIGHT = 10;
const EVENTS = 3;
/** Lines for the ledger: two and a blank one, or three if the numbers are large. */
const EQUATION = 3;

export function renderDemo(view: DemoView, glyphs: Glyphs): string[] {
  const rule = glyphs.floor.repeat(COLUMNS);
  const frame: CurveFrame = { width: CURVE_WIDTH, height: CURVE_HEIGHT, spanMs: view.spanMs, glyphs };
  const picture = [
    ...renderCurve(view.history.points, view.ladder, view.elapsedMs, frame),
    ...renderAxis(view.elapsedMs, frame),
  ];
  const panel = renderPanel(view);
  const events = view.history.transitions
    .slice(-EVENTS)
    .map((transition) => eventLine(transition, view.ladder, view.status.ledger));
  const lines = [
    " spillway demo   sandbox + log generator + agent in one process, leaves nothing",
    ` dashboard       ${view.url}   (the same switches are there)`,
    rule,
    ...picture.map((line, i) => `${line} ${panel[i] ?? ""}`),
    "",
    ...[...renderEquation(view.status.ledger, COLUMNS), ""].slice(0, EQUATION),
    ...events,
    ...new Array<string>(EVENTS - events.length).fill(""),
    rule,
    ` ${[...SWITCHES.map(({ key, label }) => `${key} ${label}`), "q quit"].join("  ")}`,
  ];
  return lines.map((line) => line.slice(0, COLUMNS).trimEnd());
}

/** The panel beside the curve, one line per row of the curve. */
function renderPanel({ status, history, act, switched, stored }: DemoView): string[] {
  const policy = Object.values(status.policies)[0];
  const rates = history.flow;
  const { memory, disk } = status.buffer;
  return [
    ...headline(act, switched),
    "",
    `buffer ${percent(policy?.utilization ?? 0)}  ${policy?.action ?? ""}`,
    row("in", rates && `${flow(rates.produced)}/s`),
    row("out", rates && `${flow(rates.delivered)}/s`),
    row("in/out", rates && rates.delivered > 0 ? (rates.produced / rates.delivered).toFixed(1) : undefined),
    row("memory", share(memory)),
    row("disk", share(disk)),
    row("sandbox", `${count(stored)} docs`),
    ...(act === undefined ? [] : announcement(act)),
  ];
}

function headline(act: ActNow | undefined, switched: Switch | undefined): [string, string] {
  if (act !== undefined) return [`ACT ${act.number} of ${ACTS.length}: ${act.act.title}`, act.act.sentence];
  return ["YOUR TURN", switched === undefined ? "switch the output below" : `the output: ${switched.label}`];
}

function announcement({ next, endsInMs }: ActNow): [string, string] {
  const [what, watch] = next?.announced ?? ["the end", "the account follows"];
  const seconds = `in ${Math.ceil(endsInMs / 1000)} s`;
  return [`next: ${what}`, watch === "" ? seconds : `${seconds}, ${watch}`];
}

/** An unknown value is shown as a dash, never as zero. */
function row(label: string, value: string | undefined): string {
  return `${label.padEnd(7)} ${(value ?? "-").padStart(14)}`;
}

function share({ bytes, max }: { readonly bytes: number; readonly max: number }): string {
  return `${(bytes / 2 ** 20).toFixed(1)} of ${(max / 2 ** 20).toFixed(0)} MiB`;
}
