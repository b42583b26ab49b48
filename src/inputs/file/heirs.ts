// Where a source goes on when its file has lost the content that was read, or is nowhere: in a copy of it. That is what
// logrotate's compress leaves of a rotated file, and copytruncate of a truncated one. What the copy has beyond the
// position is read, what lies before it is not read again.
//
// A file is a copy only when all of this holds:
// - its name is one that rotation gives to the file that is gone (kin.ts), in its directory, where that leads as a symbolic
//   link, or one level below; or it is a file that the patterns lead to and that waited for this (suspects.ts);
// - it is none of ours, in this process or an earlier one;
// - it begins with the same bytes, at most 1024, and has the same 64 bytes before the position, unpacked if need be.
// Each source goes on in one file, and no file has two. Two files with equal content are both read: while the original is
// there nothing is looked for. What can go wrong: a file that differs from the one that is gone only between its head and
// the position is taken for it; nothing is skipped that was not read when all of it is equal.
import { closeSync, constants, existsSync, fstatSync, openSync } from "node:fs";
import { hasCode } from "../../core/errors.ts";
import type { KnownSource } from "../../core/source.ts";
import { isCopyOf } from "./copy-of.ts";
import { isSystemError } from "./descriptors.ts";
import type { Discovery } from "./discovery.ts";
import type { Generations, Orphan } from "./generations.ts";
import { lastingKey, liveKey } from "./identity.ts";
import { isKin, unpackedPath } from "./kin.ts";
import type { KnownSources } from "./known.ts";
import { type Found, Listing, statIfPossible } from "./listing.ts";
import type { Shared } from "./parts.ts";
import type { Registry } from "./registry.ts";
import type { Suspects } from "./suspects.ts";

/** Rotations under way may hide a copy from some listings. */
const MISSES = 4;

export interface HeirsParts {
  readonly shared: Shared;
  readonly registry: Registry;
  readonly known: KnownSources;
  readonly generations: Generations;
  readonly suspects: Suspects;
  readonly discovery: Discovery;
}

export class Heirs {
  private readonly parts: HeirsParts;

  constructor(parts: HeirsParts) {
    this.parts = parts;
  }

  async decideAll(): Promise<void> {
    const { generations, shared } = this.parts;
    while (generations.orphans.size > 0 && !shared.signal.aborted) await this.decide();
  }

  /** Looks for an heir of every source that lost its file, and then at the files that waited for it. */
  async decide(): Promise<void> {
    const { discovery, generations, shared, suspects } = this.parts;
    if (generations.orphans.size > 0) {
      const listing = new Listing(shared.clock);
      for (const orphan of [...generations.orphans]) {
        const heir = await this.find(orphan, listing);
        if (shared.signal.aborted) return;
        if (heir === "none" && ++orphan.misses >= MISSES) generations.bury(orphan);
        else if (typeof heir === "object") discovery.adopt(heir, orphan);
      }
      suspects.hurry();
    }
    for (const path of suspects.due()) discovery.considerAgain(path);
  }

  /** changing: files were renamed meanwhile, so that nothing can be said. */
  private async find({ source }: Orphan, listing: Listing): Promise<Found | "none" | "changing"> {
    const { path } = source.identity;
    const found = [...(await listing.kin(path)), ...this.waiting(path)];
    found.sort((a, b) => Number(unpackedPath(b.path) === path) - Number(unpackedPath(a.path) === path));
    let verdict: "none" | "changing" = "none";
    for (const file of found) {
      if (this.isOurs(file)) continue;
      const answer = await this.ask(file, source);
      if (answer === "copy") return file;
      if (answer === "changing") verdict = answer;
    }
    return verdict;
  }

  private async ask({ path, stats }: Found, source: KnownSource): Promise<"copy" | "other" | "changing"> {
    let fd: number | undefined;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
      if (liveKey(fstatSync(fd, { bigint: true })) !== liveKey(stats)) return "changing";
      return (await isCopyOf(fd, source, this.parts.shared.signal)) ? "copy" : "other";
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return hasCode(error, "ENOENT") ? "changing" : "other";
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  private *waiting(path: string): Iterable<Found> {
    for (const each of this.parts.suspects.paths) {
      const stats = isKin(each, path) && existsSync(each) ? statIfPossible(each) : undefined;
      if (stats !== undefined) yield { path: each, stats };
    }
  }

  private isOurs({ stats }: Found): boolean {
    const { known, registry } = this.parts;
    const key = lastingKey({ inode: stats.ino.toString(), birthNs: stats.birthtimeNs.toString() });
    return registry.withKey(liveKey(stats)) !== undefined || known.hasKey(key);
  }
}
