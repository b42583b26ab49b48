// Decides what becomes of each file that no tail reads, and does it. Scans, notifications, searches and held files all lead
// here. identity/resolve.ts decides what a file is.
import type { BigIntStats } from "node:fs";
import { dirname } from "node:path";
import { hasCode } from "../../../core/errors.ts";
import { type TimeSlice, timeSliceOf } from "../../../core/time-slice.ts";
import type { FirstStart } from "../discovery/first-start.ts";
import type { Occurrence } from "../discovery/watches.ts";
import { formOfFile } from "../gzip/gzip-member.ts";
import { Candidate } from "../identity/candidate.ts";
import { fileKey } from "../identity/fingerprint.ts";
import type { Links } from "../identity/links.ts";
import type { Relations } from "../identity/relations.ts";
import { type CandidateFacts, type Decision, resolve } from "../identity/resolve.ts";
import { unpackedPath } from "../identity/rotation-name.ts";
import type { SourceIndex } from "../identity/source-index.ts";
import { isSystemError, realPathOf, statOf } from "../paths.ts";
import type { Shared } from "../shared.ts";
import { type Descriptors, isShortage } from "../tail/descriptors.ts";
import { HOT_MS, type Poller } from "../tail/poller.ts";
import { CLOSED, Tail } from "../tail/tail.ts";
import type { Assignments } from "./assignments.ts";
import type { Held, HeldCandidates } from "./held.ts";

/** any: the file may be read from its beginning. resume: only a source may resume in it, since no pattern matches its path. */
export type Scope = Held["scope"];

export interface CoordinatorParts {
  readonly shared: Shared;
  readonly index: SourceIndex;
  readonly links: Links;
  readonly relations: Relations;
  readonly descriptors: Descriptors;
  readonly assignments: Assignments;
  readonly held: HeldCandidates;
  readonly poller: Poller;
  readonly firstStart: FirstStart;
  readonly excluded: (path: string) => boolean;
}

export class Coordinator {
  private readonly parts: CoordinatorParts;
  private readonly slice: TimeSlice;
  private holding: CandidateFacts["holding"] = "allowed";

  constructor(parts: CoordinatorParts) {
    this.parts = parts;
    this.slice = timeSliceOf(parts.shared.clock);
  }

  /** From now on files are decided without waiting. */
  endHolding(): void {
    this.holding = "over";
    this.parts.held.hurry();
  }

  /**
   * Considers a path that no tail has, as far as is known.
   * @returns whether a file is there; unknown: nothing can be opened now
   */
  consider(path: string, scope: Scope = "any"): "there" | "nothing" | "unknown" {
    try {
      return this.considerFile(path, scope) ? "there" : "nothing";
    } catch (error) {
      if (!isSystemError(error)) throw error;
      if (hasCode(error, "ENOENT", "ENOTDIR")) return "nothing";
      // The next scan tries a refused file again.
      this.parts.descriptors.sayUnreadable(path, error);
      return isShortage(error) ? "unknown" : "there";
    }
  }

  /** Whether a path that no pattern matches may lead to the file of a source, or to a copy of it. */
  isConcernedBy({ path, stats, earlierPaths }: Pick<Occurrence, "path" | "stats" | "earlierPaths">): boolean {
    const { index, relations } = this.parts;
    if (stats === undefined) return false;
    return index.withInode(stats.ino).length > 0 || relations.concern(path, earlierPaths);
  }

  /** Considers paths of files that may have succeeded a known file under its name. The paths need not match a pattern. */
  async considerAll(paths: Iterable<string>): Promise<void> {
    const { excluded, index, shared } = this.parts;
    for (const path of paths) {
      if (excluded(path) || index.at(path) !== undefined) continue;
      if (this.slice.isOver) await this.slice.next();
      if (shared.signal.aborted) return;
      if (index.at(path) === undefined) this.consider(path);
    }
  }

  /** Considers paths that tails have lost: the next file of that name may be there already. */
  considerFreed(): Promise<void> {
    return this.considerAll(this.parts.index.takeFreed());
  }

  /** Judges held files again that are due. */
  considerHeld(): void {
    const { held, index } = this.parts;
    for (const [path, { scope }] of held.due())
      if (index.at(path) === undefined) this.consider(path, scope);
      else held.drop(path);
  }

  /** A file that was empty or too short has grown: what it is can be told now. */
  considerFilled(tail: Tail): void {
    const { assignments, descriptors, index, poller } = this.parts;
    tail.waitedSize = tail.size;
    if (tail.mode === "named") {
      descriptors.close(tail);
      index.release(tail);
      this.consider(tail.path);
    } else if (tail.fd !== CLOSED) {
      assignments.begin(tail, { fd: tail.fd, form: formOfFile(tail.fd), size: tail.size }, 0);
      if (tail.source !== undefined) poller.poll(tail);
    }
  }

  /** The tail's file has this path now. */
  rename(tail: Tail, path: string): void {
    const { assignments, index, poller } = this.parts;
    // The new directory may not be watched.
    if (dirname(path) !== dirname(tail.path)) tail.events = "missed";
    index.rename(tail, path, realPathOf(path) ?? path);
    assignments.identify(tail);
    tail.interval = HOT_MS;
    poller.poll(tail);
  }

