// The parts of the view. Each function turns a status into lines of spans of the requested width.
import { budget, count, duration, flow, percent } from "../../core/figures.ts";
import type { LogLine } from "../../ops/events/feed.ts";
import { shedOf } from "../../ops/rates.ts";
import type { StatusDocument } from "../../ops/status.ts";
import { type Verdict, severityOf } from "../../ops/verdict.ts";
import type { Glyphs } from "../terminal/glyphs.ts";
import { bar, columnOf, sparkline } from "./bars.ts";
import { type Line, type Span, fit, span, widthOf } from "./spans.ts";
import type { InputRow, TopState } from "./state.ts";

export function verdictLines({ severity, word, says, policy, why, next, todo }: Verdict): Line[] {
  const about = policy === undefined || policy === "default" ? "" : `${policy}: `;
  const lines: Line[] = [[span(" "), span(` ${word} `, severity), span(`  ${about}${says}`, "strong")]];
  if (why !== undefined) lines.push([span("  why   ", "dim"), span(why)]);
  if (next !== undefined) lines.push([span("  next  ", "dim"), span(next)]);
  if (todo !== undefined) lines.push([span("  do    ", "dim"), span(todo)]);
  return lines;
}

/** A bar for each ladder, the worst first. Below the first bar, the labels of its rungs. */
export function ladderLines({ policies }: StatusDocument, width: number, glyphs: Glyphs): Line[] {
  const all = Object.entries(policies).toSorted(([, a], [, b]) => b.rung - a.rung || b.utilization - a.utilization);
  const names = Math.min(14, Math.max(8, ...all.map(([name]) => name.length)));
  const room = Math.max(10, width - names - 10);
  return all.flatMap(([name, { utilization, action, rungs }], i) => {
    const marks = rungs.map(({ enter }) => enter);
    const style = severityOf(action);
    const head = ` ${name.slice(0, names).padEnd(names)} ${percent(utilization).padStart(5)}  `;
    const line: Line = [span(head), span(bar(utilization, marks, room, glyphs), style)];
    return i === 0 && rungs.length > 0
      ? [line, [span(" ".repeat(head.length)), span(markLine(rungs, room), "dim")]]
      : [line];
  });
}

/** The labels of the rungs, each ending below its mark; a label is shortened if there is no room. */
function markLine(rungs: readonly { readonly action: string; readonly enter: number }[], width: number): string {
  let text = "";
  for (const { action, enter } of rungs) {
    const end = columnOf(enter, width) + 1;
    const room = end - text.length;
    const full = `${action} ${Math.round(enter * 100)}^`;
    const short = `${Math.round(enter * 100)}^`;
    const label = full.length < room ? full : short.length < room ? short : "^";
    text = text.padEnd(Math.max(0, end - label.length)) + label;
  }
  return text;
}

export function flowLine({ rates }: TopState): Line {
  const unknown = "-";
  const bytes = (value: number | undefined): string => (value === undefined ? unknown : `${flow(value)}/s`);
  const records = (value: number | undefined): string => (value === undefined ? "" : ` ${thousands(value)}/s`);
  const ratio = rates === undefined || rates.out === 0 ? unknown : (rates.in / rates.out).toFixed(1);
  return [
    span(" in ", "dim"),
    span(`${bytes(rates?.in)}${records(rates?.recordsIn)}`, "strong"),
    span("   kept ", "dim"),
    span(bytes(rates?.kept), "strong"),
    span("   out ", "dim"),
    span(`${bytes(rates?.out)}${records(rates?.recordsOut)}`, "strong"),
    span("   in/out ", "dim"),
    span(ratio, "strong"),
  ];
}

/** 58,234 -> "58.2k". */
export function thousands(value: number): string {
  if (value < 10_000) return count(value);
  return value < 999_950 ? `${(value / 1000).toFixed(1)}k` : `${(value / 1e6).toFixed(1)}M`;
}

