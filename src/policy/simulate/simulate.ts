// Runs a ladder in virtual time. An hour takes well under a second of CPU. The same options give exactly the same result, because
// neither the clock nor random numbers are used.
import { actionOf } from "../ladder.ts";
import { count } from "../keeper.ts";
import { flow } from "./profile.ts";
import { type Account, type Point, type Result, type SimulateOptions, dropped } from "./result.ts";
import { World } from "./world.ts";

/** A step is 100 ms of virtual time. Runs of more than 6 hours take longer steps, so that even a month finishes quickly. */
const TICK_MS = 100;
const MOST_TICKS = 216_000;
const POINTS = 360;

export function simulate(options: SimulateOptions): Result {
  const world = new World(options);
  const written = flow(options.produce);
  const taken = flow(options.consume);
  const tickMs = TICK_MS * Math.ceil(options.forMs / TICK_MS / MOST_TICKS);
  const latencies = new Latencies(tickMs);
  const series: Point[] = [];
  const ticks = Math.ceil(options.forMs / tickMs);
  const perPoint = Math.max(1, Math.ceil(ticks / POINTS));
  let stretch = new Stretch(world);
  for (let tick = 1; tick <= ticks; tick++) {
    const from = world.nowMs;
    world.nowMs = tick * tickMs;
    world.write(written(from, world.nowMs));
    world.read();
    // Sample before the consumer takes, at the utilization that the ladder saw.
    stretch.look(world);
    world.deliver(taken(from, world.nowMs), (ms, records) => latencies.add(ms, records));
    if (tick % perPoint > 0 && tick < ticks) continue;
    series.push(stretch.end(world));
    stretch = new Stretch(world);
  }
  const { msPerAction, blockedMs } = count(options.ladder, world.state, world.nowMs);
  const { account, transitions, crashes } = world;
  const peak = series.reduce((most, point) => Math.max(most, point.utilization), 0);
  return { options, series, transitions, account, msPerAction, blockedMs, peak, crashes, latency: latencies.summary() };
}

/** Collects one point of the series. */
class Stretch {
  private readonly fromMs: number;
  private readonly before: Account;
  private utilization = 0;
  private rung = 0;

  constructor(world: World) {
    this.fromMs = world.nowMs;
    this.before = { ...world.account };
  }

  look(world: World): void {
    this.utilization = Math.max(this.utilization, world.utilization);
    this.rung = Math.max(this.rung, world.state.rung);
  }

  end(world: World): Point {
    const { account } = world;
    const since = (key: keyof Account): number => account[key] - this.before[key];
    const lost = dropped(account) - dropped(this.before);
    return {
      fromMs: this.fromMs,
      toMs: world.nowMs,
      utilization: this.utilization,
      rung: this.rung,
      action: actionOf(world.ladder, this.rung),
      written: since("written"),
      kept: since("read") - since("sampled") - since("newest") - since("rate"),
      delivered: since("delivered"),
      sampled: since("sampled"),
      dropped: lost,
      waiting: account.waiting,
      atRiskBytes: world.atRiskBytes,
      oldestMs: world.oldestMs,
    };
  }
}

/** A histogram. Each bin is one tick wide. */
class Latencies {
  private readonly bins: number[] = [];
  private total = 0;
  private readonly binMs: number;

  constructor(binMs: number) {
    this.binMs = binMs;
  }

  add(ms: number, records: number): void {
    const bin = Math.round(ms / this.binMs);
    while (this.bins.length <= bin) this.bins.push(0);
    this.bins[bin] = (this.bins[bin] as number) + records;
    this.total += records;
  }

  summary(): Result["latency"] {
    return { p50Ms: this.quantile(0.5), p99Ms: this.quantile(0.99), maxMs: this.quantile(1) };
  }

  private quantile(q: number): number {
    let seen = 0;
    const bin = this.bins.findIndex((records) => (seen += records) >= q * this.total && seen > 0);
    return Math.max(0, bin) * this.binMs;
  }
}
