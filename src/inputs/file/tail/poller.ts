// One poll of one file: does its path still lead to it, has it grown, shrunk or been overwritten, is there something to read,
// can its descriptor be closed? Polls are authoritative; notifications only make them come sooner. A poll is synchronous (a
// stat takes 1.5 us), so nothing changes between what it sees and what it does.
import type { Stats } from "node:fs";
import { isText } from "../../../core/file-name.ts";
import { isUnmounted } from "../file-systems.ts";
import type { SourceIndex } from "../identity/source-index.ts";
import { isOnNetwork } from "../mounts/mount-table.ts";
import { fstatSync } from "../mounts/system-calls.ts";
import { isSystemError, quickStatOf } from "../paths.ts";
import type { Assignments } from "../rotation/assignments.ts";
import type { Shared } from "../shared.ts";
import type { Contents } from "./contents.ts";
import type { Descriptors } from "./descriptors.ts";
import type { ReadQueue } from "./read-queue.ts";
import { needsComparison, isOverwritten, isRecompressed, isWritten } from "./rewritten.ts";
import { CLOSED, type Tail } from "./tail.ts";
import type { TimerWheel } from "./timer-wheel.ts";

/** Poll interval of a file that has just grown. It doubles with each poll that finds nothing new. */
export const HOT_MS = 250;
const COLD_MS = 10_000;
/** Longest poll interval of a watched file: polls find what the watcher misses. */
const WATCHED_MS = 60_000;
/** A poll takes 2.5 us. The interval grows with the number of files, so that polls take a hundredth of a core. */
const POLLS_PER_MS = 4;
/** First poll interval, as a share of the quiet time: a file written yesterday is unlikely to be written in the next second. */
const QUIET_SHARE = 0.25;
/** After this long without growth, a file is closed, and an unlinked file's last line is taken without its line end. */
const QUIET_MS = 5000;
/** An unlinked file is kept for this long after its last write: nothing tells whether a program still has it open. */
const LINGER_MS = 60_000;
/** Unlinked files kept that way, at most. A larger number is not explained by writers that a rotation left behind. */
const MOST_LINGERING = 100;
/** The kernel stamps files with the time of its last tick, up to 10 ms ago. */
const MTIME_GRAIN_MS = 20;

export interface PollerParts {
  readonly shared: Shared;
  readonly index: SourceIndex;
  readonly contents: Contents;
  readonly descriptors: Descriptors;
  readonly assignments: Assignments;
  readonly queue: ReadQueue;
  readonly wheel: TimerWheel;
  /** A file that was empty or too short has grown: what it is can be told now. */
  readonly filled: (tail: Tail) => void;
}

export class Poller {
  private readonly parts: PollerParts;
  private watching: "yes" | "no" = "no";

  constructor(parts: PollerParts) {
    this.parts = parts;
  }

  /** Sets whether watchers report changes from now on. */
  watch(watching: "yes" | "no"): void {
    this.watching = watching;
  }

  /** Polls a file for which a watcher event came. */
  notified(tail: Tail): void {
    tail.events = "trusted";
    tail.interval = HOT_MS;
    this.poll(tail);
  }

  /** Polls the file with the next tick. */
  pollAtNextTick(tail: Tail): void {
    this.parts.wheel.plan(tail, 0);
  }

  poll(tail: Tail): void {
    if (!tail.attached) return;
    let polled = tail;
    if (tail.slot === "reading") tail.interval = HOT_MS;
    else {
      try {
        const stats = tail.mode === "unlinked" ? fstatSync(tail.fd) : this.statByName(tail);
        if (stats !== undefined) polled = this.observe(tail, stats);
      } catch (error) {
        // A file whose stat fails is not gone for that reason.
        if (!isSystemError(error)) throw error;
        this.parts.descriptors.complain(tail, error);
      }
    }
    this.plan(polled);
  }

  /** After a read that brought nothing. Polls soon, to learn what the last poll did not know; after an error, without hurry. */
  retry(tail: Tail): void {
    tail.interval = tail.failing === "yes" ? Math.min(tail.interval, COLD_MS) : HOT_MS;
    this.plan(tail);
  }

