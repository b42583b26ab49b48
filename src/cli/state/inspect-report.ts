// Formats the output of `spillway inspect`: the verdict first, then the details. The JSON document uses the field names of
// /status.
import type { Inspection } from "../../buffer/inspect/inspect.ts";
import type { InputBooks, Violation } from "../../buffer/inspect/violations.ts";
import { REPLAY } from "../../buffer/ledger/sent-again.ts";
import { DROP_REASONS } from "../../core/fate.ts";
import type { Count } from "../../core/fate.ts";
import { count, duration, flow } from "../../core/figures.ts";
import { type LedgerStatus, ledgerStatus, sumLedgers } from "../../ops/ledger-status.ts";
import { printable } from "../../core/printable.ts";
import type { SourceFile } from "./source-files.ts";
import { table } from "../terminal/table.ts";
import { version } from "../version.ts";

export interface InspectFacts {
  readonly directory: string;
  readonly found: Inspection;
  readonly files: readonly SourceFile[];
  /** Bytes of the database file and its WAL. */
  readonly size: number;
  /** Wall clock. */
  readonly nowMs: number;
}

/** The text lists only this many sources, those with the most lag; --json lists all. */
const MOST_SOURCES = 40;

export function inspectDocument({ directory, found, files, size, nowMs }: InspectFacts): unknown {
  const { rows, inputs, losses, deadLetters, violations } = found;
  return {
    version,
    path: directory,
    sound: violations.length === 0,
    violations,
    buffer: {
      disk: { bytes: size },
      oldest_seconds: ageMs(found, nowMs) / 1000,
      chunks: rows.chunks,
      records: rows.records,
      bytes: rows.bytes,
      stored_bytes: rows.stored,
      first_read_at: iso(rows.oldestMs),
      last_read_at: iso(rows.newestMs),
    },
    ledger: ledgerStatus(total(inputs)),
    inputs: Object.fromEntries(inputs.map((one) => [one.input, inputDocument(one, files)])),
    sources: files.map(sourceDocument),
    losses,
    dead_letters: deadLetters,
  };
}

function inputDocument(books: InputBooks, files: readonly SourceFile[]): unknown {
  const own = files.filter(({ source }) => source.input === books.input);
  return {
    files: own.length,
    lag_bytes: own.reduce((sum, { now }) => sum + (now.state === "there" ? now.lag : 0), 0),
    retired_bytes: books.retired,
    ledger: ledgerStatus(ledgerOf(books)),
  };
}

function sourceDocument({ source, now }: SourceFile): unknown {
  const { id, input, identity, origin, checkpoint } = source;
  const there = now.state === "there" ? now : undefined;
  return {
    id,
    input,
    path: identity.path,
    path_now: there?.path ?? null,
    file: now.state,
    origin,
    offset: checkpoint,
    size_bytes: there?.size ?? null,
    lag_bytes: there?.lag ?? null,
  };
}

export function inspectLines(facts: InspectFacts): readonly string[] {
  const { directory, found, files, size } = facts;
  const ledger = ledgerStatus(total(found.inputs));
  return [
    `${directory}: ${verdict(found, ledger, facts.nowMs)}`,
    ...found.violations.map(violationLine),
    "This is what is durable; a running agent knows also what it has not committed yet.",
    "",
    ...bufferLines(found, size),
    "",
    ...ledgerLines(ledger),
    "",
    ...inputLines(found.inputs),
    "",
    ...sourceLines(files),
  ];
}

function violationLine({ rule, input, message }: Violation): string {
  return `  BROKEN ${rule}, input ${printable(input)}: ${printable(message)}`;
}

function verdict(found: Inspection, ledger: LedgerStatus, nowMs: number): string {
  const { records, bytes } = found.rows;
  const waits = `${plural(records, "record")} (${flow(bytes)}) buffered, the oldest for ${duration(ageMs(found, nowMs))}`;
  const parts = [
    records === 0 ? "nothing buffered" : waits,
    lostText(ledger),
    ...refusedText(found, ledger),
    found.violations.length === 0 ? "the ledger balances" : "BROKEN",
  ];
  return parts.join("; ");
}

/** A replay changes no earlier count: what it has sent counts as read and delivered by an input of its own. */
function refusedText({ inputs }: Inspection, ledger: LedgerStatus): string[] {
  const refused = ledger.dead_lettered.records;
  const replayed = inputs.find(({ input }) => input === REPLAY)?.account.read.records ?? 0;
  const since = replayed > 0 ? `, ${count(replayed)} of them replayed since` : "";
  return refused > 0 ? [`${plural(refused, "document")} refused by the server${since}`] : [];
}

