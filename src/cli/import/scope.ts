// The files among which another agent's entries are looked for: those that the inputs match, and all others in their
// directories and in those that the entries name, as the agent would look for a renamed file.
import { statSync, type BigIntStats } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { FileInputOptions } from "../../core/options.ts";
import { Listing } from "../../inputs/file/listing.ts";
import { compile, excluding } from "../../inputs/file/patterns.ts";
import { walk } from "../../inputs/file/walker.ts";

export interface Seen {
  readonly path: string;
  readonly stats: BigIntStats;
  /** The inputs that read it under this name. */
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
  /** By directory. */
  private readonly devices = new Map<string, bigint | undefined>();
  private named: ReadonlyMap<string, readonly Seen[]> | undefined;

  private constructor(inputs: readonly FileInputOptions[]) {
    this.matchers = inputs.map(matcherOf);
  }

  /** @param paths of the entries */
  static async look(inputs: readonly FileInputOptions[], paths: readonly string[], clock: Clock): Promise<Scope> {
    const scope = new Scope(inputs);
    for (const { input, excluded } of scope.matchers) {
      const found = await walk(input.paths.map(compile), excluded);
      for (const path of found.paths) scope.addMatch(path, input);
      for (const { path } of found.unreadable) scope.closed.add(path);
    }
    const literals = scope.matchers.flatMap((matcher) => matcher.literals);
    await scope.addAround([...scope.byPath.keys(), ...literals, ...paths], new Listing(clock));
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
    const stats = known?.stats ?? statOf(path);
    if (stats?.isFile()) this.byPath.set(path, { path, stats, inputs: [...(known?.inputs ?? []), input] });
  }

  private async addAround(paths: readonly string[], listing: Listing): Promise<void> {
    const done = new Set<unknown>();
    for (const path of new Set(paths)) {
      for await (const files of listing.around(path)) {
        if (files === "unreadable") this.closed.add(dirname(path));
        else if (!done.has(files)) {
          done.add(files);
          for (const { path: at, stats } of files.values())
            if (!this.byPath.has(at)) this.byPath.set(at, { path: at, stats, inputs: [] });
        }
      }
    }
  }

  /** Those that inputs read come first. */
  get files(): readonly Seen[] {
    return [...this.byPath.values()];
  }

  /** Directories that could not be looked into. */
  get unreadable(): readonly string[] {
    return [...this.closed];
  }

  /** Whether a file lies on the device of this directory. */
  isOn(directory: string, file: Seen): boolean {
    if (!this.devices.has(directory)) this.devices.set(directory, statOf(directory)?.dev);
    return this.devices.get(directory) === file.stats.dev;
  }

  at(path: string): Seen | undefined {
    return this.byPath.get(path);
  }

  withInode(inode: string): readonly Seen[] {
    return this.inodes.get(inode) ?? [];
  }

  /** Whether a path lies where something could not be looked at. */
  isDark(path: string): boolean {
    return this.closed.has(dirname(path));
  }

  /** Which inputs read what has this name, whether or not something has it now. */
  readersOf(path: string): readonly FileInputOptions[] {
    return this.matchers.filter((one) => one.matches(path) && !one.excluded(path)).map(({ input }) => input);
  }

  /** An input that matches the name and leaves it out. */
  excluderOf(path: string): FileInputOptions | undefined {
    return this.matchers.find((one) => one.matches(path) && one.excluded(path))?.input;
  }

  /** Files that may be of the same log, as their names say: of a.log.1 also a.log and a.log.2. */
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

  /** The names that a rotated file may have had before: of a.log.1 a.log, and a. */
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

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
