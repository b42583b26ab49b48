// Hints by chokidar that something happened below the roots. Only hints: the kernel's queue overflows silently, a rename
// and a create arrive as one "change", a directory that is removed and made again may never be heard of. Whoever gets a
// hint looks at the file; whoever gets none looks at it later.
//
// Directories are watched, never files (5,000 watched files in one directory cost 19.7 s of CPU for 5,000 appends, the
// directory 0.29 s), without `depth` (it loses files in directories that appear later) and without `atomic` (it hides
// names and merges unlink with add).
import { FSWatcher } from "chokidar";
import type { Log } from "../../core/log.ts";
import { describe, hasCode } from "../../core/errors.ts";

export interface WatchOptions {
  /** Nothing is reported of what is ignored. `kind` is "unknown" before anybody looked. */
  readonly ignored: (path: string, kind: "file" | "directory" | "unknown") => boolean;
  readonly hint: (path: string) => void;
  /** No hint will come any more. */
  readonly blind: () => void;
  readonly log: Log;
}

export class Watch {
  private readonly roots = new Set<string>();
  private readonly options: WatchOptions;
  private readonly watcher: FSWatcher;
  private state: "watching" | "blind" | "closed" = "watching";

  constructor(options: WatchOptions) {
    this.options = options;
    // They would override the options below.
    delete process.env.CHOKIDAR_USEPOLLING;
    delete process.env.CHOKIDAR_INTERVAL;
    this.watcher = new FSWatcher({
      ignored: (path, stats) =>
        options.ignored(path, stats === undefined ? "unknown" : stats.isDirectory() ? "directory" : "file"),
      // What appears before the watcher is ready is reported too; for the rest it means one look more.
      ignoreInitial: false,
      ignorePermissionErrors: true,
      followSymlinks: true,
      atomic: false,
      alwaysStat: false,
    });
    this.watcher.on("all", (event, path) => {
      if (event !== "addDir" && event !== "unlinkDir") options.hint(path);
    });
    this.watcher.on("error", (error) => this.fail(error));
  }

  /** A directory; one that is not there yet is waited for. */
  add(root: string): void {
    if (this.state !== "watching" || this.roots.has(root)) return;
    this.roots.add(root);
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
