// What `start: end` leaves out: what the files have that are there when their input starts for the first time. How much that
// is, is kept of each until it is begun, whatever it waits for. A later process knows when the first start was, and takes
// for as old what has not changed since.
import type { BigIntStats } from "node:fs";
import type { FileInputOptions } from "../../core/options.ts";
import type { KnownSources } from "./known.ts";
import type { Shared } from "./parts.ts";

/** Kernels stamp files with the time of their last tick, up to 10 ms ago. */
const GRAIN_MS = 20;

/**
 * A file is old that has not changed since then.
 * @param startedMs of the first start; undefined: it is now
 */
export function oldUntil(start: FileInputOptions["start"], startedMs: number | undefined, nowMs: number): number {
  if (start === "beginning") return 0;
  if (startedMs === undefined) return Infinity;
  // After a clock that was put back it says nothing.
  return startedMs <= nowMs ? startedMs - GRAIN_MS : 0;
}

export class OldContent {
  private readonly shared: Shared;
  private readonly known: KnownSources;
  /** By key, of files that are not begun: some 100 bytes each. */
  private readonly sizes = new Map<string, number>();
  private untilMs = 0;

  constructor(shared: Shared, known: KnownSources) {
    this.shared = shared;
    this.known = known;
  }

  /** The first scan of this process is about to look at files. */
  begin(): void {
    const { clock, intake, options } = this.shared;
    const now = Math.floor(clock.wall());
    const started = intake.started(options.id) ?? (this.known.size > 0 ? 0 : undefined);
    if (intake.started(options.id) === undefined) intake.start(options.id, started ?? now);
    this.untilMs = oldUntil(options.start, started, now);
  }

  /** The scan has seen all files: those that come now are new. */
  end(): void {
    this.untilMs = 0;
  }

  /** A file that is not begun yet. */
  see(key: string, stats: BigIntStats): void {
    if (Number(stats.ctimeMs) < this.untilMs) this.sizes.set(key, Number(stats.size));
  }

  /** Bytes that are not read of a file that is begun with so many. */
  take(key: string, size: number): number {
    const old = this.sizes.get(key) ?? 0;
    this.sizes.delete(key);
    // A shorter one was written anew.
    return old <= size ? old : 0;
  }
}
