// The page's connection to the agent: server-sent events, a snapshot first. A lost connection is shown (stale), and retried here
// with growing pauses, because EventSource gives up for good on any response but 200. A hidden tab closes its connection, because
// a browser has only six connections per host.
import type { LogLine, Snapshot, Tick } from "../ops/events/feed.ts";

export interface StreamHooks {
  snapshot(snapshot: Snapshot): void;
  tick(tick: Tick): void;
  line(line: LogLine): void;
  /** live: an event came within the last three seconds. stopped: the agent has announced its end. */
  state(state: "live" | "stale" | "stopped", sinceMs: number): void;
}

const STALE_MS = 3000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

export class Stream {
  private readonly hooks: StreamHooks;
  private source: EventSource | undefined;
  private heardAt = Date.now();
  private pauseMs = FIRST_PAUSE_MS;
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(hooks: StreamHooks) {
    this.hooks = hooks;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()));
    setInterval(() => this.look(), 1000);
    if (!document.hidden) this.open();
  }

  private open(): void {
    this.close();
    const source = new EventSource("/events");
    this.source = source;
    const on = (name: string, handle: (data: string) => void): void => {
      source.addEventListener(name, (event) => {
        this.heardAt = Date.now();
        this.pauseMs = FIRST_PAUSE_MS;
        this.hooks.state("live", 0);
        handle((event as MessageEvent<string>).data);
      });
    };
    on("snapshot", (data) => this.hooks.snapshot(JSON.parse(data) as Snapshot));
    on("tick", (data) => this.hooks.tick(JSON.parse(data) as Tick));
    on("line", (data) => this.hooks.line(JSON.parse(data) as LogLine));
    source.addEventListener("bye", () => this.hooks.state("stopped", 0));
    source.addEventListener("error", () => this.again());
  }

  private close(): void {
    clearTimeout(this.retry);
    this.source?.close();
    this.source = undefined;
  }

  private again(): void {
    this.close();
    // Randomized, so that the pages of a whole team do not reconnect at the same moment.
    this.retry = setTimeout(() => this.open(), this.pauseMs * (0.5 + Math.random()));
    this.pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * this.pauseMs);
  }

  private look(): void {
    const since = Date.now() - this.heardAt;
    if (since > STALE_MS && !document.hidden) this.hooks.state("stale", since);
  }
}
