// What files lie in the directory of a path, in the one to which the path leads as a symbolic link, and in directories one
// level below (logrotate's `olddir`): where a renamed file is looked for, also under names that no pattern matches. Each
// directory is read once per listing.
import { realpathSync, statSync, type BigIntStats } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { hasCode } from "../../core/errors.ts";
import { lastingKey } from "./identity.ts";
import { families, family, isKin, isNamedAfter } from "./kin.ts";

export interface Found {
  readonly path: string;
  readonly stats: BigIntStats;
}
export type Search = { readonly kind: "found"; readonly file: Found } | { readonly kind: "absent" | "unreadable" };

interface Directory {
  /** By lasting key. */
  readonly files: ReadonlyMap<string, Found>;
  readonly directories: readonly string[];
  byFamily: ReadonlyMap<string, readonly Found[]> | undefined;
}

const SLICE = 200;
/** Of one directory are searched: where logs of many programs lie, one for each. */
const MAX_BELOW = 100;

export class Listing {
  private readonly directories = new Map<string, Directory | "unreadable">();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async find(path: string, file: { readonly inode: string; readonly birthNs: string }): Promise<Search> {
    let kind: "absent" | "unreadable" = "absent";
    for await (const place of this.places(path)) {
      const directory = await this.read(place);
      if (directory === "unreadable") kind = "unreadable";
      else {
        const found = directory.files.get(lastingKey(file));
        if (found !== undefined) return { kind: "found", file: found };
      }
    }
    return { kind };
  }

  /**
   * Files that were made after this one was and are named as a rotated file of this path: a.log-20261124, a.log.1. Where a
   * file was renamed they may have had its name since.
   */
  async after(path: string, birthNs: string): Promise<readonly Found[]> {
    const found: Found[] = [];
    for await (const place of this.places(path)) {
      const directory = await this.read(place);
      if (directory === "unreadable") continue;
      for (const file of directory.files.values())
        if (cameAfter(file, BigInt(birthNs)) && isNamedAfter(file.path, path)) found.push(file);
    }
    return found;
  }

  /** Files that may be copies of what this path led to, by their names. */
  async kin(path: string): Promise<readonly Found[]> {
    const found: Found[] = [];
    for await (const place of this.places(path)) {
      const directory = await this.read(place);
      if (directory === "unreadable") continue;
      directory.byFamily ??= byFamily(directory.files.values());
      for (const file of directory.byFamily.get(family(path)) ?? []) if (isKin(file.path, path)) found.push(file);
    }
    return found;
  }

  /** All files among which a renamed file of this path is looked for, directory by directory. */
  async *around(path: string): AsyncGenerator<ReadonlyMap<string, Found> | "unreadable"> {
    for await (const place of this.places(path)) {
      const directory = await this.read(place);
      yield directory === "unreadable" ? directory : directory.files;
    }
  }

  private async *places(path: string): AsyncGenerator<string> {
    const places = homes(path);
    yield* places;
    for (const place of places) {
      const directory = await this.read(place);
      if (directory !== "unreadable") yield* directory.directories.slice(0, MAX_BELOW);
    }
  }

  private async read(path: string): Promise<Directory | "unreadable"> {
    let directory = this.directories.get(path);
    if (directory === undefined) {
      directory = await this.list(path);
      this.directories.set(path, directory);
    }
    return directory;
  }

  private async list(directory: string): Promise<Directory | "unreadable"> {
    const files = new Map<string, Found>();
    const directories: string[] = [];
    try {
      let count = 0;
      for (const name of await readdir(directory)) {
        if (++count % SLICE === 0) await this.clock.sleep(0);
        const path = join(directory, name);
        const stats = statIfPossible(path);
        if (stats?.isDirectory()) directories.push(path);
        if (!stats?.isFile()) continue;
        const key = lastingKey({ inode: stats.ino.toString(), birthNs: stats.birthtimeNs.toString() });
        files.set(key, { path, stats });
      }
      return { files, directories, byFamily: undefined };
    } catch (error) {
      return hasCode(error, "ENOENT", "ENOTDIR") ? { files, directories, byFamily: undefined } : "unreadable";
    }
  }
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
