// The clock for the age of chunks, which `max_age` compares. Steps of the wall clock do not change it. Within a process it
// follows the monotonic clock, across a restart the time since boot, and across a reboot the wall clock. Invariants: it never
// runs backwards. A reboot that seems to have taken longer than MOST_DOWN_MS means a wrong wall clock, and counts as 0 ms.
import { readFileSync } from "node:fs";
import type { Clock } from "../core/clock.ts";
import type { AgeStamp } from "./spool/spool.ts";

const MOST_DOWN_MS = 30 * 86_400_000;

/** The machine's current boot. */
export interface Boot {
  /** "" if unknown. */
  readonly id: string;
  /** Milliseconds since boot. */
  readonly upMs: () => number;
}

export class AgeClock {
  private readonly clock: Clock;
  private readonly boot: Boot;
  /** The age clock and the monotonic clock at the start of this process. */
  private readonly base: number;
  private readonly startedMs: number;

  /** @param before stamp of the earlier process */
  constructor(clock: Clock, boot: Boot, before: AgeStamp | undefined) {
    this.clock = clock;
    this.boot = boot;
    this.startedMs = clock.now();
    // The first start takes the wall clock, for the sake of chunks from a version without an age clock.
    this.base = before === undefined || before.agedMs === 0 ? clock.wall() : before.agedMs + this.sinceThen(before);
  }

  private sinceThen({ boot, upMs, wallMs }: AgeStamp): number {
    if (boot !== "" && boot === this.boot.id) return Math.max(0, this.boot.upMs() - upMs);
    const down = this.clock.wall() - wallMs;
    return down >= 0 && down <= MOST_DOWN_MS ? down : 0;
  }

  now(): number {
    return Math.round(this.base + this.clock.now() - this.startedMs);
  }

  /** For the next process. */
  stamp(): AgeStamp {
    return { agedMs: this.now(), wallMs: this.clock.wall(), boot: this.boot.id, upMs: this.boot.upMs() };
  }
}

/** Works on Linux. Elsewhere the id is "", and the age clock falls back to the wall clock. */
export function systemBoot(): Boot {
  const read = (path: string): string => {
    try {
      return readFileSync(path, "utf8").trim();
    } catch {
      return "";
    }
  };
  const id = read("/proc/sys/kernel/random/boot_id");
  return { id, upMs: () => Math.round(1000 * Number(read("/proc/uptime").split(" ")[0] ?? 0)) };
}
