// The only file that uses time and randomness, so that tests and `simulate` can replace both.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since 1970: for documents and people, never to measure durations. */
  wall(): number;
  /** Monotonic milliseconds from an arbitrary start: for durations and deadlines. */
  now(): number;
  /** Calls `run` once after `ms`. A pending timer alone does not keep the process alive. */
  after(ms: number, run: () => void): Timer;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
}

const STEP_MS = 250;

/**
 * For timers that recur: about `ms`, but until a moment that all of them have in common. Each wake-up of the process costs 0.1 ms of
 * processor time, whatever it is for, so timers that end together cost less.
 */
export function inStep(clock: Clock, ms: number): number {
  const now = clock.now();
  return Math.round((now + ms) / STEP_MS) * STEP_MS - now;
}

/** Aborts after this many milliseconds. */
export function abortAfter(clock: Clock, ms: number): AbortSignal {
  const controller = new AbortController();
  clock.after(ms, () => controller.abort());
  return controller.signal;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  sleep(ms, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done, { once: true });
    });
  },
  random: () => Math.random(),
};