export function resourceLine({ buffer, process }: StatusDocument, cpu: number | undefined): Line {
  const disk = buffer.disk.max === 0 ? "off" : share(buffer.disk.bytes, buffer.disk.max);
  const parts: readonly (readonly [string, string])[] = [
    [" memory ", share(buffer.memory.bytes, buffer.memory.max)],
    ["   disk ", disk],
    ["   oldest ", duration(buffer.oldest_seconds * 1000)],
    ["   rss ", budget(process.resident_bytes)],
    ["   cpu ", cpu === undefined ? "-" : percent(cpu)],
  ];
  return parts.flatMap(([name, value]) => [span(name, "dim"), span(value)]);
}

function share(bytes: number, max: number): string {
  const mib = (n: number): string => String(Math.round(n / 2 ** 20));
  return `${mib(bytes)}/${mib(max)} MiB`;
}

export function ledgerLines({ ledger }: StatusDocument): Line[] {
  const dropped = shedOf({ sampled: { records: 0, bytes: 0 }, dropped: ledger.dropped });
  const { balance } = ledger;
  const row = (
    name: string,
    { records, bytes }: { records: number; bytes: number },
    style: Span["style"] = "plain",
  ): Line => [span(` ${name.padEnd(14)}${count(records).padStart(13)} ${flow(bytes).padStart(9)}`, style)];
  return [
    [span(` ${"LEDGER".padEnd(14)}${"records".padStart(13)} ${"bytes".padStart(9)}`, "dim")],
    row("read", ledger.read),
    row("= delivered", ledger.delivered),
    row("+ duplicates", ledger.duplicates),
    row("+ sampled out", ledger.sampled, ledger.sampled.records > 0 ? "sample" : "plain"),
    row("+ dropped", dropped, dropped.records > 0 ? "drop" : "plain"),
    row("+ dead letters", ledger.dead_lettered),
    row("+ buffered", ledger.buffered),
    row("balance", balance, balance.records === 0 && balance.bytes === 0 ? "plain" : "fault"),
  ];
}

export function inputLines(rows: readonly InputRow[], most: number, width: number): Line[] {
  const name = Math.max(8, width - 31);
  const head = `${"INPUT".padEnd(name)}${"files".padStart(6)}${"read/s".padStart(9)}${"lag".padStart(9)}${"late".padStart(7)}`;
  // If not all rows fit, the last line says how many are hidden.
  const shown = rows.length > most ? Math.max(0, most - 1) : most;
  const lines = rows.slice(0, shown).map(({ id, input, rate }): Line => {
    const late = input.lag_seconds === 0 ? "0 s" : duration(input.lag_seconds * 1000);
    const numbers = [
      thousands(input.files).padStart(6),
      (rate === undefined ? "-" : flow(rate)).padStart(9),
      flow(input.lag_bytes).padStart(9),
      late.padStart(7),
    ];
    const text = `${id.slice(0, name - 1).padEnd(name)}${numbers.join("")}`;
    return [span(text, input.at_risk_bytes > 0 ? "block" : "plain")];
  });
  const hidden = rows.length - lines.length;
  const more: Line[] = hidden > 0 && most > 0 ? [[span(`and ${hidden} more`, "dim")]] : [];
  return [[span(head, "dim")], ...lines, ...more];
}

export function outputLines({ output }: StatusDocument): Line[] {
  const { latency_seconds: latency, concurrency, items, last_error: error } = output;
  const time = (seconds: number | null): string => (seconds === null ? "-" : duration(seconds * 1000));
  const answered = Object.values(items).reduce((sum, n) => sum + n, 0);
  const again = answered === 0 ? "0 %" : percent(items.retry / answered);
  const stuck = Object.values(output.targets).filter((target) => target.stuck).length;
  return [
    [span("OUTPUT ", "dim"), span(output.server ?? "server not known yet", output.up ? "plain" : "fault")],
    [span(`in flight ${concurrency.in_flight}/${concurrency.limit}, ${output.retrying} retrying, again ${again}`)],
    [span(`p50 ${time(latency.p50)}  p99 ${time(latency.p99)}  circuit ${output.circuit}`)],
    [
      span(
        stuck > 0 ? `${stuck} of ${Object.keys(output.targets).length} indices take nothing` : (error ?? "no error"),
      ),
    ],
  ];
}

