// What the process says of itself, for the metrics.
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../core/clock.ts";

export interface ProcessFacts {
  readonly residentBytes: number;
  readonly cpuSeconds: number;
  readonly startSeconds: number;
  /** Since it was asked last. */
  readonly loopLagP99Seconds: number;
  readonly logLinesDropped: number;
}

/** Each look wakes the process: 20 ms cost 0.2 % of a core by itself. */
const RESOLUTION_MS = 100;

/** Starts watching the event loop; the result reads all of it. */
export function watchProcess(clock: Clock, log: { readonly dropped: number }): () => ProcessFacts {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const startSeconds = clock.wall() / 1000 - process.uptime();
  return () => {
    const { user, system } = process.cpuUsage();
    // The histogram holds the whole time between two looks, the wanted one included.
    const lateMs = delay.count > 0 ? Math.max(0, delay.percentile(99) / 1e6 - RESOLUTION_MS) : 0;
    delay.reset();
    return {
      residentBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
      startSeconds,
      loopLagP99Seconds: lateMs / 1000,
      logLinesDropped: log.dropped,
    };
  };
}
