// Which files there are, and which names they have. A full scan every few seconds is the truth; between scans single paths
// are considered as hints name them. A file is new, or one of ours under another name, or one of ours under a second
// name (a hard or symbolic link), which changes nothing.
import { type BigIntStats, existsSync, statSync } from "node:fs";
import { describe, hasCode } from "../../core/errors.ts";
import { type Descriptors, isSystemError } from "./descriptors.ts";
import type { Endings, Orphan } from "./endings.ts";
import { isOnOverlay } from "./file-systems.ts";
import type { Generations } from "./generations.ts";
import { lastingPart, liveKey } from "./identity.ts";
import type { KnownSources } from "./known.ts";
import type { Found } from "./listing.ts";
import { HOT_MS, type Looker } from "./look.ts";
import { OldContent } from "./old-content.ts";
import type { Shared } from "./parts.ts";
import type { Pattern } from "./patterns.ts";
import type { Registry } from "./registry.ts";
import type { Renames } from "./renames.ts";
import { Searches } from "./searches.ts";
import type { Suspects } from "./suspects.ts";
import { Tail } from "./tail.ts";
import { Walker } from "./walker.ts";

const SLICE = 100;

export interface DiscoveryParts {
  readonly shared: Shared;
  readonly patterns: readonly Pattern[];
  readonly excluded: (path: string) => boolean;
  readonly registry: Registry;
  readonly descriptors: Descriptors;
  readonly endings: Endings;
  readonly generations: Generations;
  readonly looker: Looker;
  readonly renames: Renames;
  readonly known: KnownSources;
  readonly suspects: Suspects;
}

export class Discovery {
  private readonly parts: DiscoveryParts;
  private readonly known: KnownSources;
  private readonly walker: Walker;
  private readonly searches: Searches;
  private readonly old: OldContent;
  private scans: "none" | "some" = "none";
  private reported: "nothing" | "no match" = "nothing";

  constructor(parts: DiscoveryParts) {
    const { clock } = parts.shared;
    this.parts = parts;
    this.walker = new Walker(parts.patterns, parts.excluded, clock);
    this.known = parts.known;
    this.searches = new Searches({
      ...parts,
      consider: (paths) => this.considerLater(paths),
      continueAt: (file) => this.continueAt(file),
    });
    this.old = new OldContent(parts.shared, parts.known);
  }

  async scan(): Promise<void> {
    const { looker, registry, shared } = this.parts;
    const { paths, listed, unreadable } = await this.walker.walk();
    for (const { path, error } of unreadable)
      shared.nag.warn("directory_unreadable", `Cannot look into ${path}: ${describe(error)}.`, { path });
    if (this.scans === "none") this.old.begin();
    this.scans = "some";
    let count = 0;
    const young: string[] = [];
    for (const path of paths) {
      const known = registry.at(path);
      if (known !== undefined && !listed.has(path)) continue;
      if (++count % SLICE === 0) await shared.clock.sleep(0);
      if (shared.signal.aborted) return;
      // Another file may have its name, and nobody may have said so.
      if (known !== undefined) looker.look(known);
      if (registry.at(path) !== undefined) continue;
      this.consider(path);
      const tail = registry.at(path);
      if (tail !== undefined && tail.birthMs * 1e6 > Number(shared.sinceNs)) young.push(path);
    }
    await this.searches.forKnown();
    this.old.end();
    await this.searches.forOlder(young);
    if (paths.length === 0) this.reportNoMatch();
  }

  private reportNoMatch(): void {
    if (this.reported === "no match") return;
    this.reported = "no match";
    const { options, log } = this.parts.shared;
    const list = options.paths.join(", ");
    log.warn("no_files", `Input ${options.id}: no file matches ${list} yet. New files are read as they appear.`, {
      input: options.id,
      paths: options.paths,
    });
  }

  /** A path that a pattern matches, and that belongs to no tail. */
  consider(path: string): void {
    this.attempt(path, () => {
      const { registry, looker, renames } = this.parts;
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (!stats?.isFile()) return;
      const key = liveKey(stats);
      const tail = registry.withKey(key);
      if (tail === undefined) {
        const copied = this.copiedUp(path, stats);
        return copied === undefined ? this.considerNew(path, key, stats) : renames.replace(copied, path, stats);
      }
      if (tail.mode === "named") looker.look(tail);
      if (tail.mode === "named") tail.alias = path;
      else if (tail.mode !== "over") renames.rename(tail, path);
    });
  }

