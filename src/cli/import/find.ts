// Finds the file on disk that an entry is about, and the inputs that would read it. The result is exactly one file, or the
// reason why there is none. It never guesses: if two files may be meant, the entry is left out and they are read from the start.
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import type { FileInputOptions } from "../../core/options.ts";
import { type Entry, type Left, leave } from "./entry.ts";
import type { Heads } from "./heads.ts";
import type { Scope, Seen } from "./scope.ts";

export interface Reader {
  readonly input: FileInputOptions;
  /** The path recorded for the source, where the agent starts to look for the file, with symlinks resolved as the agent does. */
  readonly path: string;
  /** The current path of the file. */
  readonly now: string;
}

export interface Found {
  readonly file: Seen;
  readonly readers: readonly Reader[];
}

export type Finding = { readonly found: Found } | { readonly left: Left };

export class Finder {
  private readonly scope: Scope;
  private readonly heads: Heads<Seen>;

  constructor(scope: Scope, heads: Heads<Seen>) {
    this.scope = scope;
    this.heads = heads;
  }

  /**
   * Call this with all entries before `find`, to learn which fingerprint lengths are in use. Files still at their paths reveal
   * lengths that help to find moved files. If no file is at its path, files with similar names are tried.
   */
  prepare(entries: readonly Entry[]): void {
    const hashed = entries.flatMap(({ path, recognised }) => {
      return path !== undefined && recognised.by === "sha256" ? [{ path, hash: recognised.hash }] : [];
    });
    const inPlace = (path: string): readonly Seen[] => [this.scope.at(path)].filter((file) => file !== undefined);
    const alike = (path: string): readonly Seen[] => this.scope.namesakes(path);
    for (const { path, hash } of hashed) this.heads.learnFrom(inPlace(path), hash, "usual");
    for (const { path, hash } of hashed) this.heads.learnFrom(inPlace(path), hash, "all");
    for (const { path, hash } of hashed) this.heads.learnFrom(alike(path), hash, "all");
  }

  find(entry: Entry): Finding {
    const all = this.candidates(entry);
    const inPlace = all.find(({ path }) => path === entry.path);
    const candidates = distinct(all);
    const fitting = candidates.filter(({ stats }) => stats.size >= BigInt(entry.offset));
    const file = inPlace ?? (fitting.length === 1 ? fitting[0] : candidates.length === 1 ? candidates[0] : undefined);
    if (file === undefined)
      return { left: candidates.length === 0 ? this.absent(entry) : ambiguous(entry, candidates) };
    const { recognised } = entry;
    if ("seenMs" in recognised && madeAfter(file, recognised.seenMs)) {
      return { left: leave(entry, "other-file", `${file.path} was made later and got its ${recognised.by}`) };
    }
    const readers = this.readers(file, entry);
    return readers.length > 0 ? { found: { file, readers } } : { left: this.unread(file, entry) };
  }

  private candidates(entry: Entry): readonly Seen[] {
    const { path, recognised } = entry;
    const inPlace = path === undefined ? undefined : this.scope.at(path);
    if (recognised.by === "path") return inPlace === undefined ? [] : [inPlace];
    if (recognised.by === "inode") {
      return this.scope.withInode(recognised.inode).filter((file) => this.fits(file, recognised.device, path));
    }
    return this.heads.find(recognised);
  }

  /** Device numbers may change when the host restarts, so a file at its old path is accepted whatever its device. */
  private fits(file: Seen, device: string | undefined, path: string | undefined): boolean {
    if (file.path === path || file.stats.dev.toString() === device) return true;
    if (device !== undefined || path === undefined) return false;
    // If the entry has no device, require that of its directory: another file system may use the same inode numbers.
    const directory = dirname(path);
    return file.path.startsWith(join(directory, "/")) && this.scope.isOn(directory, file);
  }

  private absent(entry: Entry): Left {
    const { path, recognised } = entry;
    if (path === undefined)
      return leave(entry, "gone", "no file that an input reads, and none beside them, is the one");
    if (this.scope.isDark(path)) return leave(entry, "unreadable", "its directory cannot be looked into");
    const what = recognised.by === "inode" ? "inode" : "beginning";
    return this.scope.at(path) === undefined
      ? leave(entry, "gone", "it is not there any more, nor beside its old name")
      : leave(entry, "other-file", `the file of this name has another ${what}, and its own is not beside it`);
  }

  /** The inputs that read its current names; else those that read the entry's path, or a path that is a prefix of it. */
  private readers(file: Seen, { path }: Entry): readonly Reader[] {
    const names = this.scope.withInode(file.stats.ino.toString()).filter((other) => isSame(other, file));
    const present = names.flatMap(({ inputs, path }) => {
      const target = realPath(path);
      return inputs.map((input) => ({ input, path: target, now: target }));
    });
    if (present.length > 0)
      return present.filter(({ input }, i) => present.findIndex((one) => one.input === input) === i);
    const last = path ?? file.path;
    for (const name of [last, ...this.scope.formerNames(last)]) {
      const inputs = this.scope.readersOf(name);
      if (inputs.length > 0) return inputs.map((input) => ({ input, path: realPath(name), now: file.path }));
    }
    return [];
  }

  private unread(file: Seen, entry: Entry): Left {
    const excluder = [file.path, ...(entry.path === undefined ? [] : [entry.path])]
      .map((path) => this.scope.excluderOf(path))
      .find((input) => input !== undefined);
    return excluder === undefined
      ? leave(entry, "no-input", "no input of the configuration matches it")
      : leave(entry, "excluded", `input ${excluder.id} leaves it out`);
  }
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    // The path does not exist.
    return path;
  }
}

/** A birth time of 0 means unknown: not every file system stores it. */
function madeAfter({ stats }: Seen, seenMs: number): boolean {
  return stats.birthtimeNs > 0n && Number(stats.birthtimeNs / 1_000_000n) > seenMs;
}

function ambiguous(entry: Entry, candidates: readonly Seen[]): Left {
  const [first, second] = candidates.map(({ path }) => path);
  const more = candidates.length > 2 ? ` and ${candidates.length - 2} more` : "";
  return leave(entry, "ambiguous", `it may be ${first}, ${second}${more}: they cannot be told apart`);
}

function isSame(a: Seen, b: Seen): boolean {
  return a.stats.ino === b.stats.ino && a.stats.dev === b.stats.dev;
}

/** Keeps one entry per file, the one with its first name. */
function distinct(files: readonly Seen[]): readonly Seen[] {
  const byFile = new Map<string, Seen>();
  for (const file of files) {
    const key = `${file.stats.dev}:${file.stats.ino}`;
    if (!byFile.has(key)) byFile.set(key, file);
  }
  return [...byFile.values()];
}
