// The state of `spillway top`: the last status and when it arrived, and the settings that the user chose by keys. Pure: the
// caller passes the time in.
import type { LogLine, Snapshot, Tick } from "../../ops/events/feed.ts";
import type { Row } from "../../ops/events/history.ts";
import { RETIRED } from "../../ops/facts.ts";
import { type Rates, type Totals, rates, totals } from "../../ops/rates.ts";
import type { InputStatus, StatusDocument } from "../../ops/status.ts";

export const SORTS = ["lag", "rate", "at risk", "name"] as const;
export type Sort = (typeof SORTS)[number];
export type Page = "main" | "events" | "losses" | "help";

/** Limits on the log lines and history rows that are kept. */
const LINES = 200;
const ROWS = 900;

export interface InputRow {
  readonly id: string;
  readonly input: InputStatus;
  /** Bytes per second; undefined until two statuses have arrived. */
  readonly rate: number | undefined;
}

export class TopState {
  status: StatusDocument | undefined;
  rates: Rates | undefined;
  /** CPU use in cores; may exceed 1. */
  cpu: number | undefined;
  lines: readonly LogLine[] = [];
  rows: readonly Row[] = [];
  /** When the last status arrived. `lost` is the reason while the connection is down. */
  heardAtMs = 0;
  lost: string | undefined;
  stopped = false;
  paused = false;
  sort: Sort = "lag";
  page: Page = "main";
  filter = "";
  /** The user is typing the filter. */
  typing = false;
  private before: { readonly status: StatusDocument; readonly totals: Totals } | undefined;
  private speeds: ReadonlyMap<string, number> = new Map();

  snapshot({ status, lines, history }: Snapshot, nowMs: number): void {
    this.before = undefined;
    this.lines = lines.slice(-LINES);
    this.rows = history.fine.slice(-ROWS);
    this.take(status, nowMs);
  }

  tick({ status, row }: Tick, nowMs: number): void {
    if (this.paused) return;
    this.rows = [...this.rows, row].slice(-ROWS);
    this.take(status, nowMs);
  }

  line(line: LogLine): void {
    this.lines = [...this.lines, line].slice(-LINES);
  }

  private take(status: StatusDocument, nowMs: number): void {
    const now = totals(status, nowMs);
    const { before } = this;
    if (before !== undefined) {
      const seconds = (nowMs - before.totals.atMs) / 1000;
      this.rates = rates(before.totals, now);
      this.cpu = (status.process.cpu_seconds_total - before.status.process.cpu_seconds_total) / seconds;
      this.speeds = speeds(before.status, status, seconds);
    }
    this.before = { status, totals: now };
    this.status = status;
    this.heardAtMs = nowMs;
    this.lost = undefined;
    this.stopped = false;
  }

  /** The inputs that match the filter, in the chosen order. */
  inputs(): readonly InputRow[] {
    const wanted = this.filter.toLowerCase();
    const rows = Object.entries(this.status?.inputs ?? {})
      .filter(([id]) => id.toLowerCase().includes(wanted))
      .map(([id, input]): InputRow => ({ id, input, rate: this.speeds.get(id) }));
    const by: Readonly<Record<Sort, (a: InputRow, b: InputRow) => number>> = {
      lag: (a, b) => b.input.lag_bytes - a.input.lag_bytes,
      rate: (a, b) => (b.rate ?? 0) - (a.rate ?? 0),
      "at risk": (a, b) => b.input.at_risk_bytes - a.input.at_risk_bytes,
      name: () => 0,
    };
    const last = ({ id }: InputRow): number => Number(id === RETIRED);
    return rows.toSorted((a, b) => last(a) - last(b) || by[this.sort](a, b) || (a.id < b.id ? -1 : 1));
  }

  /** Handles a key. @returns false if the user wants to leave */
  key(key: string): boolean {
    if (this.typing) {
      this.type(key);
      return key !== "\x03";
    }
    const page = { e: "events", l: "losses", "?": "help" }[key] as Page | undefined;
    if (key === "q" || key === "\x03") return false;
    if (page !== undefined) this.page = this.page === page ? "main" : page;
    else if (key === "\x1b") this.page = "main";
    else if (key === " ") this.paused = !this.paused;
    else if (key === "s") this.sort = SORTS[(SORTS.indexOf(this.sort) + 1) % SORTS.length] as Sort;
    else if (key === "/") [this.typing, this.filter] = [true, ""];
    return true;
  }

  private type(key: string): void {
    if (key === "\r" || key === "\n") this.typing = false;
    else if (key === "\x1b") [this.typing, this.filter] = [false, ""];
    else if (key === "\x7f" || key === "\b") this.filter = this.filter.slice(0, -1);
    else if (/^[\w.-]$/.test(key)) this.filter += key;
  }
}

function speeds(before: StatusDocument, after: StatusDocument, seconds: number): ReadonlyMap<string, number> {
  return new Map(
    Object.entries(after.inputs).map(([id, { ledger }]) => {
      const read = ledger.read.bytes - (before.inputs[id]?.ledger.read.bytes ?? ledger.read.bytes);
      return [id, Math.max(0, read) / seconds];
    }),
  );
}
