// Hints by chokidar that something happened below the roots. Only hints: the kernel's queue overflows silently, a rename
// and a create arrive as one event, a directory that is removed and made again may never be heard of. Whoever gets a hint
// looks at the file; whoever gets none looks at it later.
//
// Directories are watched, never files (5,000 watched files in one directory cost 19.7 s of CPU for 5,000 appends, the
// directory 0.29 s), without `depth` (it loses files in directories that appear later) and without `atomic` (it hides
// names and merges unlink with add). And only directories and links are listed for it: of every file that it knows it
// keeps a stat, and its first look at 10,000 of them made the heap grow by 60 to 80 MiB, which stay. What happens to the
// files comes as "raw" events, which are the kernel's.
import { realpathSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { FSWatcher } from "chokidar";
import { describe, hasCode } from "../../core/errors.ts";
import type { Log } from "../../core/log.ts";

export interface WatchOptions {
  /** Nothing is reported of what is ignored. `kind` is "unknown" before anybody looked. */
  readonly ignored: (path: string, kind: "directory" | "unknown") => boolean;
  /** Something happened to what is called `name` in a directory, or to the file where the link `directory` leads. */
  readonly hint: (directory: string, name: string) => void;
  /** A directory is watched from now on: what happened there before was not reported. */
  readonly entered: () => void;
  /** No hint will come any more. */
  readonly blind: () => void;
  readonly log: Log;
}

type Listing = ReturnType<FSWatcher["createScanStream"]>;

class DirectoryWatcher extends FSWatcher {
  override createScanStream(directory: string): Listing {
    return this.closed ? undefined : (Readable.from(this.list(directory)) as Listing);
  }

  /** In the form of the listings that it replaces. */
  private async *list(directory: string): AsyncGenerator {
    for (const entry of await readdir(directory, { withFileTypes: true })) {
      if (!entry.isDirectory() && !entry.isSymbolicLink()) continue;
      const fullPath = join(directory, entry.name);
      if (this.closed || this.isIgnored(fullPath)) continue;
      const stats = await lstat(fullPath).catch(() => undefined);
      if (stats !== undefined) yield { path: entry.name, basename: entry.name, fullPath, stats };
    }
  }
}

export class Watch {
  /** And where they lead. */
  private readonly roots = new Map<string, string | undefined>();
  private readonly options: WatchOptions;
  private readonly watcher: FSWatcher;
  private state: "watching" | "blind" | "closed" = "watching";

  constructor(options: WatchOptions) {
    this.options = options;
    // They would override the options below.
    delete process.env.CHOKIDAR_USEPOLLING;
    delete process.env.CHOKIDAR_INTERVAL;
    this.watcher = new DirectoryWatcher({
      ignored: (path, stats) =>
        stats?.isFile() === true || options.ignored(path, stats?.isDirectory() === true ? "directory" : "unknown"),
      ignoreInitial: false,
      ignorePermissionErrors: true,
      followSymlinks: true,
      atomic: false,
      alwaysStat: false,
    });
    this.watcher.on("addDir", () => options.entered());
    this.watcher.on("raw", (_, name, details) => {
      if (name !== null) options.hint((details as { watchedPath: string }).watchedPath, name);
    });
    this.watcher.on("error", (error) => this.fail(error));
  }

  /**
   * A directory; one that is not there yet is waited for. To be called again from time to time: nobody says that a link on
   * the way to it leads elsewhere.
   */
  add(root: string): void {
    if (this.state !== "watching") return;
    const target = targetOf(root);
    if (this.roots.has(root)) {
      if (target === undefined || target === this.roots.get(root)) return;
      this.watcher.unwatch(root);
    }
    this.roots.set(root, target);
    this.watcher.add(root);
  }

  async close(): Promise<void> {
    this.state = "closed";
    await this.watcher.close();
  }

  private fail(error: unknown): void {
    if (this.state !== "watching") return;
    if (!hasCode(error, "ENOSPC", "EMFILE", "ENFILE")) {
      this.options.log.debug(
        "watch_error",
        `A file watcher failed: ${describe(error)}. The files are looked at regularly.`,
      );
      return;
    }
    this.state = "blind";
    this.options.blind();
    this.options.log.warn(
      "watch_limit",
      `The system grants no more file watchers (${describe(error)}). Files are found and read by looking at them ` +
        `regularly, up to 10 s later than with watchers; raise fs.inotify.max_user_watches to have them again.`,
    );
    void this.watcher.close();
  }
}

/** Undefined: nothing is there, or nobody can see it. */
function targetOf(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined;
  }
}
