// Turns watcher events into polls: a file with a tail is polled soon, other paths go to the coordinator. Events within a short
// time are merged: polling a busy file at every event would make chunks of one line.
import { type TimeSlice, timeSliceOf } from "../../../core/time-slice.ts";
import type { SourceIndex } from "../identity/source-index.ts";
import type { Coordinator } from "../rotation/coordinator.ts";
import type { Shared } from "../shared.ts";
import type { Poller } from "../tail/poller.ts";
import type { Tail } from "../tail/tail.ts";
import { leads, type Pattern, reaches, rootOf } from "./glob.ts";
import { type Occurrence, unwatch, watch, type WatchUser } from "./watches.ts";

/** Delay from a notification to the poll. Notifications in between are merged. */
export const PACE_MS = 25;

export interface NotificationParts {
  readonly shared: Shared;
  readonly patterns: readonly Pattern[];
  readonly excluded: (path: string) => boolean;
  readonly index: SourceIndex;
  readonly poller: Poller;
  readonly coordinator: Coordinator;
  /** Asks for a scan, mostly because a directory has become watched. */
  readonly entered: () => void;
}

export class Notifications {
  private readonly parts: NotificationParts;
  private readonly tails = new Set<Tail>();
  /** Paths without a tail. Occurrence: to be considered in the next turn. done: already considered since the last turn. */
  private readonly considered = new Map<string, Occurrence | "done">();
  private planned: "no" | "yes" = "no";
  private readonly user: WatchUser;
  private readonly slice: TimeSlice;

  constructor(parts: NotificationParts) {
    const { entered, index, poller, shared } = parts;
    this.parts = parts;
    this.slice = timeSliceOf(shared.clock);
    this.user = {
      log: shared.log,
      ignored: (path, kind) => this.ignored(path, kind),
      reads: ({ path, place }) => index.at(path) !== undefined || index.at(place) !== undefined,
      notify: (occurrence) => this.notify(occurrence),
      entered,
      flooded: () => this.pollAll(),
      stopped: () => poller.watch("no"),
    };
  }

  start(): void {
    this.parts.poller.watch("yes");
    this.follow();
  }

  /** Watches the roots of the patterns, where they lead now. */
  follow(): void {
    const { index, patterns, shared } = this.parts;
    if (shared.signal.aborted) return;
    const linked = [...index.attached].some(({ target }) => target !== undefined);
    for (const pattern of patterns)
      watch(rootOf(pattern), this.user, linked || reaches(pattern) ? "below" : "directory");
  }

  async stop(): Promise<void> {
    await unwatch(this.user);
  }

  /**
   * Only directories on the way to a match are watched, and links to files, whose directories are watched for them. Everything
   * else is ignored: at each removal the watcher would list the directory to see what became of it.
   */
  private ignored(path: string, kind: "directory" | "unknown"): boolean {
    const { patterns, index } = this.parts;
    if (patterns.some((pattern) => leads(pattern, path))) return false;
    return kind === "directory" || index.at(path)?.target === undefined;
  }

  private notify(occurrence: Occurrence): void {
    const { index, shared } = this.parts;
    if (shared.signal.aborted) return;
    const tail = index.at(occurrence.path) ?? index.at(occurrence.place);
    if (tail === undefined) return this.noticePath(occurrence);
    this.tails.add(tail);
    this.plan();
  }

  /**
   * Considers a path at once at its first event, while the turn's time slice lasts: the file may be gone soon, or the path may
   * be the new name of a file with a tail. Otherwise in the next turn: with a thousand renames, even checking whose they are
   * takes long.
   */
  private noticePath(occurrence: Occurrence): void {
    const { path, what } = occurrence;
    const isFirst = !this.considered.has(path);
    const wanted = this.isWanted(path);
    if (isFirst && what === "changed" && !wanted) return;
    const isNow = isFirst && !this.slice.isOver;
    if (isNow && !wanted && !this.parts.coordinator.isConcernedBy(occurrence)) return;
    this.considered.set(path, isNow ? "done" : occurrence);
    this.plan();
    if (isNow) this.consider(path, wanted);
  }

  private consider(path: string, wanted: boolean): void {
    const { coordinator, index, shared } = this.parts;
    const found = coordinator.consider(path, wanted ? "any" : "resume");
    // The file came and went: it may have been renamed. A search around the path finds it then.
    if (found === "nothing" && wanted) index.reuse(path, shared.sinceMs);
  }

  private plan(): void {
    if (this.planned === "yes") return;
    this.planned = "yes";
    this.parts.shared.clock.after(PACE_MS, () => void this.turn());
  }

  /** Turns do not overlap: in a flood each takes longer than PACE_MS, and more and more would wait. */
  private async turn(): Promise<void> {
    const occurrences = [...this.considered.values()].filter((one) => one !== "done");
    const tails = [...this.tails];
    this.considered.clear();
    this.tails.clear();
    await this.catchUp(tails, occurrences);
    this.planned = "no";
    if (this.considered.size + this.tails.size > 0) this.plan();
  }

  private isWanted(path: string): boolean {
    return this.parts.patterns.some((pattern) => pattern.matches(path)) && !this.parts.excluded(path);
  }

  private async catchUp(tails: readonly Tail[], occurrences: readonly Occurrence[]): Promise<void> {
    const { coordinator, poller, shared } = this.parts;
    for (const tail of tails) {
      if (this.slice.isOver) await this.slice.next();
      if (shared.signal.aborted) return;
      poller.notified(tail);
    }
    for (const occurrence of occurrences) {
      if (this.slice.isOver) await this.slice.next();
      if (shared.signal.aborted) return;
      const wanted = this.isWanted(occurrence.path);
      if (wanted || coordinator.isConcernedBy(occurrence)) this.consider(occurrence.path, wanted);
    }
    if (!shared.signal.aborted) await coordinator.considerFreed();
  }

  /** Events may be lost: any file and any directory may have changed. */
  private pollAll(): void {
    const { entered, poller, index } = this.parts;
    for (const tail of index.attached) poller.pollAtNextTick(tail);
    entered();
  }
}
