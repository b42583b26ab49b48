// The agent's own log: one line an event, repeats folded. The only file that knows pino, which turns the fields into
// JSON. Three forms: JSON for machines, JSON behind a priority for journald, aligned words for a person at a terminal.
// What must hold: a log call never blocks, never throws and never costs unbounded memory.
import { fstatSync } from "node:fs";
import { isatty } from "node:tty";
import { pino } from "pino";
import type { Clock, Timer } from "../core/clock.ts";
import { count } from "../core/figures.ts";
import type { Log } from "../core/log.ts";
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
}

export interface AgentLog extends Log {
  /** Takes effect with the next line: a reload may change it. */
  setLevel(level: LogLevel): void;
  /** Lines lost because nobody read them. */
  readonly dropped: number;
  /** Writes out what is pending, summaries of folded repeats included; gives up after `ms`. */
  flush(ms: number): Promise<void>;
  /** The same from a crash or just before process.exit; the log is closed afterwards. */
  flushSync(): void;
}

const RANK = { debug: 0, info: 1, warn: 2, error: 3 } as const;
/** syslog priorities, which journald takes from the start of a line. */
const PRIORITY = { debug: 7, info: 6, warn: 4, error: 3 } as const;
const FOLD_LIMIT = 10;
const FOLD_WINDOW_MS = 60_000;

export function createLog(options: LogOptions): AgentLog {
  const { clock } = options;
  const sink = new LogSink(options.destination, clock);
  const put = writer(options.form, sink, clock);
  const fold = new Fold(FOLD_LIMIT, FOLD_WINDOW_MS);
  let level = options.level;
  let timer: Timer | undefined;

  function summarize(now: number): void {
    for (const folded of fold.ended(now)) {
      const often = `${count(folded.count)} more times within ${FOLD_WINDOW_MS / 1000} s`;
      const fields = { of: folded.event, count: folded.count };
      put("warn", "suppressed", `${folded.event} repeated ${often} (last: ${folded.last})`, fields);
    }
  }

  function say(at: LogLevel, event: string, message: string, fields?: Readonly<Record<string, unknown>>): void {
    if (RANK[at] < RANK[level]) return;
    const now = clock.now();
    summarize(now);
    if (fold.admit(event, message, now) === "pass") return put(at, event, message, fields);
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
      sink.write(`${time} ${level.padEnd(5)} ${event.padEnd(14)} ${message}\n`);
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

/** Which form suits this descriptor. */
export function logForm(fd: number, env: NodeJS.ProcessEnv): LogForm {
  if (isatty(fd)) return "human";
  const stat = fstatSync(fd);
  // journald names the stream it reads; the variable is inherited also by children whose output goes elsewhere.
  return env["JOURNAL_STREAM"] === `${stat.dev}:${stat.ino}` ? "journal" : "json";
}