export function eventLines(lines: readonly LogLine[], most: number): Line[] {
  const newest = lines.slice(Math.max(0, lines.length - most)).toReversed();
  return newest.map(({ at, level, message }) => [
    span(` ${new Date(at).toTimeString().slice(0, 8)} `, "dim"),
    span(`${level.padEnd(5)} `, level === "error" ? "fault" : level === "warn" ? "strong" : "dim"),
    span(message),
  ]);
}

/** All events, with long messages wrapped instead of cut. */
export function wholeEvents(lines: readonly LogLine[], width: number): Line[] {
  return eventLines(lines, lines.length).flatMap((line) => {
    const [time, level, message] = line as [Span, Span, Span];
    const room = Math.max(20, width - widthOf([time, level]));
    const pieces = message.text.match(new RegExp(`.{1,${room}}(?= |$)|.{1,${room}}`, "g")) ?? [""];
    const indent = span(" ".repeat(widthOf([time, level])));
    return pieces.map((piece, i): Line => (i === 0 ? [time, level, span(piece)] : [indent, span(piece.trimStart())]));
  });
}

export function lossLines({ ledger, inputs }: StatusDocument): Line[] {
  const all = Object.entries({ sampled: ledger.sampled, ...ledger.dropped, "dead letters": ledger.dead_lettered });
  const rows = all.map(([why, { records, bytes }]): Line => {
    return [
      span(
        ` ${why.padEnd(16)}${count(records).padStart(16)}${flow(bytes).padStart(12)}`,
        records > 0 ? "strong" : "plain",
      ),
    ];
  });
  const unread = { skipped: 0, deleted: 0, truncated: 0, abandoned: 0 };
  for (const input of Object.values(inputs)) {
    for (const reason of ["skipped", "deleted", "truncated", "abandoned"] as const)
      unread[reason] += input.unread[reason];
  }
  const gone = Object.entries(unread).map(([why, bytes]): Line => [
    span(` ${why.padEnd(16)}${"".padStart(16)}${flow(bytes).padStart(12)}`),
  ]);
  return [
    [span(` ${"LOST OR REFUSED".padEnd(16)}${"records".padStart(16)}${"bytes".padStart(12)}`, "dim")],
    ...rows,
    [],
    [span(` ${"NEVER READ".padEnd(16)}${"".padStart(16)}${"bytes".padStart(12)}`, "dim")],
    ...gone,
    [],
    [span(" each with its file and its bytes: spillway losses list, spillway dead-letters list", "dim")],
  ];
}

export const HELP: readonly Line[] = [
  "q       quit, and print the last screen",
  "space   pause, and continue",
  "s       sort inputs by lag, rate, bytes at risk or name",
  "/       show inputs whose id contains what you type; Esc shows all",
  "e       the last lines of the agent's log",
  "l       what was lost or refused, by reason",
  "?       this",
  "",
  "The bar of a ladder has a mark where each rung is entered. `at risk`, in yellow, are unread bytes of",
  "files without a name: they are gone if the agent stops now. The same in a browser: the address at the top.",
].map((text) => [span(` ${text}`)]);

/** Sparklines of the last minutes, for wide terminals. */
export function graphLines(rows: TopState["rows"], width: number, glyphs: Glyphs): Line[] {
  const column = (n: number): (number | null)[] => rows.map((row) => row[n] ?? null);
  const flows = [column(1), column(3)] as const;
  const most = Math.max(1, ...flows.flat().map((value) => value ?? 0));
  const graph = (name: string, values: readonly (number | null)[], max: number, style: Span["style"]): Line =>
    fit([span(` ${name.padEnd(9)}`, "dim"), span(sparkline(values, max, width - 10, glyphs), style)], width);
  return [
    graph("level", column(8), 1, "block"),
    graph("in", flows[0], most, "accept"),
    graph("out", flows[1], most, "accept"),
  ];
}
