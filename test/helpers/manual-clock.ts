// A clock that the test advances by hand. Wall time starts at 2026-01-01 and advances with it.
import type { Clock, Timer } from "../../src/core/clock.ts";

const WALL_START = Date.parse("2026-01-01T00:00:00.000Z");

export class ManualClock implements Clock {
  private time = 0;
  private timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.time;
  }

  wall(): number {
    return WALL_START + this.time;
  }

  random(): number {
    return 0.5;
  }

  after(ms: number, run: () => void): Timer {
    const timer = { at: this.time + ms, run };
    this.timers.push(timer);
    return { cancel: () => void (this.timers = this.timers.filter((other) => other !== timer)) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = this.after(ms, resolve);
      signal?.addEventListener("abort", () => {
        timer.cancel();
        resolve();
      });
    });
  }

  /** Moves time forward and runs the timers that fall due, in order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== due);
      this.time = due.at;
      due.run();
    }
    this.time = end;
  }
}
