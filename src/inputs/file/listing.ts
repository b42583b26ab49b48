// What files lie in the directory of a path, and in the one to which the path leads as a symbolic link: where a renamed
// file is looked for, also under names that no pattern matches. Each directory is read once per listing.
import { realpathSync, statSync, type BigIntStats } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { hasCode } from "../../core/errors.ts";
import { lastingKey } from "./identity.ts";

export interface Found {
  readonly path: string;
  readonly stats: BigIntStats;
}
export type Search = { readonly kind: "found"; readonly file: Found } | { readonly kind: "absent" | "unreadable" };

const SLICE = 200;

export class Listing {
  private readonly directories = new Map<string, Map<string, Found> | "unreadable">();
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async find(path: string, file: { readonly inode: string; readonly birthNs: string }): Promise<Search> {
    let kind: "absent" | "unreadable" = "absent";
    for (const directory of homes(path)) {
      const files = await this.read(directory);
      if (files === "unreadable") kind = "unreadable";
      else {
        const found = files.get(lastingKey(file));
        if (found !== undefined) return { kind: "found", file: found };
      }
    }
    return { kind };
  }

  private async read(directory: string): Promise<Map<string, Found> | "unreadable"> {
    let files = this.directories.get(directory);
    if (files === undefined) {
      files = await this.list(directory);
      this.directories.set(directory, files);
    }
    return files;
  }

  private async list(directory: string): Promise<Map<string, Found> | "unreadable"> {
    const files = new Map<string, Found>();
    try {
      let count = 0;
      for (const name of await readdir(directory)) {
        if (++count % SLICE === 0) await this.clock.sleep(0);
        const path = join(directory, name);
        const stats = statIfPossible(path);
        if (stats?.isFile())
          files.set(lastingKey({ inode: stats.ino.toString(), birthNs: stats.birthtimeNs.toString() }), {
            path,
            stats,
          });
      }
      return files;
    } catch (error) {
      return hasCode(error, "ENOENT", "ENOTDIR") ? files : "unreadable";
    }
  }
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
