// How fast the files of an input grow: what producers write, never what is read.
import type { Clock } from "../../core/clock.ts";

const WINDOW_MS = 1000;
const SMOOTHING = 0.3;

export class Growth {
  private readonly clock: Clock;
  private since: number;
  private bytes = 0;
  private smoothed = 0;

  constructor(clock: Clock) {
    this.clock = clock;
    this.since = clock.now();
  }

  add(bytes: number): void {
    this.bytes += bytes;
  }

  /** What was there at start is no growth. */
  reset(): void {
    this.bytes = 0;
    this.since = this.clock.now();
  }

  /** Bytes a second. */
  get rate(): number {
    this.turn();
    return this.smoothed;
  }

  /** Closes the window when its time has passed: called with every tick. */
  turn(): void {
    const elapsed = this.clock.now() - this.since;
    if (elapsed < WINDOW_MS) return;
    const rate = (this.bytes * 1000) / elapsed;
    const weight = 1 - (1 - SMOOTHING) ** (elapsed / WINDOW_MS);
    this.smoothed += weight * (rate - this.smoothed);
    this.bytes = 0;
    this.since += elapsed;
  }
}
