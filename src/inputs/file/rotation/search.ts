// Searches for the files of sources around their former paths: where a file was renamed to, in which copy a source can resume,
// and which files came after it under its name and were rotated too before anybody looked.
//
// Invariant: a source is released only when several searches, and a scan that began after it lost its file, have not found the
// file, and no held file may be its copy.
import type { Stats } from "node:fs";
import { type TimeSlice, timeSliceOf } from "../../../core/time-slice.ts";
import { Directories, type Found, type Listing, sayUnreadable, unreadableIn } from "../discovery/directories.ts";
import { earlierPaths, isNamedAfter } from "../identity/rotation-name.ts";
import type { SourceIndex } from "../identity/source-index.ts";
import { isSystemError, quickStatOf } from "../paths.ts";
import type { Shared } from "../shared.ts";
import { isShortage } from "../tail/descriptors.ts";
import { CLOSED, type Loss, type Tail } from "../tail/tail.ts";
import type { Assignments } from "./assignments.ts";
import type { Coordinator } from "./coordinator.ts";
import type { HeldCandidates } from "./held.ts";

/** Failed searches after which a moved file counts as gone. A chain of renames may hide a file from one listing. */
const MOVED_SEARCHES = 2;
const COPY_SEARCHES = 4;
/**
 * How long to wait for an unreadable directory or a missing mount: agents start before some file systems are mounted, and
 * before somebody gives them access to a directory. Not for ever: a machine that starts may number its devices anew.
 */
const MOST_HIDDEN_MS = 600_000;
/** Pause between searches that found a place unreadable. It doubles up to the longest. */
const FIRST_REST_MS = 250;
const LONGEST_REST_MS = 8000;

/** One object for all sources of an earlier process, of which there may be 200,000. */
const GONE: Loss = { reason: "deleted", bytes: 0 };

export interface SearchParts {
  readonly shared: Shared;
  readonly index: SourceIndex;
  readonly assignments: Assignments;
  readonly coordinator: Coordinator;
  readonly held: HeldCandidates;
  readonly matches: (path: string) => boolean;
  readonly excluded: (path: string) => boolean;
}

export class Search {
  private readonly parts: SearchParts;
  private readonly directories: Directories;
  private readonly slice: TimeSlice;
  /** Numbers of the last scan that has begun, and of the last one that has ended. */
  private begun = 0;
  private ended = 0;
  /** Since when the place of their file is unreadable or not mounted. */
  private readonly hiddenSince = new WeakMap<Tail, number>();
  private restMs = FIRST_REST_MS;
  private restUntil = 0;

  constructor(parts: SearchParts) {
    const { shared, index } = parts;
    this.parts = parts;
    this.slice = timeSliceOf(shared.clock);
    this.directories = new Directories(shared.clock, (stats) => isNamed(index, stats));
  }

  /** Called with every tick. Searches for moved files, and for copies of files that are gone. */
  async run(): Promise<void> {
    const { index, shared } = this.parts;
    const { clock, signal } = shared;
    const { detached, unlinked } = index;
    if (index.moved.size + index.reused.size + detached.size === 0 && !some(unlinked, isSearched)) return;
    if (clock.now() < this.restUntil || !this.directories.renew()) return;
    let hidden = 0;
    // Taken before anything is listed: a listing may lack what happens to a path later.
    const [reused, moved] = [index.takeReused(), [...index.moved]];
    for (const [path, sinceMs] of reused) {
      if (this.slice.isOver) await this.slice.next();
      await this.findBetween(path, sinceMs);
      if (signal.aborted) return;
    }
    for (const tail of moved) {
      if (this.slice.isOver) await this.slice.next();
      if ((await this.findMoved(tail)) === "hidden") hidden++;
      if (signal.aborted) return;
    }
    // In place: there may be 200,000, and a copy of the list for each search would be garbage that only a full collection frees.
    for (const tails of [detached, unlinked])
      for (const tail of tails) {
        if (tail.mode === "unlinked" && !isSearched(tail)) continue;
        if (this.slice.isOver) await this.slice.next();
        await this.findCopy(tail);
        if (signal.aborted) return;
      }
    this.restMs = hidden === 0 ? FIRST_REST_MS : Math.min(LONGEST_REST_MS, 2 * this.restMs);
    if (hidden > 0) this.restUntil = clock.now() + this.restMs;
  }

