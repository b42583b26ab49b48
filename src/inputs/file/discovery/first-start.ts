// What `start: end` skips: the content that files have when their input starts for the first time. Its size is kept for each
// file until the file's source begins, whatever the file waits for. A later process knows the time of the first start and
// treats files that have not changed since as old.
import type { BigIntStats } from "node:fs";
import type { FileInputOptions } from "../../../core/options.ts";
import type { Shared } from "../shared.ts";

/** The kernel stamps files with the time of its last tick, up to 10 ms ago. */
const GRAIN_MS = 20;

/**
 * A file is old if it has not changed since the returned time.
 * @param startedMs time of the first start; undefined: this is the first start
 */
export function oldUntil(start: FileInputOptions["start"], startedMs: number | undefined, nowMs: number): number {
  if (start === "beginning") return 0;
  if (startedMs === undefined) return Infinity;
  // If the clock was set back, the stored time says nothing.
  return startedMs <= nowMs ? startedMs - GRAIN_MS : 0;
}

export class FirstStart {
  private readonly shared: Shared;
  /** Sizes of old files without a source, by file key: some 100 bytes each. */
  private readonly sizes = new Map<string, number>();
  private untilMs = 0;

  constructor(shared: Shared) {
    this.shared = shared;
  }

  /** Call before the first scan of this process looks at files. @param known number of sources of an earlier process */
  begin(known: number): void {
    const { clock, intake, options } = this.shared;
    const now = Math.floor(clock.wall());
    const started = intake.started(options.id) ?? (known > 0 ? 0 : undefined);
    if (intake.started(options.id) === undefined) intake.start(options.id, started ?? now);
    this.untilMs = oldUntil(options.start, started, now);
  }

  /** The first scan has seen all files: later ones are new. */
  end(): void {
    this.untilMs = 0;
  }

  /** Notes the size of a file without a source, if the file is old. */
  see(key: string, stats: BigIntStats): void {
    if (Number(stats.ctimeMs) < this.untilMs) this.sizes.set(key, Number(stats.size));
  }

  /** Bytes to skip in a file whose source begins now, at this size. */
  take(key: string, size: number): number {
    const old = this.sizes.get(key) ?? 0;
    this.sizes.delete(key);
    // A file that is shorter now was rewritten.
    return old <= size ? old : 0;
  }
}
