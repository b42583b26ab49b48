// One look at one file: is it still where its name says, has it grown, shrunk or been written over, is there something to
// read, may its descriptor go? Looks tell the truth, hints only make them come sooner. Synchronous (a stat takes 1.5 us),
// so nothing changes between what is seen and what follows from it.
import { fstatSync, statSync, type Stats } from "node:fs";
import type { Agenda } from "./agenda.ts";
import type { Contents } from "./contents.ts";
import { type Descriptors, isSystemError } from "./descriptors.ts";
import type { Generations } from "./generations.ts";
import type { Growth } from "./growth.ts";
import { hasHead, markBefore, sameMark } from "./identity.ts";
import type { Packed } from "./gzip/packed.ts";
import type { Shared } from "./parts.ts";
import type { ReadyQueue } from "./ready.ts";
import type { Registry } from "./registry.ts";
import { CLOSED, type Tail } from "./tail.ts";

/** Between looks at a file that has just grown; doubles with each look that finds nothing new. */
export const HOT_MS = 250;
const COLD_MS = 10_000;
/**
 * The same where a watcher tells what happens: looks are for what it fails to tell. Of the 0.29 % of a core that 10,000
 * quiet files take, a third are looks; with 30 s all took 0.37 %.
 */
const WATCHED_MS = 60_000;
/** A file that was quiet for so long gives its descriptor back; of a nameless one the last line is taken as it is. */
const QUIET_MS = 5000;
/** A nameless file is kept for so long after the last write: nothing tells whether a program still has it open. */
const LINGER_MS = 60_000;
/** Nameless files that are kept so: when there are more, it is no writer that was left behind. */
const MOST_LINGERING = 100;
/** Kernels stamp files with the time of their last tick, up to 10 ms ago. */
const MTIME_GRAIN_MS = 20;

export interface LookParts {
  readonly shared: Shared;
  readonly registry: Registry;
  readonly contents: Contents;
  readonly descriptors: Descriptors;
  readonly generations: Generations;
  readonly ready: ReadyQueue;
  readonly agenda: Agenda;
  readonly growth: Growth;
}

export class Looker {
  private readonly parts: LookParts;
  private coldest = COLD_MS;

  constructor(parts: LookParts) {
    this.parts = parts;
  }

  /** Whether watchers give hints from now on. */
  expect(hints: "hints" | "no hints"): void {
    this.coldest = hints === "hints" ? WATCHED_MS : COLD_MS;
  }

  /** A look that a watcher asked for. */
  hinted(tail: Tail): void {
    tail.hints = "trusted";
    tail.interval = HOT_MS;
    this.look(tail);
  }

  /** With the next tick. */
  soon(tail: Tail): void {
    this.parts.agenda.plan(tail, 0);
  }

  look(tail: Tail): void {
    if (tail.mode === "over") return;
    if (tail.turn === "reading") tail.interval = HOT_MS;
    else {
      try {
        const stats = tail.mode === "nameless" ? fstatSync(tail.fd) : this.byName(tail);
        if (stats !== undefined) this.observe(tail, stats);
      } catch (error) {
        // Not to be able to look never means that the file is gone.
        if (!isSystemError(error)) throw error;
        this.parts.descriptors.complain(tail, error);
      }
    }
    this.plan(tail);
  }

  /** It could not be read: what a look complained about takes its time, and what it did not know is looked at soon. */
  retry(tail: Tail): void {
    tail.interval = tail.failing === "yes" ? Math.min(tail.interval, COLD_MS) : HOT_MS;
    this.plan(tail);
  }

  private plan(tail: Tail): void {
    if (tail.mode === "over") return;
    const { agenda, shared } = this.parts;
    const spread = tail.interval > 1000 ? 0.75 + shared.clock.random() / 2 : 1;
    agenda.plan(tail, tail.interval * spread);
    // No watcher tells of links on the way that are led elsewhere, nor of a file without a name.
    const { hints, failing, mode, target } = tail;
    const told = hints === "trusted" && failing === "no" && mode === "named" && target === undefined;
    tail.interval = Math.min(told ? this.coldest : COLD_MS, tail.interval * 2);
  }

  private byName(tail: Tail): Stats | undefined {
    const { registry, generations } = this.parts;
    const stats = statSync(tail.path, { throwIfNoEntry: false });
    if (stats?.ino === tail.ino && stats.birthtimeMs === tail.birthMs && stats.dev === tail.dev) {
      if (tail.mode === "displaced") registry.name(tail, tail.path);
      tail.failing = "no";
      return stats;
    }
    // Of one that rests nobody but a search, or whoever finds it under its name, has more to say.
    if (tail.mode === "named" || tail.fd !== CLOSED) tail.interval = HOT_MS;
    if (tail.mode === "named") registry.displace(tail);
    if (tail.fd === CLOSED) return undefined;
    const held = fstatSync(tail.fd);
    if (held.nlink === 0) {
      registry.unname(tail);
      generations.lose(tail);
    }
    return held;
  }

  private observe(tail: Tail, stats: Stats): void {
    // Nothing of it is remembered, so that the next look has the same doubt.
    if (isDoubtful(tail, stats) && !this.parts.descriptors.open(tail)) return;
    this.compare(tail, stats);
    const { growth, shared } = this.parts;
    const now = Math.round(shared.clock.now());
    const size = tail.sizeFor(stats.size);
    if (size > tail.size) {
      growth.add(size - tail.size);
      // The end is not where it was.
      if (shared.mode === "follow") tail.end = "open";
      tail.grownAt = now;
      if (tail.interval >= COLD_MS) tail.hints = "unheard";
      tail.interval = HOT_MS;
    }
    tail.size = size;
    tail.mtimeMs = stats.mtimeMs;
    tail.mtime = Math.abs(shared.clock.wall() - stats.mtimeMs) < MTIME_GRAIN_MS ? "fresh" : "settled";
    tail.links = stats.nlink;
    if (tail.searched >= tail.pledged) {
      tail.pledged = tail.size;
      tail.pledgedAt = now;
    }
    this.act(tail, now);
  }