  scanBegins(): void {
    this.begun++;
  }

  /** Searches for files of an earlier process's sources that the scan has not led to. */
  async scanEnded(): Promise<void> {
    const { index, shared } = this.parts;
    this.ended = this.begun;
    if (index.expected.size === 0) return;
    this.directories.renew();
    for (const tail of [...index.expected]) {
      if (this.slice.isOver) await this.slice.next();
      await this.findExpected(tail);
      if (shared.signal.aborted) return;
    }
  }

  /** Finds files that had this path one after the other, and were renamed before anybody saw them. */
  private async findBetween(path: string, sinceMs: number): Promise<void> {
    const { coordinator } = this.parts;
    await coordinator.considerAll(laterThan(await this.directories.around(path), path, sinceMs));
  }

  private async findMoved(tail: Tail): Promise<"found" | "not found" | "hidden"> {
    const { assignments, coordinator, shared } = this.parts;
    const other = [tail.otherPath, tail.target].find((path) => path !== undefined && leadsTo(path, tail));
    if (other !== undefined) {
      coordinator.rename(tail, other);
      return "found";
    }
    const listings = await this.directories.around(tail.path);
    if (isBusy(tail)) return "found";
    await coordinator.considerAll(laterThan(listings, tail.firstPath, tail.birthMs));
    if (isBusy(tail) || shared.signal.aborted) return "found";
    const found = listings.flatMap((listing) => listing.withInode(tail.ino)).find(({ path }) => leadsTo(path, tail));
    if (found !== undefined) {
      coordinator.rename(tail, found.path);
      return "found";
    }
    if (this.isHidden(tail, listings)) return "hidden";
    if (++tail.notFound < MOVED_SEARCHES) return "not found";
    if (tail.fd !== CLOSED) assignments.unlink(tail);
    else assignments.detach(tail, { reason: "deleted", bytes: tail.lag });
    return "not found";
  }

  private async findCopy(tail: Tail): Promise<void> {
    const { assignments, coordinator, held, shared } = this.parts;
    const { mode } = tail;
    if (tail.lostAt === undefined) tail.lostAt = this.begun;
    const { lostAt } = tail;
    const listings = await this.directories.around(tail.path);
    if (listings.some(({ error }) => isShortage(error))) return;
    for (const { path } of this.copies(listings, tail)) {
      if (tail.mode !== mode || coordinator.consider(path, this.scopeOf(path)) === "unknown") return;
    }
    if (tail.mode !== mode) return;
    const scanned = shared.mode === "once" || this.ended > lostAt;
    if (++tail.notFound < COPY_SEARCHES || mode === "unlinked") return;
    if (scanned && !held.awaits(tail)) assignments.release(tail);
  }

  private *copies(listings: readonly Listing[], { path, firstPath }: Tail): Iterable<Found> {
    const paths = new Set([path, firstPath]);
    for (const each of paths) for (const listing of listings) yield* listing.rotatedFrom(each);
  }