  /** The file that an overlay has copied, and that the path led to before. */
  private copiedUp(path: string, stats: BigIntStats): Tail | undefined {
    const { registry, descriptors } = this.parts;
    const [dev, ino] = [Number(stats.dev), Number(stats.ino)];
    for (const tail of registry.lost.near(path)) {
      if (tail.mode !== "displaced" || tail.turn === "reading") continue;
      if (tail.path !== path || tail.ino !== ino || tail.dev !== dev) continue;
      if (isOnOverlay(path) && descriptors.continuesAt(tail, path)) return tail;
    }
    return undefined;
  }

  /** Of files that are ignored there may be 100,000, and every scan comes here with each: a stat is all that one costs. */
  private considerNew(path: string, key: string, stats: BigIntStats): void {
    const { options, clock } = this.parts.shared;
    const isKnown = this.known.hasKey(lastingPart(key));
    if (!isKnown) this.old.see(key, stats);
    const age = clock.wall() - Number(stats.mtimeMs);
    if (isKnown || options.ignoreOlder === 0 || age <= options.ignoreOlder) this.create(path, stats, "whatever");
  }

  /** What the system refuses is tried again with the next scan. */
  private attempt(path: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (hasCode(error, "ENOENT", "ENOTDIR")) return;
      this.parts.shared.nag.warn("file_unreadable", `Cannot look at ${path}: ${describe(error)}.`, { path });
    }
  }

  /** @param content known: the file is none of ours unless an earlier process read it */
  private create(path: string, stats: BigIntStats, content: "whatever" | "known"): void {
    const { descriptors, shared, suspects } = this.parts;
    const tail = new Tail(path, stats, shared.clock.now());
    const size = Number(stats.size);
    const isKnown = this.known.has(tail);
    // Unreadable, or replaced this moment: the next scan tries again.
    if ((isKnown || size > 0) && !descriptors.open(tail)) return;
    if (!isKnown && suspects.suspect(tail, size)) return descriptors.close(tail);
    if (shared.mode === "once") tail.end = "closing";
    try {
      this.assign(tail, size, content);
    } catch (error) {
      descriptors.close(tail);
      throw error;
    }
    if (tail.source === undefined && content === "known") return descriptors.close(tail);
    this.enter(tail);
  }

  private enter(tail: Tail): void {
    const { descriptors, looker, registry } = this.parts;
    registry.add(tail);
    tail.interval = HOT_MS;
    looker.look(tail);
    if (tail.mode === "named" && tail.turn === "none" && tail.lag === 0) descriptors.close(tail);
  }

  /** A file goes on with a source that lost its own. */
  adopt(file: Found, orphan: Orphan): void {
    this.take(file, (tail, size) => this.parts.generations.adopt(tail, orphan, size));
  }

  /** A copy that has nothing new. */
  passOver(file: Found): void {
    this.take(file, (tail, size) => this.parts.generations.beginRead(tail, size));
  }

  /** A file that gets a certain source, unless it was replaced this moment. */
  private take({ path, stats }: Found, assign: (tail: Tail, size: number) => void): void {
    const { descriptors, shared, suspects } = this.parts;
    const tail = new Tail(path, stats, shared.clock.now());
    if (shared.mode === "once") tail.end = "closing";
    if (!descriptors.open(tail)) return;
    suspects.clear(path);
    assign(tail, Number(stats.size));
    this.enter(tail);
  }

  /** One that had to wait. */
  considerAgain(path: string): void {
    const { registry, suspects } = this.parts;
    if (!existsSync(path) || registry.at(path) !== undefined) suspects.clear(path);
    else this.consider(path);
  }

  /** Gives the file its source: the one of an earlier process that it continues, or a new one. */
  private assign(tail: Tail, size: number, content: "whatever" | "known"): void {
    const { endings, generations } = this.parts;
    const old = this.old.take(tail.key, size);
    const { same, others } = this.known.match(tail);
    if (same !== undefined) generations.resume(tail, same, size);
    else if (size > 0 && content === "whatever") generations.begin(tail, size, old);
    for (const other of others) endings.retire(other);
    this.known.removeAll(tail);
  }

  /** Files that came after one that was rotated, and were rotated before anybody looked. They begin at byte 0. */
  considerLater(paths: readonly string[]): void {
    for (const path of paths)
      if (!this.parts.excluded(path) && this.parts.registry.at(path) === undefined) this.consider(path);
  }

  /** Where a file of ours was may be its successor, whoever found that it is there no more. */
  considerVacated(): void {
    this.considerLater(this.parts.registry.takeVacated());
  }

  /** A file of an earlier process under a name that no pattern matches. taken: it goes on under another source. */
  private continueAt({ path, stats }: Found): "tried" | "taken" {
    if (this.parts.registry.withKey(liveKey(stats)) !== undefined) return "taken";
    this.attempt(path, () => this.create(path, stats, "known"));
    return "tried";
  }
}
