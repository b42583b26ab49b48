// How sources end. One that lost its file goes on in a copy (heirs.ts), or nothing more is read of it. It is gone when
// nothing can read its file again after a crash, and is forgotten when all of it is answered for. Its descriptor does not
// wait for that: nobody reads it again, and a file without a name would take its place on the disk for as long as an output
// is down.
import type { KnownSource, SourceId } from "../../core/source.ts";
import { FamilyMap } from "./family-map.ts";
import { isKin } from "./kin.ts";
import type { Shared } from "./parts.ts";
import type { Past } from "./tail.ts";

/** A source that lost its file, and of which it is not decided yet. */
export interface Orphan {
  /** As far as it was read. */
  readonly source: KnownSource;
  /** unopened: of an earlier process. */
  readonly state: "open" | "unopened";
  readonly past: readonly Past[];
  /** What was not read, as far as is known, if there is no copy. */
  readonly missed: { readonly reason: "deleted" | "truncated"; readonly bytes: number };
  /** Searches that found no copy. */
  misses: number;
}

/** When thousands of files are rotated at once, each new one asks whether it is a copy of one of them. */
class Orphans extends Set<Orphan> {
  private readonly families = new FamilyMap<KnownSource>();

  override add(orphan: Orphan): this {
    this.families.add(orphan.source.identity.path, orphan.source);
    return super.add(orphan);
  }

  override delete(orphan: Orphan): boolean {
    this.families.delete(orphan.source.identity.path, orphan.source);
    return super.delete(orphan);
  }

  /** Sources in whose copy this file may be. */
  *kin(path: string): Iterable<KnownSource> {
    for (const source of this.families.near(path)) if (isKin(path, source.identity.path)) yield source;
  }
}

export class Endings {
  readonly orphans = new Orphans();
  /** Of which nothing will be read. */
  private readonly settling = new Set<SourceId>();
  private readonly shared: Shared;

  constructor(shared: Shared) {
    this.shared = shared;
  }

  /** A file of an earlier process is nowhere to be found, or has other content. */
  retire(source: KnownSource): void {
    this.orphans.add(unopened(source));
  }

  /** There is no copy of what it was read from. */
  bury(orphan: Orphan): void {
    const { source, state, missed } = orphan;
    const { intake, log, unread } = this.shared;
    this.orphans.delete(orphan);
    unread[missed.reason] += missed.bytes;
    if (state === "unopened") {
      const { path } = source.identity;
      intake.open(source, source.checkpoint);
      log.info("source_gone", goneMessage(path, source.checkpoint), { path });
    }
    this.settle(source.id);
  }

  settle(source: SourceId): void {
    this.shared.intake.gone(source);
    this.settling.add(source);
  }

  /** Forgets what is answered for. */
  tidy(): void {
    for (const source of this.settling) {
      if (!this.shared.intake.answered(source)) continue;
      this.settling.delete(source);
      this.shared.intake.forget(source);
    }
  }
}

export function unopened(source: KnownSource): Orphan {
  return { source, state: "unopened", past: [], missed: { reason: "deleted", bytes: 0 }, misses: 0 };
}

function goneMessage(path: string, checkpoint: number): string {
  return `The content of ${path}, read up to byte ${checkpoint} by an earlier process, is not there any more; what came after is unknown.`;
}
