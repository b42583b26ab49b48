// Waiting that cannot miss its event: a wait ends on the event, on its timer, or on abort, and the waiter looks again.
import type { Clock } from "./clock.ts";

export class Wakeup {
  private readonly clock: Clock;
  private waiters: (() => void)[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Ends every wait that is under way. */
  notify(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (const wake of waiters) wake();
  }

  /** Resolves on the next notify, after `ms`, or when `signal` aborts; never rejects. */
  wait(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = this.clock.after(ms, done);
      signal?.addEventListener("abort", done, { once: true });
      this.waiters.push(done);
    });
  }
}
