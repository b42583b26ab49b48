// Virtual time, advanced by the simulation. Timers run in order; after each, all pending promise callbacks run. Each process of
// the agent has its own clock, which ends with it.
import type { Clock, Timer } from "../../src/core/clock.ts";

interface Pending {
  at: number;
  order: number;
  run: () => void;
  life: Life | undefined;
  cancelled: boolean;
}

/** The timers of one process. */
export interface Life {
  over: boolean;
  timers: number;
}

const WALL_START = Date.parse("2026-01-01T00:00:00.000Z");

export class VirtualClock {
  time = 0;
  /** How far the wall clock was set forward or back. */
  wallShift = 0;
  private heap: Pending[] = [];
  private order = 0;

  /** A timer. Without `life` it belongs to the simulated world and survives restarts of the agent. */
  after(ms: number, run: () => void, life?: Life): Timer {
    const pending = { at: this.time + Math.max(0, ms), order: this.order++, run, life, cancelled: false };
    if (life) life.timers++;
    this.push(pending);
    return {
      cancel: () => {
        if (pending.cancelled) return;
        pending.cancelled = true;
        if (life) life.timers--;
      },
    };
  }

  wall(): number {
    return WALL_START + this.time + this.wallShift;
  }

  /** The clock of one process. */
  clock(life: Life, random: () => number): Clock {
    return {
      wall: () => this.wall(),
      now: () => this.time,
      random,
      after: (ms, run) => this.after(ms, run, life),
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve();
          const done = (): void => {
            timer.cancel();
            signal?.removeEventListener("abort", done);
            resolve();
          };
          const timer = this.after(ms, done, life);
          signal?.addEventListener("abort", done, { once: true });
        }),
    };
  }

  /** Runs all timers due until then. @param each called after every timer */
  async advance(until: number, each: () => void): Promise<void> {
    for (;;) {
      const next = this.heap[0];
      if (next === undefined || next.at > until) break;
      this.pop();
      if (next.cancelled) continue;
      this.time = next.at;
      next.cancelled = true;
      if (next.life) next.life.timers--;
      if (next.life?.over) continue;
      next.run();
      await settled();
      each();
    }
    this.time = until;
  }

  private push(pending: Pending): void {
    const { heap } = this;
    let at = heap.push(pending) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(pending, heap[parent] as Pending)) break;
      heap[at] = heap[parent] as Pending;
      at = parent;
    }
    heap[at] = pending;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop() as Pending;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Pending, heap[child] as Pending)) child++;
      if (!before(heap[child] as Pending, last)) break;
      heap[at] = heap[child] as Pending;
      at = child;
    }
    heap[at] = last;
  }
}

function before(a: Pending, b: Pending): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Resolves after all pending promise callbacks have run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
