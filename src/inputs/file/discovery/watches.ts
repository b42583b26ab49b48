// One watcher for each root of patterns, shared by all inputs. With a watcher for each input, one turn of the event loop took
// 35 s when 200 new files appeared in a directory of 200 inputs.
import { join } from "node:path";
import type { Stats } from "node:fs";
import { systemClock } from "../../../core/clock.ts";
import type { Log } from "../../../core/log.ts";
import { earlierPaths } from "../identity/rotation-name.ts";
import { isSystemError, quickStatOf, realPathOf } from "../paths.ts";
import { Watcher } from "./watcher.ts";

/** An event, as reported to the inputs. Facts that several inputs ask for are looked up once. */
export class Occurrence {
  /** The directory of the event, or a link to the file itself. */
  readonly place: string;
  readonly path: string;
  /** renamed: a name appeared or disappeared; a rename is reported for both names. */
  readonly what: "renamed" | "changed";
  private found: Stats | "nothing" | undefined;
  private earlier: readonly string[] | undefined;

  constructor(place: string, name: string, what: "renamed" | "changed") {
    this.place = place;
    this.path = join(place, name);
    this.what = what;
  }

  /** Stats of the file that has the path now. */
  get stats(): Stats | undefined {
    this.found ??= statOf(this.path) ?? "nothing";
    return this.found === "nothing" ? undefined : this.found;
  }

  /** Paths that the file may have had before a rotation. */
  get earlierPaths(): readonly string[] {
    return (this.earlier ??= earlierPaths(this.path));
  }
}

export interface WatchUser {
  readonly log: Log;
  /** Paths that all users ignore are not reported. `kind` is "unknown" before the path's stat. */
  readonly ignored: (path: string, kind: "directory" | "unknown") => boolean;
  /** Whether this input reads the file. */
  readonly reads: (occurrence: Occurrence) => boolean;
  readonly notify: (occurrence: Occurrence) => void;
  /** A directory has become watched, or an event in it has an unknown name: it must be scanned. */
  readonly entered: () => void;
  /** So many events came that some may be lost. */
  readonly flooded: () => void;
  /** Some directory is no longer watched. */
  readonly stopped: () => void;
}

/**
 * The kernel queues 16,384 events for a busy process and drops further ones silently. All queued events then arrive in one turn
 * of the event loop.
 */
const FLOOD = 8192;

/** Shared by the process, as are the kernel's event queue and the limit of watches. */
const watches = new Map<string, Watch>();
let heard = 0;
let limit: "not said" | "said" = "not said";

/**
 * Watches a directory for this user; a missing one is waited for. Call it again from time to time: no event says that a link on
 * the way now leads elsewhere.
 * @param reach below: the user needs subdirectories, or files that links in the directory lead to
 */
export function watch(root: string, user: WatchUser, reach: "directory" | "below"): void {
  let found = watches.get(root);
  if (found === undefined) watches.set(root, (found = new Watch(root)));
  found.follow(user, reach);
}

export async function unwatch(user: WatchUser): Promise<void> {
  const closing: Promise<void>[] = [];
  for (const [root, each] of watches) {
    if (each.leave(user) === "used") continue;
    watches.delete(root);
    closing.push(each.close());
  }
  if (watches.size === 0) limit = "not said";
  await Promise.all(closing);
}

class Watch {
  private readonly root: string;
  private readonly users = new Set<WatchUser>();
  /** The root's real path. */
  private target: string | undefined;
  private watcher: Watcher | undefined;
  private state: "watching" | "refused" = "watching";
  /** The users that a directory concerns, by directory. */
  private byPlace = new Map<string, readonly WatchUser[]>();

  constructor(root: string) {
    this.root = root;
  }

  follow(user: WatchUser, reach: "directory" | "below"): void {
    this.byPlace.clear();
    const target = realPathOf(this.root);
    const joins = !this.users.has(user);
    this.users.add(user);
    if (this.state === "refused") {
      if (joins) user.stopped();
      return;
    }
    const moved = target !== undefined && target !== this.target;
    // The watcher starts anew if it may have ignored directories that only the new user needs. Otherwise that user scans:
    // earlier events went only to the others.
    if (this.watcher === undefined || moved || (joins && reach === "below")) this.begin(target);
    else if (joins) user.entered();
  }

  leave(user: WatchUser): "used" | "unused" {
    this.byPlace.clear();
    this.users.delete(user);
    return this.users.size > 0 ? "used" : "unused";
  }

  async close(): Promise<void> {
    await this.watcher?.close();
  }

  flooded(): void {
    for (const user of this.users) user.flooded();
  }

  private begin(target: string | undefined): void {
    void this.watcher?.close();
    this.target = target;
    this.watcher = new Watcher(this.root, {
      ignored: (path, kind) => [...this.users].every((user) => user.ignored(path, kind)),
      notify: (place, name, what) => this.notify(place, name, what),
      entered: (place) => this.concerned(place).forEach((user) => user.entered()),
      failed: (message, reason) => this.fail(message, reason),
    });
  }

  private notify(place: string, name: string, what: "renamed" | "changed"): void {
    if (heard++ === 0) systemClock.after(0, endTurn);
    const occurrence = new Occurrence(place, name, what);
    const users = this.concerned(place);
    const readers = what === "changed" ? users.filter((user) => user.reads(occurrence)) : [];
    for (const user of readers.length > 0 ? readers : users) user.notify(occurrence);
  }

  private concerned(place: string): readonly WatchUser[] {
    let users = this.byPlace.get(place);
    if (users === undefined)
      this.byPlace.set(place, (users = [...this.users].filter((user) => !user.ignored(place, "unknown"))));
    return users;
  }

  private fail(message: string, reason: "limit" | "other"): void {
    const log = [...this.users][0]?.log;
    if (reason === "other") {
      log?.debug("watch_error", `A file watcher failed: ${message}. The files are polled regularly.`);
      return;
    }
    this.state = "refused";
    void this.watcher?.close();
    for (const user of this.users) user.stopped();
    if (limit === "said") return;
    limit = "said";
    log?.warn(
      "watch_limit",
      `The system grants no more file watchers (${message}). Files are found and read by polling, ` +
        `up to 10 s later than with watchers; raise fs.inotify.max_user_watches to have them again.`,
    );
  }
}

function endTurn(): void {
  const flooded = heard >= FLOOD;
  heard = 0;
  if (flooded) for (const each of watches.values()) each.flooded();
}

function statOf(path: string): Stats | undefined {
  try {
    return quickStatOf(path);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return undefined;
  }
}