  /** Starts polling a file. The first interval depends on when the file was last written. */
  begin(tail: Tail, mtimeMs: number): void {
    const { clock } = this.parts.shared;
    const quietMs = Math.max(0, clock.wall() - mtimeMs);
    tail.interval = Math.max(HOT_MS, quietMs * QUIET_SHARE);
    this.poll(tail);
    tail.grownAt = Math.round(clock.now() - Math.min(quietMs, WATCHED_MS));
    this.closeIfQuiet(tail);
  }

  /** Closes the descriptor at once if all was read and nobody is writing. */
  closeIfQuiet(tail: Tail): void {
    const quiet = this.parts.shared.clock.now() - tail.grownAt >= QUIET_MS;
    if (tail.mode === "named" && tail.lag === 0 && tail.slot === "none" && quiet) this.rest(tail);
  }

  private plan(tail: Tail): void {
    if (!tail.attached) return;
    const { wheel, shared, index } = this.parts;
    const { dev, events, failing, mode, target, path } = tail;
    // Watchers do not report: links on the way that are changed, names that are no text, unlinked files, writes by others over
    // a network.
    const visible = mode === "named" && target === undefined && isText(path) && !isOnNetwork(dev);
    const told = events === "trusted" && failing === "no" && visible;
    const coldest = told && this.watching === "yes" ? WATCHED_MS : COLD_MS;
    tail.interval = Math.min(tail.interval, Math.max(coldest, index.attached.size / POLLS_PER_MS));
    const spread = tail.interval > 1000 ? 0.75 + shared.clock.random() / 2 : 1;
    wheel.plan(tail, tail.interval * spread);
    tail.interval *= 2;
  }

  private statByName(tail: Tail): Stats | undefined {
    const { index, assignments } = this.parts;
    const stats = quickStatOf(tail.path);
    if (stats?.ino === tail.ino && stats.birthtimeMs === tail.birthMs && stats.dev === tail.dev) {
      if (tail.mode === "moved") index.rename(tail, tail.path, tail.target ?? tail.path);
      tail.failing = "no";
      return stats;
    }
    if (stats === undefined && !isUnmounted(tail.path, tail.dev)) tail.absent = "yes";
    // A moved file that is closed keeps its interval: only a search or an event under its new name can find it.
    if (tail.mode === "named" || tail.fd !== CLOSED) tail.interval = HOT_MS;
    if (tail.mode === "named") index.move(tail);
    if (tail.fd === CLOSED) return undefined;
    const held = fstatSync(tail.fd);
    if (held.nlink === 0) assignments.unlink(tail);
    return held;
  }

  /** @returns the tail of the file's present content */
  private observe(found: Tail, stats: Stats): Tail {
    const { descriptors, index, shared } = this.parts;
    // These stats are not kept, so that the next poll compares again.
    if (needsComparison(found, stats) && !descriptors.open(found)) return found;
    const tail = this.compare(found, stats);
    const now = Math.round(shared.clock.now());
    const size = tail.sizeFor(stats.size);
    if (size > tail.size && tail.mtimeMs > 0) {
      // The file has grown, so its last line may continue.
      if (shared.mode === "follow") tail.end = "open";
      tail.grownAt = now;
      if (tail.interval >= COLD_MS) tail.events = "missed";
      tail.interval = HOT_MS;
    }
    tail.size = size;
    if (tail.lag > 0) index.unread.add(tail);
    tail.mtimeMs = stats.mtimeMs;
    tail.mtime = Math.abs(shared.clock.wall() - stats.mtimeMs) < MTIME_GRAIN_MS ? "fresh" : "settled";
    tail.links = stats.nlink;
    if (tail.searched >= tail.lagMark) {
      tail.lagMark = tail.size;
      tail.lagSince = now;
    }
    this.act(tail, now);
    return tail;
  }

