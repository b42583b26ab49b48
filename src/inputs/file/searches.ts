// What a scan of the patterns does not lead to: files of an earlier process that were renamed while nobody watched, and
// files that came and were rotated between two looks. They are looked for in the directories where they were.
import type { Identity, KnownSource } from "../../core/source.ts";
import { isSystemError } from "./descriptors.ts";
import type { Endings } from "./endings.ts";
import { isUnmounted } from "./file-systems.ts";
import { originals } from "./kin.ts";
import type { KnownSources } from "./known.ts";
import { complainOf, type Found, Listing, type Search, statIfPossible } from "./listing.ts";
import type { Shared } from "./parts.ts";
import type { Pattern } from "./patterns.ts";

/** Files of one scan for which older ones are looked for: when there are more, it was no rotation that made them. */
const MOST_YOUNG = 100;
/**
 * Agents start before some file systems are mounted, and before somebody lets them look into a directory. Not for ever: a
 * machine that starts may number its devices anew.
 */
const PATIENCE_MS = 600_000;

export interface SearchesParts {
  readonly shared: Shared;
  readonly patterns: readonly Pattern[];
  readonly excluded: (path: string) => boolean;
  readonly known: KnownSources;
  readonly endings: Endings;
  /** Files under paths that no pattern has to match. They begin at byte 0. */
  readonly consider: (paths: readonly string[]) => void;
  /** A file of an earlier process under a name that no pattern matches. taken: it goes on under another source. */
  readonly continueAt: (file: Found) => "tried" | "taken";
}

export class Searches {
  private readonly parts: SearchesParts;
  private readonly startedAt: number;

  constructor(parts: SearchesParts) {
    this.parts = parts;
    this.startedAt = parts.shared.clock.now();
  }

  /** Known sources whose files no pattern led to: renamed in their directories, or nowhere. */
  async forKnown(): Promise<void> {
    const { known: sources, consider, continueAt, endings, shared } = this.parts;
    if (sources.size === 0) return;
    const listing = new Listing(shared.clock);
    for (const known of [...sources]) {
      if (this.isLeftOut(known.identity.path)) continue;
      const search = await listing.find(known.identity.path, known.identity);
      if (shared.signal.aborted) return;
      // Matched meanwhile: by a hint, or together with another generation of its file.
      if (!sources.includes(known) || this.mayBeThere(known, search)) continue;
      for (const path of this.firstPaths(known.identity.path)) {
        const later = await listing.after(path, known.identity.birthNs);
        consider(later.map((file) => file.path));
      }
      if (search.kind === "found" && continueAt(search.file) === "tried") continue;
      sources.remove(known);
      endings.retire(known);
    }
  }

  /** Excluded since, and not only by what rotation adds to its name. */
  private isLeftOut(path: string): boolean {
    const { excluded } = this.parts;
    return excluded(path) && this.matching(originals(path)).every(excluded);
  }

  /** Where nobody can look. */
  private mayBeThere({ identity }: KnownSource, search: Search): boolean {
    const { clock, nag } = this.parts.shared;
    if (search.kind === "found") return false;
    const patient = clock.now() - this.startedAt < PATIENCE_MS;
    if (search.kind === "absent") return patient && isUnmounted(identity.path, Number(identity.device));
    if (patient) complainOf(search, nag);
    return patient || !hasLostName(identity);
  }

  /** The path, or those that a rotated file may have had first. */
  private firstPaths(path: string): readonly string[] {
    const matching = this.matching(originals(path));
    return matching.length > 0 ? matching : [path];
  }

  private matching(paths: readonly string[]): readonly string[] {
    return paths.filter((path) => this.parts.patterns.some((pattern) => pattern.matches(path)));
  }

  /**
   * A file that came while nobody watched may not be the first one of its name: those before it were rotated, and may be
   * removed before a rotation that we see leads to them.
   */
  async forOlder(young: readonly string[]): Promise<void> {
    const { consider, shared } = this.parts;
    const listing = new Listing(shared.clock);
    for (const path of young.slice(0, MOST_YOUNG)) {
      const older = await listing.after(path, shared.sinceNs);
      if (shared.signal.aborted) return;
      consider(older.map((file) => file.path));
    }
  }
}

/** Its name can be looked at, and leads to another file or to none. */
function hasLostName({ path, inode, birthNs }: Identity): boolean {
  try {
    const stats = statIfPossible(path);
    return stats?.ino !== BigInt(inode) || stats.birthtimeNs !== BigInt(birthNs);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return false;
  }
}