  private considerFile(path: string, scope: Scope): boolean {
    const { held, index } = this.parts;
    const stats = statOf(path);
    const tail = stats?.isFile() ? index.withFile(stats) : undefined;
    if (tail !== undefined || !stats?.isFile()) held.drop(path);
    if (tail !== undefined) this.considerName(tail, path);
    else if (stats?.isFile()) this.considerNew(path, scope, stats);
    return stats?.isFile() === true;
  }

  /** The path leads to a tail's file. It is a new name of the file, or a second one, which changes nothing. */
  private considerName(tail: Tail, path: string): void {
    if (tail.mode === "named") this.parts.poller.poll(tail);
    if (!tail.attached) return;
    if (tail.mode !== "named") this.rename(tail, path);
    else if (tail.path !== path) tail.otherPath = path;
  }

  /** Every scan comes here with each ignored file, and there may be 100,000: each costs only a stat. */
  private considerNew(path: string, scope: Scope, stats: BigIntStats): void {
    const { firstStart, held, links, relations, shared } = this.parts;
    const expected = relations.ofInode(stats);
    if (expected.length === 0 && scope === "any") {
      firstStart.see(fileKey(stats), stats);
      const { ignoreOlder } = shared.options;
      if (ignoreOlder > 0 && shared.clock.wall() - Number(stats.mtimeMs) > ignoreOlder) return;
    }
    if (scope === "resume" && expected.length === 0 && !relations.concern(path)) return;
    const original = this.considerOriginal(path);
    const opened = links.open(path, fileKey(stats));
    if (opened === "nowhere") return held.drop(path);
    // The file was just replaced. A scan or notification will lead here again.
    if (opened === undefined) return;
    const candidate = Candidate.of(path, opened, stats);
    try {
      this.judge(candidate, scope, original);
    } finally {
      candidate.close();
    }
  }

  /**
   * Considers the uncompressed original first. A compressed file that is judged before its original would be taken for a file
   * of its own.
   * @returns the original, if it is held
   */
  private considerOriginal(path: string): Held | undefined {
    const { index, held, excluded } = this.parts;
    const original = unpackedPath(path);
    if (original === undefined || excluded(original)) return undefined;
    if (index.at(original) === undefined && held.at(original) === undefined && this.isMatched(original))
      this.consider(original);
    return held.at(original);
  }

  private isMatched(path: string): boolean {
    return this.parts.relations.matches(path);
  }

  private judge(candidate: Candidate, scope: Scope, original: Held | undefined): void {
    const { assignments, held, relations } = this.parts;
    const { path, size, stats } = candidate;
    const { verdicts, ...facts } = held.facts(path, fileKey(stats), size);
    if (original !== undefined && this.holding === "allowed")
      return held.hold(path, fileKey(stats), size, original.holds, scope);
    const sources = relations.ofInode(stats);
    this.apply(resolve({ ...facts, holding: this.holding }, relations.of(candidate, verdicts)), candidate, scope);
    // These sources had the file, which has other content now.
    for (const source of sources)
      if (source.mode === "expected") assignments.detach(source, { reason: "deleted", bytes: source.lag });
  }

  private apply(decision: Decision, candidate: Candidate, scope: Scope): void {
    const { assignments, held, poller, shared } = this.parts;
    const { path, size, stats } = candidate;
    if (decision.kind === "hold" || (decision.kind === "resume" && decision.source.slot === "reading")) {
      const holds =
        decision.kind === "hold" ? decision.holds : [{ source: decision.source, why: "undecided" } as const];
      return held.hold(path, fileKey(stats), size, holds, scope);
    }
    held.drop(path);
    if (decision.kind === "resume") {
      assignments.resume(decision.source, candidate);
      return poller.begin(decision.source, Number(stats.mtimeMs));
    }
    if (scope === "resume") return;
    this.enter(candidate, decision.kind);
    if (decision.kind === "skip") {
      const { source } = decision;
      const message = `${path} is a copy of ${source.path}, from which all of it was read: only what is added to it is read.`;
      shared.reports.info("copy_skipped", message, { path, source: source.path });
    }
  }

  /** Gives the file a source of its own, from its beginning or from its end. */
  private enter(candidate: Candidate, how: "new" | "skip"): void {
    const { assignments, descriptors, firstStart, index, poller, shared } = this.parts;
    const { path, real, size, stats } = candidate;
    const tail = new Tail(path, shared.clock.now());
    tail.attach(path, real, stats);
    if (shared.mode === "once") tail.end = "closing";
    const old = firstStart.take(fileKey(stats), size);
    if (how === "skip") assignments.beginAtEnd(tail, candidate);
    else if (size > 0) assignments.begin(tail, candidate, old);
    // Too few bytes to tell what the file is: wait for more.
    if (tail.source === undefined) tail.waitedSize = size;
    descriptors.adopt(tail, candidate);
    index.add(tail);
    if (tail.birthMs > shared.sinceMs) index.reuse(path, shared.sinceMs);
    poller.begin(tail, Number(stats.mtimeMs));
  }
}