  /** Finds out whether the content that was read is still there. @returns the tail of the present content */
  private compare(tail: Tail, stats: Stats): Tail {
    const { packed, position, size } = tail;
    if (packed !== undefined) return isRecompressed(tail, packed, stats) ? this.replace(tail) : tail;
    if (stats.size < position || (stats.size < size && isOverwritten(tail))) return this.replace(tail);
    if (stats.size < size) {
      // Truncated behind the position: what was read is still there.
      this.parts.shared.unread.truncated += size - stats.size;
      tail.shrink(stats.size);
    } else if (stats.size === size && isWritten(tail, stats)) {
      if (isOverwritten(tail)) return this.replace(tail, 0);
      tail.searched = position;
    }
    return tail;
  }

  private replace(tail: Tail, missed = tail.lag): Tail {
    this.parts.contents.drop(tail);
    const fresh = this.parts.assignments.truncated(tail, missed);
    fresh.interval = HOT_MS;
    return fresh;
  }

  private act(tail: Tail, now: number): void {
    const { contents, descriptors, queue, shared } = this.parts;
    if (tail.source === undefined) {
      if (tail.size > 0 && tail.size !== tail.waitedSize) return this.parts.filled(tail);
    } else this.waitForEnd(tail, now);
    if (tail.readable && now < tail.retryAt) {
      tail.interval = HOT_MS;
      return;
    }
    if (tail.readable && descriptors.plenty && !descriptors.open(tail)) return;
    if (tail.packed !== undefined) contents.consider(tail, tail.packed);
    if (tail.readable) {
      queue.push(tail);
      return descriptors.relieve(tail);
    }
    if (tail.slot !== "none") return;
    const quiet = shared.mode === "once" || now - tail.grownAt >= QUIET_MS;
    if (!quiet) return descriptors.relieve(tail);
    if (tail.mode === "unlinked") this.conclude(tail, now);
    else if (tail.lag > 0 && tail.packed !== undefined && tail.packed.state !== "cut") this.takeRest(tail);
    else if (tail.mode === "named" && (tail.lag === 0 || !descriptors.plenty)) this.rest(tail);
  }

  /** Closes a quiet file and frees what it does not need: there may be 100,000 quiet files. */
  private rest(tail: Tail): void {
    this.parts.descriptors.close(tail);
    tail.forgetRecent();
  }

  /** The unread rest may be the beginning of a record or of a line. After a timeout it is taken as it is. */
  private waitForEnd(tail: Tail, now: number): void {
    if (tail.lag === 0) return;
    const { multiline, partialTimeout } = this.parts.shared.options;
    const record = multiline?.timeout ?? Infinity;
    const line = partialTimeout === 0 ? Infinity : Math.max(partialTimeout, multiline?.timeout ?? 0);
    const quiet = now - tail.grownAt;
    const waited = quiet >= line ? "still" : quiet >= record ? "quiet" : "more";
    const due = (quiet < record ? Math.min(record, line) : line) - quiet;
    if (due > 0) tail.interval = Math.min(tail.interval, Math.max(HOT_MS, due));
    if (tail.waitedSize === tail.size && tail.waited === waited) return;
    if (waited === "more" || tail.slot !== "none") return;
    tail.waited = waited;
    tail.waitedSize = tail.size;
    tail.searched = tail.position;
  }

  /** Takes the last line of whole compressed content as it is: if another member is added, it begins another line. */
  private takeRest(tail: Tail): void {
    tail.end = "closing";
    if (tail.readable) this.parts.queue.push(tail);
  }

  /** An unlinked file has been quiet for a while: takes its last line without line end, and later detaches it. */
  private conclude(tail: Tail, now: number): void {
    const { descriptors, assignments, queue, index, shared } = this.parts;
    tail.end = "closing";
    if (tail.readable) return queue.push(tail);
    const lingers = shared.mode === "follow" && now - tail.grownAt < LINGER_MS;
    if (lingers && descriptors.plenty && index.unlinked.size <= MOST_LINGERING) return;
    assignments.detach(tail, { reason: "deleted", bytes: 0 });
  }
}
