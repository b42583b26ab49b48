// Waits for an event, a timer or an abort, whichever comes first. The waiter then checks its condition again, so that no event is
// missed. A wait that has ended leaves no timer or listener behind.
import type { Clock } from "./clock.ts";

export class Wakeup {
  private readonly clock: Clock;
  private waiters = new Set<() => void>();
  private readonly listeners = new Set<() => void>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Number of waits in progress, for leak checks. */
  get waiting(): number {
    return this.waiters.size;
  }

  /** Calls `run` on every event, synchronously within `notify`. */
  listen(run: () => void): void {
    this.listeners.add(run);
  }

  /** Ends every wait in progress. */
  notify(): void {
    for (const run of this.listeners) run();
    const waiters = this.waiters;
    if (waiters.size === 0) return;
    this.waiters = new Set();
    for (const wake of waiters) wake();
  }

  /** Resolves on the next notify, after `ms`, or when `signal` aborts; never rejects. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        timer.cancel();
        this.waiters.delete(done);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = this.clock.after(ms, done);
      signal?.addEventListener("abort", done, { once: true });
      this.waiters.add(done);
    });
  }
}
