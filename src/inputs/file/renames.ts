// New names for files that lost theirs: a second name that was seen before, or what lies in the directory of the old name,
// also under names that no pattern matches. A file that is not found there twice has no name that we know.
import { type BigIntStats, statSync } from "node:fs";
import { dirname } from "node:path";
import { isSystemError } from "./descriptors.ts";
import { isUnmounted } from "./file-systems.ts";
import type { Generations } from "./generations.ts";
import { liveKey } from "./identity.ts";
import { complainOf, Listing, type Search } from "./listing.ts";
import { HOT_MS, type Looker } from "./look.ts";
import type { Shared } from "./parts.ts";
import type { Registry } from "./registry.ts";
import { CLOSED, type Tail } from "./tail.ts";

/** A rename chain may hide a file from one listing. */
const MISSES = 2;
/** Searches, most of them MAX_REST apart: some ten minutes in which a directory may be opened to the agent. */
const MOST_BLIND = 80;
/** Ticks between searches where nothing can be told. */
const MAX_REST = 32;

export interface RenamesParts {
  readonly shared: Shared;
  readonly registry: Registry;
  readonly generations: Generations;
  readonly looker: Looker;
}

export class Renames {
  private readonly parts: RenamesParts;
  /** Searches in a row that left files without a verdict, and ticks until the next one. */
  private searches = 0;
  private rest = 0;

  constructor(parts: RenamesParts) {
    this.parts = parts;
  }

  rename(tail: Tail, path: string): void {
    const { registry, generations, looker } = this.parts;
    // There is not always a watch where it went.
    if (dirname(path) !== dirname(tail.path)) tail.hints = "unheard";
    registry.name(tail, path);
    generations.identify(tail);
    tail.interval = HOT_MS;
    looker.look(tail);
  }

  /** The file at this path is a copy of it that took its place, as far as it was read. */
  replace(tail: Tail, path: string, stats: BigIntStats): void {
    this.parts.registry.recognise(tail, stats);
    this.rename(tail, path);
  }

  /**
   * Finds new names for the files that lost theirs. Called with every tick; rests longer where nothing can be told.
   * @returns files that came after them and lost their names as well, before anybody looked
   */
  async search(): Promise<readonly string[]> {
    const { registry, shared } = this.parts;
    const later: string[] = [];
    if (registry.displaced.size === 0 || --this.rest > 0) return later;
    const listing = new Listing(shared.clock);
    let unknown = 0;
    for (const tail of [...registry.displaced]) {
      const other = [tail.alias, tail.target].find((name) => name !== undefined && leadsTo(name, tail));
      if (other !== undefined) {
        this.rename(tail, other);
        continue;
      }
      const search = await listing.find(tail.path, tail.identity);
      for (const { path } of await listing.after(tail.firstPath, shared.sinceNs)) later.push(path);
      if (shared.signal.aborted) return later;
      if (tail.mode !== "displaced" || tail.turn === "reading") continue;
      if (search.kind === "found" && leadsTo(search.file.path, tail)) this.rename(tail, search.file.path);
      else if (this.mayBeThere(tail, search)) unknown++;
      else if (++tail.misses >= MISSES) this.miss(tail);
    }
    // Not those that came meanwhile: rotation 20 times a second would make the rests long, and files would be gone by then.
    this.searches = unknown === 0 ? 0 : this.searches + 1;
    this.rest = Math.min(MAX_REST, 2 ** Math.max(0, this.searches - MISSES));
    return later;
  }

  /** Where nobody can look. Its name leads elsewhere, so that it is not waited for without end. */
  private mayBeThere(tail: Tail, search: Search): boolean {
    if (isUnmounted(tail.target ?? tail.path, tail.dev)) return true;
    if (search.kind !== "unreadable") return false;
    complainOf(search, this.parts.shared.nag);
    return ++tail.blind < MOST_BLIND;
  }

  private miss(tail: Tail): void {
    const { generations, registry } = this.parts;
    if (tail.fd !== CLOSED) {
      registry.unname(tail);
      generations.lose(tail);
      return;
    }
    generations.leave(tail, tail.lag);
  }
}

/** Now: a listing may be older than the last rename. */
function leadsTo(path: string, tail: Tail): boolean {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats !== undefined && liveKey(stats) === tail.key;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return false;
  }
}