  /** Finds that the content which was read is not there any more. */
  private compare(tail: Tail, stats: Stats): void {
    const { shared } = this.parts;
    if (tail.packed !== undefined) {
      if (this.packedAnew(tail, tail.packed, stats)) this.restart(tail);
    } else if (stats.size < tail.position || (stats.size < tail.size && this.overwritten(tail))) this.restart(tail);
    else if (stats.size < tail.size) {
      // Cut behind the position: what was read is still there.
      shared.unread.truncated += tail.size - stats.size;
      tail.shrink(stats.size);
    } else if (stats.size === tail.size && isWritten(tail, stats)) {
      if (this.overwritten(tail)) this.parts.generations.restart(tail, 0);
      else tail.searched = tail.position;
    }
  }

  private restart(tail: Tail): void {
    this.parts.contents.drop(tail);
    this.parts.generations.restart(tail, Math.max(0, tail.size - tail.position));
    tail.size = 0;
    tail.pledged = 0;
  }

  private packedAnew(tail: Tail, packed: Packed, stats: Stats): boolean {
    if (stats.size < packed.fed) return true;
    return isWritten(tail, stats) && !hasHead(tail.fd, packed.head);
  }

  private overwritten(tail: Tail): boolean {
    if (tail.position === 0) return false;
    return !hasHead(tail.fd, tail.head) || !sameMark(markBefore(tail.fd, tail.position), tail.mark);
  }

  private act(tail: Tail, now: number): void {
    const { contents, descriptors, generations, ready } = this.parts;
    const { mode } = this.parts.shared;
    this.awaitEnd(tail, now);
    if (tail.readable && now < tail.restUntil) {
      tail.interval = HOT_MS;
      return;
    }
    const unread = tail.source === undefined ? tail.size > 0 : tail.readable;
    if (unread && (tail.source === undefined || descriptors.plenty) && !descriptors.open(tail)) return;
    if (tail.source === undefined && tail.size > 0) generations.begin(tail, tail.size, 0);
    if (tail.packed !== undefined) contents.consider(tail, tail.packed);
    if (tail.readable) {
      ready.push(tail);
      return descriptors.relieve(tail);
    }
    if (tail.turn !== "none") return;
    const quiet = mode === "once" || now - tail.grownAt >= QUIET_MS;
    if (!quiet) return descriptors.relieve(tail);
    if (tail.mode === "nameless") this.conclude(tail, now);
    else if (tail.lag > 0 && tail.packed !== undefined && tail.packed.state !== "cut") this.takeRest(tail);
    else if (tail.mode === "named" && (tail.lag === 0 || !descriptors.plenty)) this.rest(tail);
  }

  /** There may be 100,000 of them. */
  private rest(tail: Tail): void {
    this.parts.descriptors.close(tail);
    tail.envelope = undefined;
  }

  /** What was read may be the beginning of a record or of a line: after a while it is taken as it is. */
  private awaitEnd(tail: Tail, now: number): void {
    if (tail.lag === 0) return;
    const { multiline, partialTimeout } = this.parts.shared.options;
    const record = multiline?.timeout ?? Infinity;
    const line = partialTimeout === 0 ? Infinity : Math.max(partialTimeout, multiline?.timeout ?? 0);
    const quiet = now - tail.grownAt;
    const patience = quiet >= line ? "still" : quiet >= record ? "quiet" : "more";
    const due = (quiet < record ? Math.min(record, line) : line) - quiet;
    if (due > 0) tail.interval = Math.min(tail.interval, Math.max(HOT_MS, due));
    if (tail.quietAt === tail.size && tail.patience === patience) return;
    if (patience === "more" || tail.turn !== "none") return;
    tail.patience = patience;
    tail.quietAt = tail.size;
    tail.searched = tail.position;
  }

  /** Of compressed content that is whole: the file may grow by another member, and then what it brings is another line. */
  private takeRest(tail: Tail): void {
    tail.end = "closing";
    if (tail.readable) this.parts.ready.push(tail);
  }

  /** Nobody has written to a nameless file for a while: a last line without its end is taken as it is. */
  private conclude(tail: Tail, now: number): void {
    const { descriptors, generations, ready, registry, shared } = this.parts;
    tail.end = "closing";
    if (tail.readable) return ready.push(tail);
    const lingers = shared.mode === "follow" && now - tail.grownAt < LINGER_MS;
    if (lingers && descriptors.plenty && registry.nameless.size <= MOST_LINGERING) return;
    generations.leave(tail, 0);
  }
}

/** Whether only the content tells if it is still what was read. */
function isDoubtful(tail: Tail, stats: Stats): boolean {
  const { packed, position, size } = tail;
  if (packed !== undefined) return stats.size >= packed.fed && isWritten(tail, stats);
  if (position === 0 || stats.size < position) return false;
  return stats.size < size || (stats.size === size && isWritten(tail, stats));
}

/** It may have been written to since the last look. */
function isWritten({ mtime, mtimeMs }: Tail, stats: Stats): boolean {
  return stats.mtimeMs !== mtimeMs || mtime === "fresh";
}
