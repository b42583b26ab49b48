// Scans for files that match the patterns, every few seconds. Scans are authoritative; between them, notifications name single
// paths. A scan looks at the files of directories that have changed, and at earlier files without a tail.
import { describe } from "../../../core/errors.ts";
import { timeSliceOf } from "../../../core/time-slice.ts";
import { Wakeup } from "../../../core/wakeup.ts";
import type { SourceIndex } from "../identity/source-index.ts";
import type { Coordinator } from "../rotation/coordinator.ts";
import type { Search } from "../rotation/search.ts";
import type { Shared } from "../shared.ts";
import type { Poller } from "../tail/poller.ts";
import type { FirstStart } from "./first-start.ts";
import type { Pattern } from "./glob.ts";
import { Walker } from "./walker.ts";

const RESCAN_MS = 8000;
/** Delay from a newly watched directory to the scan. Several such directories share one scan. */
export const ENTERED_MS = 100;
/** Pause per path and per directory of a scan, so that scans take a hundredth of a core at most. */
const REST_PER_PATH_MS = 0.5;
const REST_PER_DIRECTORY_MS = 0.5;

export interface ScannerParts {
  readonly shared: Shared;
  readonly patterns: readonly Pattern[];
  readonly excluded: (path: string) => boolean;
  readonly index: SourceIndex;
  readonly poller: Poller;
  readonly coordinator: Coordinator;
  readonly search: Search;
  readonly firstStart: FirstStart;
}

export class Scanner {
  private readonly parts: ScannerParts;
  private readonly walker: Walker;
  private scans: "none" | "some" = "none";
  /** Paths without a tail: ignored, unreadable, refused or held. */
  private readonly pending = new Set<string>();
  private reported: "nothing" | "no match" = "nothing";
  /** Milliseconds from the end of a scan to the next one, and the earliest time of the next one. */
  private restMs = RESCAN_MS;
  private notBefore = 0;
  /** asked: a scan was requested and has not begun. */
  private state: "asked" | "not asked" = "not asked";
  private readonly asked: Wakeup;

  constructor(parts: ScannerParts) {
    this.parts = parts;
    this.walker = new Walker(parts.patterns, parts.excluded, parts.shared.clock);
    this.asked = new Wakeup(parts.shared.clock);
  }

  /** Requests a scan soon. */
  ask(): void {
    this.state = "asked";
    this.asked.notify();
  }

  /** Scans until the signal aborts. @param before is called before each scan */
  async scanAll(before: () => void): Promise<void> {
    const { clock, signal } = this.parts.shared;
    for (;;) {
      if (this.state === "not asked") await this.asked.wait(this.restMs, signal);
      await clock.sleep(ENTERED_MS, signal);
      while (clock.now() < this.notBefore && !signal.aborted) await clock.sleep(ENTERED_MS, signal);
      if (signal.aborted) return;
      this.state = "not asked";
      before();
      await this.scan();
    }
  }

  async scan(): Promise<void> {
    const { firstStart, index, search, shared } = this.parts;
    search.scanBegins();
    const { listed, count, directories, unreadable } = await this.walker.walk();
    for (const { path, error } of unreadable)
      shared.reports.warn("directory_unreadable", `Cannot look into ${path}: ${describe(error)}.`, { path });
    if (this.scans === "none") firstStart.begin(index.expected.size);
    this.scans = "some";
    const paths = new Set([...listed, ...this.pending]);
    const slice = timeSliceOf(shared.clock);
    for (const path of paths) {
      if (slice.isOver) await slice.next();
      if (shared.signal.aborted) return;
      this.look(path);
    }
    await search.scanEnded();
    firstStart.end();
    if (count === 0) this.reportNoMatch();
    const costMs = paths.size * REST_PER_PATH_MS + directories * REST_PER_DIRECTORY_MS;
    this.restMs = Math.max(RESCAN_MS, costMs);
    this.notBefore = shared.clock.now() + costMs;
  }

  private look(path: string): void {
    const { coordinator, index, poller } = this.parts;
    const known = index.at(path);
    // Another file may have this path now, without any notification.
    if (known !== undefined) poller.poll(known);
    const there = index.at(path) !== undefined || coordinator.consider(path) !== "nothing";
    if (there && index.at(path) === undefined) this.pending.add(path);
    else this.pending.delete(path);
  }

  private reportNoMatch(): void {
    if (this.reported === "no match") return;
    this.reported = "no match";
    const { options, log } = this.parts.shared;
    const list = options.paths.join(", ");
    const message = `Input ${options.id}: no file matches ${list} yet. New files are read as they appear.`;
    log.warn("no_files", message, { input: options.id, paths: options.paths });
  }
}
