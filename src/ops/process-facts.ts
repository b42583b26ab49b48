// The facts about the process itself, for the metrics and `/status`.
import { readFileSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../core/clock.ts";
import { limitIn } from "../core/descriptor-limit.ts";
import { hasCode } from "../core/errors.ts";

export interface ProcessFacts {
  readonly host: string;
  readonly pid: number;
  readonly residentBytes: number;
  readonly cpuSeconds: number;
  readonly startSeconds: number;
  /** The worst of the last minute and of the minute before. */
  readonly loopLagP99Seconds: number;
  readonly openDescriptors: number;
  /** The limit on descriptors; Infinity if there is none. */
  readonly maxDescriptors: number;
  readonly logLinesDropped: number;
  readonly config: ConfigFacts;
  readonly notifications: Notifications;
}

/** How many notifications of rungs were sent, and how many failed. */
export interface Notifications {
  readonly sent: number;
  readonly failed: number;
}

export interface ConfigFacts {
  /** A valid new configuration is about to take over: it waits for requests, then a new agent starts. */
  readonly reloading: boolean;
  /** Wall clock time at which the current configuration was loaded. */
  readonly loadedAtMs: number;
  /** By SIGHUP, since the start. */
  readonly reloads: { readonly succeeded: number; readonly failed: number };
  /** Why the last reload changed nothing; undefined if it succeeded, or if there was none. */
  readonly lastFailure: string | undefined;
  /** Options whose changed value takes effect only after a restart. */
  readonly atRestart: readonly string[];
}

export interface Watched {
  dropped(): number;
  config(): ConfigFacts;
  readonly notifications: Notifications;
}

/**
 * Interval between samples of the event loop's delay. Each wakes the process: sampling every 20 ms would cost 0.2 % of a core. After a
 * window in which the process was idle, samples are fewer.
 */
const BUSY_MS = 100;
const IDLE_MS = 1000;
/** The process counts as idle below this share of a core. */
const IDLE = 0.05;
const WINDOW_MS = 60_000;

/** Starts watching the event loop. The result reads all process facts. */
export function watchProcess(clock: Clock, watched: Watched): () => ProcessFacts {
  const startSeconds = clock.wall() / 1000 - process.uptime();
  const host = hostname();
  const lag = watchLoop(clock);
  const resident = lasting(() => process.memoryUsage.rss(), 0);
  const open = lasting(() => readdirSync("/proc/self/fd").length, 0);
  const limit = lasting(() => limitIn(readFileSync("/proc/self/limits", "latin1")), Infinity);
  return () => ({
    host,
    pid: process.pid,
    residentBytes: resident(),
    cpuSeconds: cpuMs() / 1000,
    startSeconds,
    loopLagP99Seconds: lag(),
    openDescriptors: open(),
    maxDescriptors: limit(),
    logLinesDropped: watched.dropped(),
    config: watched.config(),
    notifications: watched.notifications,
  });
}

/** Asking the kernel needs a descriptor. If none is free, the last value is used. */
function lasting<T>(ask: () => T, first: T): () => T {
  let last = first;
  return () => {
    try {
      last = ask();
    } catch (error) {
      if (!hasCode(error, "EMFILE", "ENFILE")) throw error;
    }
    return last;
  };
}

/** The result does not depend on how often, or by how many callers, it is read. */
function watchLoop(clock: Clock): () => number {
  let resolution = BUSY_MS;
  let delay = monitored(resolution);
  let usedMs = cpuMs();
  let before = 0;
  let since = clock.now();
  return () => {
    // The histogram holds the whole interval between two samples, so the intended interval is subtracted.
    const seconds = delay.count > 0 ? Math.max(0, delay.percentile(99) / 1e6 - resolution) / 1000 : 0;
    const worst = Math.max(before, seconds);
    const spanMs = clock.now() - since;
    if (spanMs >= WINDOW_MS) {
      before = seconds;
      since = clock.now();
      resolution = cpuMs() - usedMs < IDLE * spanMs ? IDLE_MS : BUSY_MS;
      usedMs = cpuMs();
      delay.disable();
      delay = monitored(resolution);
    }
    return worst;
  };
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function monitored(resolution: number): ReturnType<typeof monitorEventLoopDelay> {
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  return delay;
}
