// Collects the files to which another agent's entries may refer: those that the inputs match, and all others in the same
// directories and in those of the entries' paths, as the agent itself would search for a renamed file.
import type { BigIntStats } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { FileInputOptions } from "../../core/options.ts";
import { Directories } from "../../inputs/file/discovery/directories.ts";
import { statOf } from "../../inputs/file/paths.ts";
import { compile, excluding } from "../../inputs/file/discovery/glob.ts";
import { walk } from "../../inputs/file/discovery/walker.ts";

export interface Seen {
  readonly path: string;
  readonly stats: BigIntStats;
  /** The inputs that read the file under this path. */
  readonly inputs: readonly FileInputOptions[];
}

interface Matcher {
  readonly input: FileInputOptions;
  readonly literals: readonly string[];
  readonly matches: (path: string) => boolean;
  readonly excluded: (path: string) => boolean;
}

export class Scope {
  private readonly matchers: readonly Matcher[];
  private readonly byPath = new Map<string, Seen>();
  private readonly inodes = new Map<string, Seen[]>();
  private readonly closed = new Set<string>();
  /** Device numbers by directory. */
  private readonly devices = new Map<string, bigint | undefined>();
  private named: ReadonlyMap<string, readonly Seen[]> | undefined;

  private constructor(inputs: readonly FileInputOptions[]) {
    this.matchers = inputs.map(matcherOf);
  }

  /** @param paths the paths of the entries */
  static async look(inputs: readonly FileInputOptions[], paths: readonly string[], clock: Clock): Promise<Scope> {
    const scope = new Scope(inputs);
    for (const { input, excluded } of scope.matchers) {
      const found = await walk(input.paths.map(compile), excluded);
      for (const path of found.paths) scope.addMatch(path, input);
      for (const { path } of found.unreadable) scope.closed.add(path);
    }
    const literals = scope.matchers.flatMap((matcher) => matcher.literals);
    await scope.addAround([...scope.byPath.keys(), ...literals, ...paths], new Directories(clock));
    for (const file of scope.byPath.values()) {
      const inode = file.stats.ino.toString();
      const list = scope.inodes.get(inode);
      if (list === undefined) scope.inodes.set(inode, [file]);
      else list.push(file);
    }
    return scope;
  }

  private addMatch(path: string, input: FileInputOptions): void {
    const known = this.byPath.get(path);
    const stats = known?.stats ?? statIfSeen(path);
    if (stats?.isFile()) this.byPath.set(path, { path, stats, inputs: [...(known?.inputs ?? []), input] });
  }

  private async addAround(paths: readonly string[], directories: Directories): Promise<void> {
    const done = new Set<unknown>();
    for (const path of new Set(paths)) {
      for (const listing of await directories.around(path)) {
        if (listing.error !== undefined) this.closed.add(dirname(path));
        if (done.has(listing)) continue;
        done.add(listing);
        for (const { path: at } of listing.files) {
          const stats = this.byPath.has(at) ? undefined : statIfSeen(at);
          if (stats !== undefined) this.byPath.set(at, { path: at, stats, inputs: [] });
        }
      }
    }
  }

  /** All files; those that inputs read come first. */
  get files(): readonly Seen[] {
    return [...this.byPath.values()];
  }

  /** Directories that could not be read. */
  get unreadable(): readonly string[] {
    return [...this.closed];
  }

  /** Whether a file lies on the device of this directory. */
  isOn(directory: string, file: Seen): boolean {
    if (!this.devices.has(directory)) this.devices.set(directory, statIfSeen(directory)?.dev);
    return this.devices.get(directory) === file.stats.dev;
  }

  at(path: string): Seen | undefined {
    return this.byPath.get(path);
  }

  withInode(inode: string): readonly Seen[] {
    return this.inodes.get(inode) ?? [];
  }

  /** Whether the directory of a path could not be read. */
  isDark(path: string): boolean {
    return this.closed.has(dirname(path));
  }

  /** The inputs that would read a file at this path, whether or not one exists. */
  readersOf(path: string): readonly FileInputOptions[] {
    return this.matchers.filter((one) => one.matches(path) && !one.excluded(path)).map(({ input }) => input);
  }

  /** An input whose `paths` match this path and whose `exclude` excludes it. */
  excluderOf(path: string): FileInputOptions | undefined {
    return this.matchers.find((one) => one.matches(path) && one.excluded(path))?.input;
  }

  /** Files whose names suggest the same log: for a.log.1 also a.log and a.log.2. */
  namesakes(path: string): readonly Seen[] {
    this.named ??= this.byEveryName();
    return [path, this.formerNames(path)[0]].flatMap((name) => this.named?.get(name ?? "") ?? []);
  }

  private byEveryName(): ReadonlyMap<string, readonly Seen[]> {
    const names = this.files.flatMap((file) =>
      [file.path, ...this.formerNames(file.path)].map((name) => ({ name, file })),
    );
    return new Map(
      [...Map.groupBy(names, ({ name }) => name)].map(([name, all]) => [name, all.map(({ file }) => file)]),
    );
  }

  /** Paths that a rotated file may have had before: for a.log.1 these are a.log and a. */
  formerNames(path: string): readonly string[] {
    const name = basename(path);
    const ends = [...name.matchAll(/[-._]/g)].map(({ index }) => index).filter((at) => at > 0);
    return ends.reverse().map((at) => join(dirname(path), name.slice(0, at)));
  }
}

function matcherOf(input: FileInputOptions): Matcher {
  const patterns = input.paths.map(compile);
  return {
    input,
    literals: patterns.filter(({ kind }) => kind === "literal").map(({ base }) => base),
    matches: (path) => patterns.some((pattern) => pattern.matches(path)),
    excluded: excluding(input.exclude),
  };
}

function statIfSeen(path: string): BigIntStats | undefined {
  try {
    return statOf(path);
  } catch {
    return undefined;
  }
}
