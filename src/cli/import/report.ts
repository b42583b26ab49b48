// Formats the output of `import`: what was taken over, what was left out and why, which files have no entry, and a summary.
import { count, flow } from "../../core/figures.ts";
import type { KnownSource } from "../../core/source.ts";
import { printable } from "../../core/printable.ts";
import { table } from "../terminal/table.ts";
import { version } from "../version.ts";
import type { Fault, Left, Reading } from "./entry.ts";
import type { Fresh, Plan, Taken } from "./plan.ts";

export interface ImportFacts {
  /** Name of the other agent. */
  readonly agent: string;
  readonly reading: Reading;
  readonly plan: Plan;
  /** The state directory. */
  readonly directory: string;
  readonly mode: "written" | "dry run";
}

/** The text has at most this many rows per table; --json lists all. */
const MOST_ROWS = 40;
const MOST_GONE = 5;
const MOST_WARNINGS = 10;

export function importDocument({ agent, reading, plan, directory, mode }: ImportFacts): unknown {
  return {
    version,
    agent,
    from: reading.files,
    path: directory,
    dry_run: mode === "dry run",
    taken: plan.taken.map(takenDocument),
    left: plan.left.map(({ name, path, offset, reason, message }) => {
      return { entry: name, path: path ?? null, offset: offset ?? null, reason, message };
    }),
    new: plan.fresh.map(({ input, path, size, begins }) => ({ input, path, size_bytes: size, begins })),
    unreadable: plan.unreadable,
    faults: reading.faults.map(({ file, line, message }) => ({ file, line: line ?? null, message })),
  };
}

function takenDocument({ entry, source, path, size, how }: Taken): unknown {
  return {
    entry: entry.name,
    input: source.input,
    source: source.id,
    path: source.identity.path,
    path_now: path,
    how,
    entry_offset: entry.offset,
    offset: source.checkpoint,
    size_bytes: size,
    lag_bytes: lagOf(size, source),
  };
}

export function importLines({ agent, reading, plan, mode }: ImportFacts): readonly string[] {
  const { taken, left, fresh } = plan;
  const entries = plural(reading.entries.length + reading.left.length, "entry", "entries");
  return [
    `${agent}: ${entries} in ${printable(reading.files.join(", "))}`,
    ...section("TAKEN OVER, bytes", ["offset", "size", "left", "path"], takenRows(taken), "<>>><", taken.length),
    ...section("LEFT OUT", ["offset", "path or entry, and why"], leftRows(left), "<><", left.length),
    ...section("WITHOUT ENTRY", ["size", "begins", "path"], freshRows(fresh), "<><<", fresh.length),
    "",
    summary(plan, mode),
  ];
}

type Rows = readonly (readonly string[])[];

function section(title: string, heads: readonly string[], rows: Rows, align: string, all: number): readonly string[] {
  if (all === 0) return [];
  const more = all > rows.length ? [`and ${count(all - rows.length)} more: --json shows all`] : [];
  return ["", ...table([[title, ...heads], ...rows], align), ...more];
}

/** Sorted by lag, largest first. */
function takenRows(taken: readonly Taken[]): Rows {
  const sorted = taken.toSorted((a, b) => lagOf(b.size, b.source) - lagOf(a.size, a.source));
  return sorted.slice(0, MOST_ROWS).map(({ entry, source, path, size, how }) => {
    const back = entry.offset - source.checkpoint;
    const notes = [
      path === source.identity.path ? "" : `, now ${path}`,
      how === "kept" ? ", was here before and stays" : "",
      how === "moved" ? ", was here before, unread" : "",
      how !== "kept" && back > 0 ? `, ${count(back)} back to the start of its line` : "",
    ];
    const figures = [source.checkpoint, size, lagOf(size, source)].map(count);
    return [printable(source.input), ...figures, printable(`${source.identity.path}${notes.join("")}`)];
  });
}

/** Registries contain many entries for files that are gone, so only a few of them are listed. */
function leftRows(left: readonly Left[]): Rows {
  const [gone, others] = [left.filter(isGone), left.filter((one) => !isGone(one))];
  const sorted = [...others, ...gone.slice(0, MOST_GONE)];
  return sorted.slice(0, MOST_ROWS).map(({ name, path, offset, reason, message }) => {
    return [reason, offset === undefined ? "-" : count(offset), printable(`${path ?? name}: ${message}`)];
  });
}

function isGone({ reason }: Left): boolean {
  return reason === "gone";
}

const BEGINS = { beginning: "at its start", end: "at its end", never: "never: ignore_older" } as const;

function freshRows(fresh: readonly Fresh[]): Rows {
  const sorted = fresh.toSorted((a, b) => b.size - a.size);
  return sorted.slice(0, MOST_ROWS).map(({ input, path, size, begins }) => {
    return [printable(input), count(size), BEGINS[begins], printable(path)];
  });
}

function summary({ taken, left, fresh }: Plan, mode: ImportFacts["mode"]): string {
  const lag = taken.reduce((sum, { size, source }) => sum + lagOf(size, source), 0);
  const anew = fresh.filter(({ begins }) => begins === "beginning");
  const bytes = anew.reduce((sum, { size }) => sum + size, 0);
  const kept = taken.filter(({ how }) => how === "kept").length;
  const parts = [
    `${plural(taken.length, "file")} ${mode === "written" ? "taken over" : "would be taken over"}, ${flow(lag)} of them left to read`,
    ...(kept > 0 ? [`${count(kept)} of them were here before`] : []),
    ...(left.length > 0 ? [`${plural(left.length, "entry", "entries")} left out (${reasons(left)})`] : []),
    ...(anew.length > 0
      ? [
          `${plural(anew.length, "file")} without an entry begin${anew.length === 1 ? "s" : ""} at the start, ${flow(bytes)}`,
        ]
      : []),
  ];
  return parts.join("; ");
}

function reasons(left: readonly Left[]): string {
  const groups = [...Map.groupBy(left, ({ reason }) => reason)].map(
    ([reason, list]) => `${count(list.length)} ${reason}`,
  );
  return groups.join(", ");
}

/** The parts of the other agent's state and the directories that could not be read. */
export function warningLines({ faults }: Pick<Reading, "faults">, { unreadable }: Pick<Plan, "unreadable">): string[] {
  const lines = [
    ...faults.map(faultLine),
    ...unreadable.map((path) => `cannot look into ${path}: nothing there is taken over or listed`),
  ];
  const more = lines.length - MOST_WARNINGS;
  return [
    ...lines.slice(0, MOST_WARNINGS).map(printable),
    ...(more > 0 ? [`and ${count(more)} more: --json shows all`] : []),
  ];
}

function faultLine({ file, line, message }: Fault): string {
  return `${file}${line === undefined ? "" : `:${line}`} ${message}; the rest was read`;
}

function lagOf(size: number, source: KnownSource): number {
  return Math.max(0, size - source.checkpoint);
}

function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
