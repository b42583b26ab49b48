// Notifications by chokidar that something happened below a directory. They only make a poll come sooner: the kernel's queue
// overflows silently, a rename and a create arrive as one event, and no event may come for a directory that is removed and made
// again.
//
// Directories are watched, never files (5,000 watched files in one directory cost 19.7 s of CPU for 5,000 appends, the
// directory 0.29 s), without `depth` (it loses files in directories that appear later) and without `atomic` (it hides names and
// merges unlink with add). Only directories and links are listed for chokidar: it keeps a stat of every file it knows, and its
// first listing of 10,000 files made the heap grow by 60 to 80 MiB for good. Events of files come as "raw" events, straight
// from the kernel.
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { FSWatcher } from "chokidar";
import { describe, hasCode } from "../../../core/errors.ts";
import { mayLackBytes, nameOfText, systemPath } from "../../../core/file-name.ts";
import { networkMountOf } from "../mounts/mount-table.ts";

export interface WatcherOptions {
  /** No events come of ignored paths. `kind` is "unknown" before the path's stat. */
  readonly ignored: (path: string, kind: "directory" | "unknown") => boolean;
  /** Something happened to the entry `name` of `directory`, or to the file if `directory` is a link to one. */
  readonly notify: (directory: string, name: string, what: "renamed" | "changed") => void;
  /** A directory has become watched, or something happened to an entry in it whose name is unknown. */
  readonly entered: (directory: string) => void;
  /** limit: the system grants no more watches. */
  readonly failed: (message: string, reason: "limit" | "other") => void;
}

type ScanStream = ReturnType<FSWatcher["createScanStream"]>;

class DirectoryWatcher extends FSWatcher {
  override createScanStream(directory: string): ScanStream {
    return this.closed ? undefined : (Readable.from(this.list(directory)) as ScanStream);
  }

  /** Yields entries in the form of chokidar's own listings. */
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

export class Watcher {
  private readonly watcher: FSWatcher;
  private state: "open" | "closed" = "open";

  /** @param root a directory; a missing one is waited for */
  constructor(root: string, { ignored, notify, entered, failed }: WatcherOptions) {
    // These variables would override the options below.
    delete process.env.CHOKIDAR_USEPOLLING;
    delete process.env.CHOKIDAR_INTERVAL;
    this.watcher = new DirectoryWatcher({
      ignored: (path, stats) =>
        stats?.isFile() === true ||
        // A stat there may never return, and no watcher reports what other machines write.
        networkMountOf(path) !== undefined ||
        ignored(nameOfText(path), stats?.isDirectory() === true ? "directory" : "unknown"),
      ignoreInitial: false,
      ignorePermissionErrors: true,
      followSymlinks: true,
      atomic: false,
      alwaysStat: false,
    });
    this.watcher.on("addDir", (path) => entered(nameOfText(path)));
    this.watcher.on("raw", (event, name, details) => {
      if (name === null) return;
      const place = nameOfText((details as { watchedPath: string }).watchedPath);
      if (mayLackBytes(name)) entered(place);
      else notify(place, nameOfText(name), event === "change" ? "changed" : "renamed");
    });
    this.watcher.on("error", (error) => {
      if (this.state === "closed") return;
      failed(describe(error), hasCode(error, "ENOSPC", "EMFILE", "ENFILE") ? "limit" : "other");
    });
    this.watcher.add(String(systemPath(root)));
  }

  async close(): Promise<void> {
    this.state = "closed";
    await this.watcher.close();
  }
}
