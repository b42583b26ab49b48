// What files lie in the directory of a path, in the one to which the path leads as a symbolic link, and in directories one
// level below (logrotate's `olddir`): where a renamed file is looked for, also under names that no pattern matches. Each
// directory is read once per listing.
//
// What cannot be looked at for a while may hold the file. Places that are closed to the agent (lost+found, a private
// directory) are none of its own, and only where the file was they leave it open what became of it.
import { type Dirent, realpathSync, statSync, type BigIntStats } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { describe, hasCode } from "../../core/errors.ts";
import { isShortage } from "./descriptors.ts";
import { lastingKey } from "./identity.ts";
import { families, family, isKin, isNamedAfter } from "./kin.ts";
import type { Nag } from "./nag.ts";

export interface Found {
  readonly path: string;
  readonly stats: BigIntStats;
}
export type Search = { readonly kind: "found"; readonly file: Found } | { readonly kind: "absent" } | Blind;
export interface Blind {
  readonly kind: "unreadable";
  readonly place: string;
  readonly error: unknown;
}

interface Directory {
  /** By lasting key. */
  readonly files: ReadonlyMap<string, Found>;
  readonly directories: readonly string[];
  byFamily: ReadonlyMap<string, readonly Found[]> | undefined;
}
interface Unreadable {
  readonly error: unknown;
}

const SLICE = 200;
/** Of one directory are searched: where logs of many programs lie, one for each. */
const MAX_BELOW = 100;

export class Listing {
  private readonly directories = new Map<string, Directory | Unreadable>();
  private readonly clock: Clock;
  private readonly nobodys: (file: Found) => boolean;

  /** @param nobodys which files may be looked for by their names */
  constructor(clock: Clock, nobodys: (file: Found) => boolean = () => true) {
    this.clock = clock;
    this.nobodys = nobodys;
  }

  async find(path: string, file: { readonly inode: string; readonly birthNs: string }): Promise<Search> {
    let search: Search = { kind: "absent" };
    const own = homes(path);
    for await (const place of this.places(path, own)) {
      const directory = await this.read(place);
      if ("error" in directory) {
        if (own.has(place) || !isClosed(directory)) search = { kind: "unreadable", place, ...directory };
        continue;
      }
      const found = directory.files.get(lastingKey(file));
      if (found !== undefined) return { kind: "found", file: found };
    }
    return search;
  }

  /**
   * Files that were made after this one was and are named as a rotated file of this path: a.log-20261124, a.log.1. Where a
   * file was renamed they may have had its name since.
   */
  async after(path: string, birthNs: string): Promise<readonly Found[]> {
    const found: Found[] = [];
    const birth = BigInt(birthNs);
    for await (const files of this.near(path)) {
      if (files === "unreadable") continue;
      for (const file of files) if (isNamedAfter(file.path, path) && cameAfter(file, birth)) found.push(file);
    }
    return found;
  }

  /** Files that may be copies of what this path led to, by their names. unreadable: nobody can tell now. */
  async kin(path: string): Promise<readonly Found[] | "unreadable"> {
    const found: Found[] = [];
    for await (const files of this.near(path)) {
      if (files === "unreadable") return files;
      for (const file of files) if (isKin(file.path, path)) found.push(file);
    }
    return found;
  }

  /** Directory by directory: among them are all that are kin of this path. unreadable: for want of descriptors. */
  private async *near(path: string): AsyncGenerator<readonly Found[] | "unreadable"> {
    for await (const place of this.places(path)) {
      const directory = await this.read(place);
      if ("error" in directory) {
        if (isShortage(directory.error)) yield "unreadable";
        continue;
      }
      directory.byFamily ??= byFamily(directory.files.values().filter(this.nobodys));
      yield directory.byFamily.get(family(path)) ?? [];
    }
  }

  /** All files among which a renamed file of this path is looked for, directory by directory. */
  async *around(path: string): AsyncGenerator<ReadonlyMap<string, Found> | "unreadable"> {
    for await (const place of this.places(path)) {
      const directory = await this.read(place);
      yield "error" in directory ? "unreadable" : directory.files;
    }
  }

  private async *places(path: string, own = homes(path)): AsyncGenerator<string> {
    yield* own;
    for (const place of own) {
      const directory = await this.read(place);
      if (!("error" in directory)) yield* directory.directories.slice(0, MAX_BELOW);
    }
  }

  private async read(path: string): Promise<Directory | Unreadable> {
    let directory = this.directories.get(path);
    if (directory === undefined) {
      directory = await this.list(path);
      this.directories.set(path, directory);
    }
    return directory;
  }

  private async list(directory: string): Promise<Directory | Unreadable> {
    const files = new Map<string, Found>();
    const directories: string[] = [];
    try {
      let count = 0;
      for (const entry of await readdir(directory, { withFileTypes: true })) {
        if (++count % SLICE === 0) await this.clock.sleep(0);
        const path = join(directory, entry.name);
        const stats = statOf(path, entry);
        if (stats === undefined ? entry.isDirectory() : stats.isDirectory()) directories.push(path);
        if (!stats?.isFile()) continue;
        const key = lastingKey({ inode: stats.ino.toString(), birthNs: stats.birthtimeNs.toString() });
        files.set(key, { path, stats });
      }
      return { files, directories, byFamily: undefined };
    } catch (error) {
      return hasCode(error, "ENOENT", "ENOTDIR") ? { files, directories, byFamily: undefined } : { error };
    }
  }
}

function isClosed({ error }: Unreadable): boolean {
  return hasCode(error, "EACCES", "EPERM");
}

/** Of a link that leads to a closed place, or of a mount that does not answer, nothing is known. Other files can be looked at. */
function statOf(path: string, entry: Dirent): BigIntStats | undefined {
  try {
    return statIfPossible(path);
  } catch (error) {
    if (entry.isSymbolicLink() || entry.isDirectory()) return undefined;
    throw error;
  }
}

export function complainOf({ place, error }: Blind, nag: Nag): void {
  const message = `Cannot look into ${place}: ${describe(error)}. Files that were renamed there are not found: let the agent list it.`;
  nag.warn("directory_unreadable", message, { path: place });
}

/** A compressed file has the time at which its content was last written to, and that is what must have come after. */
function cameAfter({ path, stats }: Found, birthNs: bigint): boolean {
  return stats.birthtimeNs > birthNs && (!path.endsWith(".gz") || stats.mtimeNs > birthNs);
}

function byFamily(files: Iterable<Found>): ReadonlyMap<string, readonly Found[]> {
  const map = new Map<string, Found[]>();
  for (const file of files)
    for (const key of families(file.path)) {
      const list = map.get(key);
      if (list === undefined) map.set(key, [file]);
      else list.push(file);
    }
  return map;
}

/** Undefined: nothing is there, or a link that leads nowhere. */
export function statIfPossible(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    if (hasCode(error, "ELOOP")) return undefined;
    throw error;
  }
}

function homes(path: string): ReadonlySet<string> {
  const directories = new Set([dirname(path)]);
  try {
    directories.add(dirname(realpathSync(path)));
  } catch {
    // The path leads nowhere now: its own directory is all there is.
  }
  return directories;
}