/** Summarizes the losses. Filtered records are not counted, because nobody wanted them. */
function lostText({ sampled, dropped }: LedgerStatus): string {
  const lost: readonly (readonly [string, Count])[] = [
    ["sampled out", sampled],
    ...DROP_REASONS.filter((reason) => reason !== "filtered").map((r) => [`dropped (${r})`, dropped[r]] as const),
  ];
  const some = lost.filter(([, { records, bytes }]) => records > 0 || bytes > 0);
  return some.length === 0
    ? "nothing was lost"
    : some.map(([what, n]) => `${count(n.records)} ${what} (${flow(n.bytes)})`).join(", ");
}

function bufferLines({ rows }: Inspection, size: number): string[] {
  const database = `Database: ${flow(size)} with its WAL`;
  if (rows.chunks === 0) return [database];
  const span = `read from ${iso(rows.oldestMs)} to ${iso(rows.newestMs)}`;
  const stored = `${flow(rows.bytes)} of log stored in ${flow(rows.stored)}`;
  return [database, `Buffered: ${plural(rows.chunks, "chunk")}, ${plural(rows.records, "record")}, ${stored}, ${span}`];
}

/** The rare fates are listed only if their count is not zero. */
function ledgerLines(ledger: LedgerStatus): string[] {
  const rare: readonly (readonly [string, Count])[] = [
    ["duplicates", ledger.duplicates],
    ["sampled", ledger.sampled],
    ...DROP_REASONS.map((reason) => [`dropped.${reason}`, ledger.dropped[reason]] as const),
    ["dead_lettered", ledger.dead_lettered],
  ];
  const lines: readonly (readonly [string, Count])[] = [
    ["read", ledger.read],
    ["delivered", ledger.delivered],
    ...rare.filter(([, { records, bytes }]) => records > 0 || bytes > 0),
    ["buffered", ledger.buffered],
    ["balance", ledger.balance],
  ];
  return table(
    [["LEDGER", "records", "bytes"], ...lines.map(([name, n]) => [name, count(n.records), count(n.bytes)])],
    "<>>",
  );
}

function inputLines(inputs: readonly InputBooks[]): string[] {
  const rows = inputs.map((books) => {
    const { read, delivered, duplicates, dead_lettered: dead, buffered, balance } = ledgerStatus(ledgerOf(books));
    const left =
      read.records - delivered.records - duplicates.records - dead.records - buffered.records - balance.records;
    const figures = [read.records, delivered.records + duplicates.records, left, dead.records, buffered.records];
    return [printable(books.input), ...[...figures, balance.records].map(count)];
  });
  return table(
    [["INPUT, records", "read", "stored", "left out", "refused", "buffered", "balance"], ...rows],
    "<>>>>>>",
  );
}

function sourceLines(files: readonly SourceFile[]): string[] {
  const lagOf = ({ now }: SourceFile): number => (now.state === "there" ? now.lag : -1);
  const shown = files.toSorted((a, b) => lagOf(b) - lagOf(a)).slice(0, MOST_SOURCES);
  const rows = shown.map(({ source, now }) => {
    const { input, identity, checkpoint } = source;
    const there = now.state === "there";
    const moved = there && now.path !== identity.path ? `, now ${now.path}` : "";
    const [size, lag] = there ? [count(now.size), count(now.lag)] : [now.state, "-"];
    return [printable(input), count(checkpoint), size, lag, printable(`${identity.path}${moved}`)];
  });
  const rest = files.length - shown.length;
  const more = rest > 0 ? [`and ${plural(rest, "source")} more, less behind: --json shows all`] : [];
  return [...table([["SOURCE, bytes", "offset", "size", "lag", "path"], ...rows], "<>>><"), ...more];
}

function ledgerOf({ account, buffered }: InputBooks): Parameters<typeof ledgerStatus>[0] {
  return { read: account.read, fates: account.fates, buffered };
}

function total(inputs: readonly InputBooks[]): Parameters<typeof ledgerStatus>[0] {
  return sumLedgers(inputs.map(ledgerOf));
}

function ageMs({ rows }: Inspection, nowMs: number): number {
  return rows.oldestMs === undefined ? 0 : Math.max(0, nowMs - rows.oldestMs);
}

function iso(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function plural(n: number, word: string): string {
  return `${count(n)} ${word}${n === 1 ? "" : "s"}`;
}
