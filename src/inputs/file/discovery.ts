// Which files there are, and which names they have. A full scan every few seconds is the truth; between scans single paths
// are considered as hints name them. A file is new, or one of ours under another name, or one of ours under a second
// name (a hard or symbolic link), which changes nothing.
import { statSync, type BigIntStats } from "node:fs";
import { describe } from "../../core/errors.ts";
import { type Descriptors, isSystemError } from "./descriptors.ts";
import type { Generations } from "./generations.ts";
import { liveKey } from "./identity.ts";
import { KnownSources } from "./known.ts";
import { type Found, Listing, statIfPossible } from "./listing.ts";
import { HOT_MS, type Looker } from "./look.ts";
import type { Shared } from "./parts.ts";
import type { Pattern } from "./patterns.ts";
import type { Registry } from "./registry.ts";
import { CLOSED, Tail } from "./tail.ts";
import { walk } from "./walker.ts";

const SLICE = 100;
/** A rename chain may hide a file from one listing. */
const MISSES = 2;
const MAX_REST = 32;

export interface DiscoveryParts {
  readonly shared: Shared;
  readonly patterns: readonly Pattern[];
  readonly excluded: (path: string) => boolean;
  readonly registry: Registry;
  readonly descriptors: Descriptors;
  readonly generations: Generations;
  readonly looker: Looker;
}

export class Discovery {
  private readonly parts: DiscoveryParts;
  private readonly known: KnownSources;
  /** Where files begin that are new in the first scan; all later ones begin at byte 0. */
  private start: "beginning" | "end";
  /** Searches in a row that left files without a verdict, and ticks until the next one. */
  private searches = 0;
  private rest = 0;
  private reported: "nothing" | "no match" = "nothing";

  constructor(parts: DiscoveryParts) {
    const { intake, options } = parts.shared;
    this.parts = parts;
    const known = intake.known(options.id);
    this.known = new KnownSources(known);
    this.start = known.length === 0 ? options.start : "beginning";
  }

  async scan(): Promise<void> {
    const { patterns, excluded, registry, shared } = this.parts;
    const { paths, unreadable } = await walk(patterns, excluded);
    for (const { path, error } of unreadable)
      shared.nag.warn("directory_unreadable", `Cannot look into ${path}: ${describe(error)}.`, { path });
    let count = 0;
    for (const path of paths) {
      if (registry.at(path) !== undefined) continue;
      if (++count % SLICE === 0) await shared.clock.sleep(0);
      if (shared.signal.aborted) return;
      this.consider(path);
    }
    await this.searchKnown();
    this.start = "beginning";
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
      const { registry, looker } = this.parts;
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (!stats?.isFile()) return;
      const tail = registry.withKey(liveKey(stats));
      if (tail === undefined) return this.create(path, stats, "whatever");
      if (tail.mode === "named") looker.look(tail);
      if (tail.mode !== "named" && tail.mode !== "over") this.rename(tail, path);
    });
  }

  /** What the system refuses is tried again with the next scan. */
  private attempt(path: string, run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.parts.shared.nag.warn("file_unreadable", `Cannot look at ${path}: ${describe(error)}.`, { path });
    }
  }

  private rename(tail: Tail, path: string): void {
    const { registry, generations, looker } = this.parts;
    registry.name(tail, path);
    generations.identify(tail);
    tail.interval = HOT_MS;
    looker.look(tail);
  }

  /** @param content known: the file is none of ours unless an earlier process read it */
  private create(path: string, stats: BigIntStats, content: "whatever" | "known"): void {
    const { descriptors, looker, registry, shared } = this.parts;
    const { options, clock } = shared;
    const tail = new Tail(path, stats, clock.now());
    const size = Number(stats.size);
    const isKnown = this.known.has(tail);
    const age = clock.wall() - Number(stats.mtimeMs);
    if (!isKnown && options.ignoreOlder > 0 && age > options.ignoreOlder) return;
    // Unreadable, or replaced this moment: the next scan tries again.
    if ((isKnown || size > 0) && !descriptors.open(tail)) return;
    if (shared.mode === "once") tail.end = "closing";
    try {
      this.assign(tail, size, content);
    } catch (error) {
      descriptors.close(tail);
      throw error;
    }
    if (tail.source === undefined && content === "known") return descriptors.close(tail);
    registry.add(tail);
    tail.interval = HOT_MS;
    looker.look(tail);
    if (tail.mode === "named" && tail.turn === "none" && tail.lag === 0) descriptors.close(tail);
  }

  /** Gives the file its source: the one of an earlier process that it continues, or a new one. */
  private assign(tail: Tail, size: number, content: "whatever" | "known"): void {
    const { generations } = this.parts;
    const { same, others } = this.known.match(tail);
    if (same !== undefined) generations.resume(tail, same, size);
    else if (size > 0 && content === "whatever") generations.begin(tail, size, this.start);
    for (const other of others) generations.retire(other);
    this.known.removeAll(tail);
  }

  /** Known sources whose files no pattern led to: renamed in their directories, or nowhere. */
  private async searchKnown(): Promise<void> {
    if (this.known.size === 0) return;
    const { generations, registry, shared } = this.parts;
    const listing = new Listing(shared.clock);
    for (const known of [...this.known]) {
      const search = await listing.find(known.identity.path, known.identity);
      if (shared.signal.aborted) return;
      // Matched meanwhile: by a hint, or together with another generation of its file.
      if (search.kind === "unreadable" || !this.known.includes(known)) continue;
      if (search.kind === "found" && registry.withKey(liveKey(search.file.stats)) === undefined) {
        const { path, stats } = search.file;
        this.attempt(path, () => this.create(path, stats, "known"));
        continue;
      }
      this.known.remove(known);
      generations.retire(known);
      shared.log.info("source_gone", goneMessage(known.identity.path, known.checkpoint), { path: known.identity.path });
    }
  }

  /** Finds new names for the files that lost theirs. Called with every tick; rests longer where nothing can be told. */
  async searchDisplaced(): Promise<void> {
    const { registry, shared } = this.parts;
    if (registry.displaced.size === 0 || --this.rest > 0) return;
    const listing = new Listing(shared.clock);
    for (const tail of [...registry.displaced]) {
      const search = await listing.find(tail.path, tail);
      if (shared.signal.aborted) return;
      if (tail.mode !== "displaced" || tail.turn === "reading") continue;
      if (search.kind === "found" && stillThere(search.file, tail)) this.rename(tail, search.file.path);
      else if (search.kind !== "unreadable" && ++tail.misses >= MISSES) this.miss(tail);
    }
    this.searches = registry.displaced.size === 0 ? 0 : this.searches + 1;
    this.rest = Math.min(MAX_REST, 2 ** Math.max(0, this.searches - MISSES));
  }

  private miss(tail: Tail): void {
    const { generations, registry, shared } = this.parts;
    if (tail.fd !== CLOSED) {
      registry.unname(tail);
      generations.lose(tail);
      return;
    }
    shared.unread.deleted += tail.lag;
    generations.finish(tail);
  }
}

/** The listing may be older than the last rename. */
function stillThere(file: Found, tail: Tail): boolean {
  const stats = statIfPossible(file.path);
  return stats !== undefined && liveKey(stats) === tail.key;
}

function goneMessage(path: string, checkpoint: number): string {
  return `${path}, read up to byte ${checkpoint} by an earlier process, is not there any more; what came after is unknown.`;
}
