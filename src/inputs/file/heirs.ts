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
import { isCopyOf, isPackedFrom } from "./copy-of.ts";
import { isShortage, isSystemError } from "./descriptors.ts";
import type { Discovery } from "./discovery.ts";
import { type Endings, type Orphan, unopened } from "./endings.ts";
import { lastingKey, liveKey } from "./identity.ts";
import { isKin, unpackedPath } from "./kin.ts";
import type { KnownSources } from "./known.ts";
import { type Found, Listing, statIfPossible } from "./listing.ts";
import type { Shared } from "./parts.ts";
import type { Registry } from "./registry.ts";
import type { Suspects } from "./suspects.ts";
import type { Past, Tail } from "./tail.ts";

/** Rotations under way may hide a copy from some listings. */
const MISSES = 4;

export interface HeirsParts {
  readonly shared: Shared;
  readonly registry: Registry;
  readonly known: KnownSources;
  readonly endings: Endings;
  readonly suspects: Suspects;
  readonly discovery: Discovery;
}

export class Heirs {
  private readonly parts: HeirsParts;

  constructor(parts: HeirsParts) {
    this.parts = parts;
  }

  /** Of a run with an end: what cannot be looked for stays as it is for the next one, but no file waits for it. */
  async decideAll(): Promise<void> {
    const { discovery, endings, known, shared, suspects } = this.parts;
    while (endings.orphans.size > 0 && !shared.signal.aborted) await this.decide();
    for (const source of new Set([...suspects.paths].flatMap((path) => [...known.kin(path)]))) {
      const heir = await this.find([...this.waiting(source.identity.path)], source);
      if (shared.signal.aborted) return;
      if (typeof heir !== "object") continue;
      known.remove(source);
      discovery.adopt(heir, unopened(source));
    }
    suspects.endPatience();
    await this.decide();
  }

  /** Looks for an heir of every source that lost its file, and then at the files that waited for it. */
  async decide(): Promise<void> {
    const { discovery, endings, shared, suspects } = this.parts;
    if (endings.orphans.size > 0) {
      const listing = new Listing(shared.clock, (file) => !this.isOurs(file));
      for (const orphan of [...endings.orphans]) {
        await this.settle(orphan, listing);
        if (shared.signal.aborted) return;
      }
      suspects.hurry();
    }
    for (const { path, original } of [...suspects.twins()]) {
      const twin = await this.compare(path, original);
      if (shared.signal.aborted) return;
      suspects.compared(path, twin);
    }
    for (const path of suspects.due()) discovery.considerAgain(path);
  }

  private async settle(orphan: Orphan, listing: Listing): Promise<void> {
    const { discovery, endings } = this.parts;
    const { source, past } = orphan;
    const { path } = source.identity;
    const kin = await listing.kin(path);
    if (kin === "unreadable") return;
    const heir = await this.find([...kin, ...this.waiting(path)], source);
    if (typeof heir === "object") return discovery.adopt(heir, orphan);
    if (heir === "changing") return;
    // What was written and read between copying and truncating the copy lacks; it has nothing new.
    for (const earlier of past) {
      const short = [...this.waiting(path)].filter(({ stats }) => stats.size < source.checkpoint);
      const copy = await this.find(short, asOf(source, earlier));
      if (copy === "changing") return;
      if (copy === "none") continue;
      discovery.passOver(copy);
      return endings.bury(orphan);
    }
    if (++orphan.misses >= MISSES) endings.bury(orphan);
  }

  /** changing: files were renamed meanwhile, or could not be opened, so that nothing can be said. */
  private async find(files: readonly Found[], source: KnownSource): Promise<Found | "none" | "changing"> {
    const { path } = source.identity;
    const exact = (file: Found): number => Number(unpackedPath(file.path) === path);
    let verdict: "none" | "changing" = "none";
    for (const file of files.toSorted((a, b) => exact(b) - exact(a))) {
      if (this.isOurs(file)) continue;
      const answer = await this.ask(file, source);
      if (this.parts.shared.signal.aborted) return "changing";
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
      return hasCode(error, "ENOENT") || isShortage(error) ? "changing" : "other";
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  /** Does the original have all that is in it, as with gzip -k? */
  private async compare(path: string, original: Tail): Promise<"copy" | "other" | "unknown"> {
    const fds: number[] = [];
    try {
      for (const name of [path, original.path]) fds.push(openSync(name, constants.O_RDONLY | constants.O_NONBLOCK));
      const [packed, plain] = fds as [number, number];
      return (await isPackedFrom(packed, plain, this.parts.shared.signal)) ? "copy" : "other";
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return isShortage(error) ? "unknown" : "other";
    } finally {
      for (const fd of fds) closeSync(fd);
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

/** The source as it was when reading was there. */
function asOf(source: KnownSource, { position, mark, head }: Past): KnownSource {
  const identity = { ...source.identity, headLength: head.length, headHash: head.hash };
  return { ...source, identity, checkpoint: position, mark };
}
