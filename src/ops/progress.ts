// A line that shows the progress of a job: done, total, rate, time left. On a terminal it is redrawn in place, elsewhere a new
// line is written every ten seconds. The caller drives it; it has no timer.
import type { Clock } from "../core/clock.ts";
import { count, duration, flow } from "../core/figures.ts";
import type { Facts } from "./facts.ts";

export interface ProgressOptions {
  /** For example "delivering". */
  readonly verb: string;
  readonly clock: Clock;
  readonly surface: "terminal" | "plain";
  write(text: string): void;
}

export interface Done {
  readonly records: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

/** What is settled since the start of the process, out of all that there is to read. */
export function doneOf({ inputs }: Pick<Facts, "inputs">): Done {
  const done = { records: 0, bytes: 0, totalBytes: 0 };
  for (const { ledger, countedFrom, lagBytes } of inputs.values()) {
    ledger.fates.forEach((count, fate) => {
      done.records += count.records - (countedFrom.fates[fate]?.records ?? 0);
      done.bytes += count.bytes - (countedFrom.fates[fate]?.bytes ?? 0);
    });
    done.totalBytes += ledger.buffered.bytes + lagBytes;
  }
  done.totalBytes += done.bytes;
  return done;
}

const INTERVAL_MS = { terminal: 200, plain: 10_000 } as const;
const CLEAR_LINE = "\r\x1b[K";

export class Progress {
  private readonly options: ProgressOptions;
  private readonly startedAt: number;
  private drawnAt: number;

  constructor(options: ProgressOptions) {
    this.options = options;
    this.startedAt = options.clock.now();
    this.drawnAt = options.surface === "terminal" ? -Infinity : this.startedAt;
  }

  /** Call as often as you like; writes when a line is due. */
  update(done: Done): void {
    const { clock, surface } = this.options;
    const now = clock.now();
    if (now - this.drawnAt < INTERVAL_MS[surface]) return;
    this.drawnAt = now;
    this.draw(progressLine(this.options.verb, done, now - this.startedAt));
  }

  /** Writes the last line, which stays. */
  end(done: Done): void {
    this.draw(progressLine(this.options.verb, done, this.options.clock.now() - this.startedAt));
    if (this.options.surface === "terminal") this.options.write("\n");
  }

  private draw(line: string): void {
    this.options.write(this.options.surface === "terminal" ? CLEAR_LINE + line : `${line}\n`);
  }
}

export function progressLine(verb: string, done: Done, elapsedMs: number): string {
  const share = done.totalBytes === 0 ? 100 : Math.floor((100 * done.bytes) / done.totalBytes);
  const parts = [
    `${verb} ${flow(done.bytes)} of ${flow(done.totalBytes)} (${share} %)`,
    `${count(done.records)} records`,
  ];
  const rate = (done.bytes * 1000) / elapsedMs;
  // A rate over less than a second is a guess, and so is the time left.
  if (elapsedMs >= 1000) parts.push(`${flow(rate)}/s`);
  const rest = done.totalBytes - done.bytes;
  if (elapsedMs >= 1000 && rate > 0 && rest > 0) parts.push(`${duration((rest * 1000) / rate)} left`);
  return parts.join(", ");
}
