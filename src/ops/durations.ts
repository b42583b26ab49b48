// Records how long requests take. `observe` costs one search in a short array. The same observations are kept in two forms:
// counts since the start for the Prometheus histogram, and quantiles of the last one to two minutes for people, because a p99
// since the start says nothing about the present.
import type { Clock } from "../core/clock.ts";

/** Upper bounds of the buckets in seconds; a last bucket has no bound. */
export const BOUNDS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 90];
const WINDOW_MS = 60_000;

export class Durations {
  /** Per bucket since start, not cumulative. */
  readonly counts: number[] = zeros();
  sum = 0;
  private readonly clock: Clock;
  private recent = zeros();
  private before = zeros();
  private turnAt: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.turnAt = clock.now() + WINDOW_MS;
  }

  observe(seconds: number): void {
    this.turn();
    const open = BOUNDS.findIndex((bound) => seconds <= bound);
    const bucket = open < 0 ? BOUNDS.length : open;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.recent[bucket] = (this.recent[bucket] as number) + 1;
    this.sum += seconds;
  }

  /** Interpolated within its bucket; undefined if there is no recent observation. */
  quantile(q: number): number | undefined {
    this.turn();
    const counts = this.recent.map((n, i) => n + (this.before[i] as number));
    const total = counts.reduce((sum, n) => sum + n, 0);
    if (total === 0) return undefined;
    let below = 0;
    for (const [i, n] of counts.entries()) {
      const upper = BOUNDS[i];
      if (upper === undefined) break;
      if (n > 0 && below + n >= q * total) {
        const lower = BOUNDS[i - 1] ?? 0;
        return Number((lower + ((upper - lower) * (q * total - below)) / n).toPrecision(3));
      }
      below += n;
    }
    return BOUNDS.at(-1);
  }

  private turn(): void {
    const now = this.clock.now();
    if (now < this.turnAt) return;
    this.before = now < this.turnAt + WINDOW_MS ? this.recent : zeros();
    this.recent = zeros();
    this.turnAt = now + WINDOW_MS;
  }
}

function zeros(): number[] {
  return new Array<number>(BOUNDS.length + 1).fill(0);
}