  /** Finds the file of an expected source: it was renamed while nobody looked, or is gone. */
  private async findExpected(tail: Tail): Promise<void> {
    const { assignments, coordinator, shared } = this.parts;
    if (this.isLeftOut(tail.path)) return;
    const listings = await this.directories.around(tail.path);
    // A notification may have led to it meanwhile.
    if (tail.mode !== "expected") return;
    const found = listings.flatMap((listing) => listing.withInode(tail.ino));
    const file = found.find(({ stats }) => stats.birthtimeMs === tail.birthMs);
    if (file === undefined && this.isHidden(tail, listings)) return;
    if (listings.some(({ hasRotated }) => hasRotated))
      for (const path of this.firstPaths(tail.path))
        await coordinator.considerAll(laterThan(listings, path, tail.birthMs));
    if (shared.signal.aborted) return;
    // A file that cannot be opened now is not gone: another scan leads to it again.
    if (file !== undefined) return void coordinator.consider(file.path, this.scopeOf(file.path));
    if (tail.mode !== "expected") return;
    assignments.detach(tail, tail.lag === 0 ? GONE : { reason: "deleted", bytes: tail.lag });
  }

  /** Whether the file may be in a place that is unreadable or not mounted now. */
  private isHidden(tail: Tail, listings: readonly Listing[]): boolean {
    const { clock, reports } = this.parts.shared;
    const unreadable = unreadableIn(listings, tail.path);
    if (unreadable === undefined && !this.directories.isUnmounted(tail.target ?? tail.path, tail.dev)) {
      this.hiddenSince.delete(tail);
      return false;
    }
    if (unreadable !== undefined && isShortage(unreadable.error)) return true;
    const since = this.hiddenSince.get(tail) ?? clock.now();
    this.hiddenSince.set(tail, since);
    if (clock.now() - since >= MOST_HIDDEN_MS) return unreadable !== undefined && leadsTo(tail.path, tail);
    if (unreadable !== undefined) sayUnreadable(unreadable, reports);
    return true;
  }

  private scopeOf(path: string): "any" | "resume" {
    return this.parts.matches(path) && !this.parts.excluded(path) ? "any" : "resume";
  }

  /** Whether the path is excluded now, and not only because of its rotated name. */
  private isLeftOut(path: string): boolean {
    const { excluded, matches } = this.parts;
    return excluded(path) && earlierPaths(path).filter(matches).every(excluded);
  }

  /** The matching paths that a rotated file may have had before. If there are none, its own path. */
  private firstPaths(path: string): readonly string[] {
    const matching = earlierPaths(path).filter(this.parts.matches);
    return matching.length > 0 ? matching : [path];
  }
}

/** Whether copies of a detached or unlinked source are being searched for. */
export function isSearched({ mode, notFound }: Tail): boolean {
  return (mode === "detached" || mode === "unlinked") && notFound < COPY_SEARCHES;
}

function some(tails: ReadonlySet<Tail>, test: (tail: Tail) => boolean): boolean {
  for (const tail of tails) if (test(tail)) return true;
  return false;
}

/** The file is being read, or was found. */
function isBusy({ mode, slot }: Tail): boolean {
  return mode !== "moved" || slot === "reading";
}

/** Whether the path leads to the tail's file now: a listing may be older than the last rename. */
function leadsTo(path: string, { ino, birthMs, dev, mode }: Tail): boolean {
  try {
    const stats = quickStatOf(path);
    return stats?.ino === ino && stats.birthtimeMs === birthMs && (stats.dev === dev || mode === "expected");
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return false;
  }
}

function isNamed(index: SourceIndex, { ino, birthtimeMs, dev }: Stats): boolean {
  return index.withInode(ino).some((tail) => tail.mode === "named" && tail.birthMs === birthtimeMs && tail.dev === dev);
}

/**
 * Files created after this time with a rotated name of this path: a.log-20261124, a.log.1. If a file was renamed, they may have
 * had its name since. A compressed file has the mtime of its content, so that must be later too.
 */
function* laterThan(listings: readonly Listing[], path: string, birthMs: number): Iterable<string> {
  for (const listing of listings)
    for (const { path: other, stats } of listing.rotatedFrom(path)) {
      const later = stats.birthtimeMs > birthMs && (!other.endsWith(".gz") || stats.mtimeMs > birthMs);
      if (later && isNamedAfter(other, path)) yield other;
    }
}
