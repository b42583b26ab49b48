// Subscribes to an agent's `/events`: a snapshot, ticks and log lines. After a lost connection it reconnects with exponential
// backoff. The buffered part of an event is limited in size.
import type { ClientRequest } from "node:http";
import type { Clock } from "../../core/clock.ts";
import { describe } from "../../core/errors.ts";
import type { Listen } from "../../config/values/listen.ts";
import type { LogLine, Snapshot, Tick } from "../../ops/events/feed.ts";

const http = process.getBuiltinModule("node:http");

export interface WatchHooks {
  snapshot(snapshot: Snapshot): void;
  tick(tick: Tick): void;
  line(line: LogLine): void;
  /** The agent announced that it stops. */
  bye(): void;
  /** The connection was lost or could not be made. */
  lost(why: string): void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;
/** A tick comes every second. After this long without data, the connection is considered dead. */
const SILENCE_MS = 10_000;
const MOST_HELD = 64 * 1024 * 1024;

export class Watch {
  private readonly listen: Exclude<Listen, "off">;
  private readonly clock: Clock;
  private readonly hooks: WatchHooks;
  private readonly closing = new AbortController();
  private request: ClientRequest | undefined;

  constructor(listen: Exclude<Listen, "off">, clock: Clock, hooks: WatchHooks) {
    this.listen = listen;
    this.clock = clock;
    this.hooks = hooks;
  }

  /** Runs until `close`. */
  async run(): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!this.closing.signal.aborted) {
      const { heard, why } = await this.connect();
      if (this.closing.signal.aborted) return;
      this.hooks.lost(why);
      pauseMs = heard ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
      await this.clock.sleep(pauseMs, this.closing.signal);
    }
  }

  close(): void {
    this.closing.abort();
    this.request?.destroy();
  }

  /** Opens one connection and resolves when it ends. */
  private connect(): Promise<{ readonly heard: boolean; readonly why: string }> {
    const { listen } = this;
    const where = "socket" in listen ? { socketPath: listen.socket, host: "localhost" } : listen;
    return new Promise((resolve) => {
      let heard = false;
      const end = (why: string): void => resolve({ heard, why });
      const request = http.get({ ...where, path: "/events", agent: false, timeout: SILENCE_MS }, (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          end(`it answers ${response.statusCode} to /events`);
          request.destroy();
          return;
        }
        const parse = parser((event, data) => {
          heard = true;
          this.take(event, data);
        });
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          if (!parse(text)) request.destroy(new Error("an event is too long"));
        });
        response.on("end", () => end("the agent closed the connection"));
        response.on("error", (error) => end(describe(error)));
      });
      this.request = request;
      request.on("timeout", () => request.destroy(new Error("nothing came for ten seconds")));
      request.on("error", (error) => end(describe(error)));
      request.on("close", () => end("the connection was closed"));
    });
  }

  private take(event: string, data: string): void {
    const { hooks } = this;
    if (event === "snapshot") hooks.snapshot(JSON.parse(data) as Snapshot);
    else if (event === "tick") hooks.tick(JSON.parse(data) as Tick);
    else if (event === "line") hooks.line(JSON.parse(data) as LogLine);
    else if (event === "bye") hooks.bye();
  }
}

/** Parses server-sent events from text in pieces of any size. Returns false if an event exceeds the size limit. */
export function parser(event: (name: string, data: string) => void): (text: string) => boolean {
  let held = "";
  return (text) => {
    held += text;
    for (let end = held.indexOf("\n\n"); end >= 0; end = held.indexOf("\n\n")) {
      const fields = new Map(held.slice(0, end).split("\n").map(field));
      held = held.slice(end + 2);
      event(fields.get("event") ?? "", fields.get("data") ?? "");
    }
    return held.length <= MOST_HELD;
  };
}

function field(line: string): [name: string, value: string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
}
