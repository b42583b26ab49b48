// The agent's own log: one line per event, repeats folded. The only file that imports pino, which serializes the fields as JSON.
// Three forms: JSON for machines, JSON with a priority prefix for journald, aligned text for a terminal. Invariant: a log call
// never blocks, never throws and never uses unbounded memory.
import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { pino } from "pino";
import type { Clock, Timer } from "../core/clock.ts";
import { count } from "../core/figures.ts";
import type { Log } from "../core/log.ts";
import { printable } from "../core/printable.ts";
import { Fold } from "./fold.ts";
import { LogSink } from "./log-sink.ts";

export type LogForm = "json" | "journal" | "human";
export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogOptions {
  readonly level: LogLevel;
  readonly clock: Clock;
  /** File descriptor. */
  readonly destination: number;
  readonly form: LogForm;
  /** Called for every line that is written. */
  readonly heard?: (line: { readonly level: LogLevel; readonly event: string; readonly message: string }) => void;
}

export interface AgentLog extends Log {
  /** Takes effect with the next line; a reload may change the level. */
  setLevel(level: LogLevel): void;
  /** Lines lost because their reader was too slow or gone. */
  readonly dropped: number;
  /** Writes everything pending, including the summaries of folded repeats; gives up after `ms`. */
  flush(ms: number): Promise<void>;
  /** The same for a crash or just before process.exit. Closes the log. */
  flushSync(): void;
}

const RANK = { debug: 0, info: 1, warn: 2, error: 3 } as const;
/** syslog priorities, which journald reads at the start of a line. */
const PRIORITY = { debug: 7, info: 6, warn: 4, error: 3 } as const;
const FOLD_LIMIT = 10;
const FOLD_WINDOW_MS = 60_000;

export function createLog(options: LogOptions): AgentLog {
  const { clock } = options;
  const sink = new LogSink(options.destination, clock);
  const write = writer(options.form, sink, clock);
  const put: Put = (at, event, message, fields) => {
    write(at, event, message, fields);
    options.heard?.({ level: at, event, message });
  };
  const fold = new Fold(FOLD_LIMIT, FOLD_WINDOW_MS);
  let level = options.level;
  let timer: Timer | undefined;

  function summarize(now: number): void {
    for (const folded of fold.ended(now)) {
      const often = `${count(folded.count)} more times within ${FOLD_WINDOW_MS / 1000} s`;
      const fields = { of: folded.event, count: folded.count };
      const about = folded.subjects.length > 0 ? `, about ${folded.subjects.join(", ")}` : "";
      put("warn", "suppressed", `${folded.event} repeated ${often}${about} (last: ${folded.last})`, fields);
    }
  }

  function say(at: LogLevel, event: string, message: string, fields?: Readonly<Record<string, unknown>>): void {
    if (RANK[at] < RANK[level]) return;
    const now = clock.now();
    summarize(now);
    // With many indices, each that takes nothing is named, in lines of its own or together.
    const { target } = fields ?? {};
    const subject = typeof target === "string" ? target : undefined;
    if (fold.admit(event, message, now, subject) === "pass") return put(at, event, message, fields);
    timer ??= clock.after(FOLD_WINDOW_MS, () => {
      timer = undefined;
      summarize(clock.now());
    });
  }

  return {
    debug: (event, message, fields) => say("debug", event, message, fields),
    info: (event, message, fields) => say("info", event, message, fields),
    warn: (event, message, fields) => say("warn", event, message, fields),
    error: (event, message, fields) => say("error", event, message, fields),
    setLevel(next) {
      level = next;
    },
    get dropped() {
      return sink.dropped;
    },
    flush(ms) {
      summarize(Infinity);
      return sink.flush(ms);
    },
    flushSync() {
      summarize(Infinity);
      sink.flushSync();
    },
  };
}

type Put = (level: LogLevel, event: string, message: string, fields?: Readonly<Record<string, unknown>>) => void;

function writer(form: LogForm, sink: LogSink, clock: Clock): Put {
  if (form === "human") {
    return (level, event, message) => {
      const time = new Date(clock.wall()).toTimeString().slice(0, 8);
      sink.write(`${time} ${level.padEnd(5)} ${event.padEnd(14)} ${printable(message)}\n`);
    };
  }
  let prefix = "";
  const logger = pino(
    {
      level: "debug",
      base: null,
      timestamp: () => `,"time":"${new Date(clock.wall()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => sink.write(prefix + line) },
  );
  return (level, event, message, fields) => {
    if (form === "journal") prefix = `<${PRIORITY[level]}>`;
    logger[level]({ event, ...fields }, message);
  };
}

/** The form that fits this descriptor. */
export function logForm(fd: number, env: NodeJS.ProcessEnv): LogForm {
  if (isatty(fd)) return "human";
  const stat = fstatSync(fd);
  // JOURNAL_STREAM names the stream that journald reads; child processes with another output inherit it too.
  return env["JOURNAL_STREAM"] === `${stat.dev}:${stat.ino}` ? "journal" : "json";
}
