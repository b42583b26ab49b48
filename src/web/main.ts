// The page: receives one stream, and renders everything from its latest status.
import { percent } from "../core/figures.ts";
import type { LogLine } from "../ops/events/feed.ts";
import { type Rates, type Totals, rates, totals } from "../ops/rates.ts";
import type { StatusDocument } from "../ops/status.ts";
import { severityOf, verdict, worstPolicy } from "../ops/verdict.ts";
import { Charts } from "./charts.ts";
import { byId, element, say } from "./dom.ts";
import * as show from "./sections.ts";
import { RANGES, type Range, Rows } from "./series.ts";
import { Stream } from "./stream.ts";

const LINES = 100;
const THEMES = ["auto", "light", "dark"] as const;

const address = new URL(location.href);
let range: Range = (Object.keys(RANGES) as Range[]).find((name) => name === address.searchParams.get("range")) ?? "15m";
let rows: Rows | undefined;
let lines: LogLine[] = [];
let before: { readonly status: StatusDocument; readonly at: number; readonly totals: Totals } | undefined;

const theme = THEMES.find((name) => name === address.searchParams.get("theme")) ?? "auto";
if (theme !== "auto") document.documentElement.dataset["theme"] = theme;
const charts = new Charts();
choices("ranges", Object.keys(RANGES) as Range[], range, (chosen) => {
  range = chosen;
  keep("range", chosen);
  if (before !== undefined) draw(before.status);
});
// The graphs read their colours when they are created, so the page is reloaded.
choices("themes", THEMES, theme, (chosen) => {
  keep("theme", chosen);
  location.reload();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => theme === "auto" && location.reload());

new Stream({
  snapshot(snapshot) {
    rows = new Rows(snapshot.history);
    lines = [...snapshot.lines];
    show.showEvents(lines);
    show.showSwitches(snapshot.switches, (key) => void fetch(`/demo/switch?key=${key}`, { method: "POST" }));
    show.showSwitched(snapshot.switched);
    update(snapshot.status);
  },
  tick({ status, row, switched }) {
    rows?.add(row);
    show.showSwitched(switched);
    update(status);
  },
  line(line) {
    lines = [...lines, line].slice(-LINES);
    show.showEvents(lines);
  },
  state(state, sinceMs) {
    const beacon = byId("beacon");
    document.body.classList.toggle("stale", state !== "live");
    beacon.className = `beacon ${state}`;
    if (state === "live") {
      say(beacon, "live · 1 s");
      requestAnimationFrame(() => beacon.classList.add("pulse"));
    } else {
      const since = new Date(Date.now() - sinceMs).toTimeString().slice(0, 8);
      say(beacon, state === "stale" ? `stale since ${since}, trying again` : "the agent has stopped");
    }
  },
});

function update(status: StatusDocument): void {
  const at = Date.now();
  const now = totals(status, at);
  const flow: Rates | undefined = before && rates(before.totals, now);
  const cpu =
    before && (status.process.cpu_seconds_total - before.status.process.cpu_seconds_total) / ((at - before.at) / 1000);
  const wanted = verdict(status, at);
  show.showVerdict(wanted);
  show.showFlow(flow);
  show.showLedger(status);
  show.showInputs(status, speeds(status, at));
  show.showOutput(status);
  show.showLosses(status);
  show.showProcess(status, cpu);
  headline(status, show.SIGNS[wanted.severity], wanted.word);
  if (before === undefined || at - before.at > 500) before = { status, at, totals: now };
  draw(status);
}

/** Bytes per second that each input has read. */
function speeds(status: StatusDocument, at: number): ReadonlyMap<string, number> {
  const then = before;
  if (then === undefined || at - then.at < 500) return new Map();
  return new Map(
    Object.entries(status.inputs).map(([id, { ledger }]) => {
      const read = ledger.read.bytes - (then.status.inputs[id]?.ledger.read.bytes ?? 0);
      return [id, Math.max(0, read) / ((at - then.at) / 1000)];
    }),
  );
}

function draw(status: StatusDocument): void {
  if (rows === undefined) return;
  const worst = worstPolicy(status);
  const others = Object.entries(status.policies).filter(([name]) => name !== worst?.[0]);
  const policies = worst === undefined ? [] : [worst, ...others];
  charts.draw({ policies, rows, range });
  const levels = policies.map(([name, { utilization, action }]) => `${name} ${percent(utilization)} ${action}`);
  say(byId("level-legend"), levels.join("   "));
  byId("level").setAttribute("aria-label", levels.join(", "));
  const { p50, p99 } = status.output.latency_seconds;
  say(byId("output-legend"), "time to an answer: p50 ──  p99 ──");
  byId("latency").setAttribute("aria-label", `p50 ${p50 ?? "unknown"} seconds, p99 ${p99 ?? "unknown"} seconds`);
}

/** Shows the state in the tab: its title and its icon. */
function headline(status: StatusDocument, sign: string, word: string): void {
  const title = `${sign} ${word} ${percent(status.buffer.utilization)} ${status.host}`;
  if (document.title === title) return;
  document.title = title;
  const worst = worstPolicy(status);
  const mark = getComputedStyle(document.documentElement).getPropertyValue(
    `--${severityOf(worst?.[1].action ?? "accept")}`,
  );
  const colours = /#[0-9a-f]{6}/i.exec(mark)?.[0] ?? "#888888";
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><text x="8" y="14" font-size="16" text-anchor="middle" fill="${colours}">${sign}</text></svg>`;
  let icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  if (icon === null) {
    icon = document.createElement("link");
    icon.rel = "icon";
    document.head.append(icon);
  }
  icon.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
}

function choices<T extends string>(id: string, names: readonly T[], chosen: T, choose: (name: T) => void): void {
  const buttons = names.map((name) => {
    const button = element("button", {}, name);
    button.setAttribute("aria-pressed", String(name === chosen));
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      choose(name);
    });
    return button;
  });
  byId(id).replaceChildren(...buttons);
}

function keep(name: string, value: string): void {
  address.searchParams.set(name, value);
  history.replaceState(null, "", address);
}
