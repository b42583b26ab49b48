// `/events`: pushes `/status` to all watchers once a second, with the data that the page needs for its graphs. A watcher first
// gets a snapshot, then ticks, and each line of the agent's log at once. Invariants: without watchers, the status is read only
// every five seconds; a watcher that does not read costs no memory, because events for it are skipped.
import { type Clock, inStep, type Timer } from "../../core/clock.ts";
import { totals, type Totals } from "../rates.ts";
import type { StatusDocument } from "../status.ts";
import { History, type HistoryView, type Row, rowOf } from "./history.ts";

export interface LogLine {
  /** Wall clock, milliseconds. */
  readonly at: number;
  readonly level: string;
  readonly event: string;
  readonly message: string;
}

export interface Snapshot {
  readonly status: StatusDocument;
  readonly history: HistoryView;
  /** The last lines of the log, the newest last. */
  readonly lines: readonly LogLine[];
  /** The switches to show on the page; only the demo has any. */
  readonly switches: Switches["all"];
  /** The key of the switch that was used last. */
  readonly switched: string | null;
}

export interface Switches {
  readonly all: readonly { readonly key: string; readonly label: string }[];
  used(): string | undefined;
}

export interface Tick {
  readonly status: StatusDocument;
  readonly row: Row;
  readonly switched: string | null;
}

/** A client that watches the feed. */
export interface Watcher {
  send(piece: string): void;
  /** Bytes that were sent but that the client has not taken. */
  readonly behind: number;
}

export interface FeedParts {
  readonly clock: Clock;
  status(): StatusDocument;
  readonly switches?: Switches;
}

const TICK_MS = 1000;
/** Ticks between two readings of the status while nobody watches. */
const IDLE_TICKS = 5;
const LINES = 100;

export class Feed {
  private readonly parts: FeedParts;
  private readonly history = new History();
  private readonly watchers = new Set<Watcher>();
  private readonly lines: LogLine[] = [];
  private ids = 0;
  private ticks = 0;
  private before: Totals | undefined;
  private timer: Timer | undefined;

  constructor(parts: FeedParts) {
    this.parts = parts;
  }

  start(): void {
    this.tick();
  }

  /** Announces the end, so that the pages do not reconnect at once. */
  close(): void {
    this.timer?.cancel();
    for (const watcher of this.watchers) watcher.send(this.event("bye", {}));
    this.watchers.clear();
  }

  /** Call the result to stop watching. */
  watch(watcher: Watcher): () => void {
    const { parts, history, lines } = this;
    const snapshot: Snapshot = {
      status: parts.status(),
      history: history.view(),
      lines,
      switches: parts.switches?.all ?? [],
      switched: this.switched(),
    };
    watcher.send(`retry: 2000\n${this.event("snapshot", snapshot)}`);
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  /** A line of the agent's log. */
  line(line: Omit<LogLine, "at">): void {
    const whole = { at: this.parts.clock.wall(), ...line };
    this.lines.push(whole);
    if (this.lines.length > LINES) this.lines.shift();
    this.send(this.event("line", whole));
  }

  private tick(): void {
    const { clock } = this.parts;
    this.timer = clock.after(inStep(clock, TICK_MS), () => this.tick());
    if (this.watchers.size === 0 && this.ticks++ % IDLE_TICKS !== 0) return;
    const status = this.parts.status();
    const now = totals(status, clock.wall());
    this.history.add(status, now.atMs);
    if (this.watchers.size > 0) {
      const tick: Tick = { status, row: rowOf(status, this.before, now), switched: this.switched() };
      this.send(this.event("tick", tick));
    }
    this.before = now;
  }

  private switched(): string | null {
    return this.parts.switches?.used() ?? null;
  }

  private send(piece: string): void {
    for (const watcher of this.watchers) if (watcher.behind === 0) watcher.send(piece);
  }

  private event(name: string, data: unknown): string {
    return `id: ${++this.ids}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}
