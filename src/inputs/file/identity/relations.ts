// Finds the sources that a file may belong to, by its inode, its path and its name, and compares its content with theirs.
import type { BigIntStats } from "node:fs";
import { isOnOverlay } from "../file-systems.ts";
import { fstatSync } from "../mounts/system-calls.ts";
import type { Descriptors } from "../tail/descriptors.ts";
import { birthMsOf, CLOSED, type Tail } from "../tail/tail.ts";
import { type Candidate, continues, type Live, type Verdicts } from "./candidate.ts";
import type { Relation, SourceState } from "./resolve.ts";
import { earlierPaths, unpackedPath } from "./rotation-name.ts";
import type { SourceIndex } from "./source-index.ts";

export interface RelationParts {
  readonly index: SourceIndex;
  readonly descriptors: Descriptors;
  /** Polls a tail: its file's content may have been replaced since the last poll. */
  readonly poll: (tail: Tail) => void;
  /** Whether a pattern matches a path. */
  readonly matches: (path: string) => boolean;
  /** Whether the source has a copy under a rotated name. */
  readonly hasCopy: (source: Tail) => "yes" | "perhaps" | "no";
}

export class Relations {
  private readonly parts: RelationParts;

  constructor(parts: RelationParts) {
    this.parts = parts;
  }

  matches(path: string): boolean {
    return this.parts.matches(path);
  }

  /** Sources without a file that had this one: those of an earlier process, and those that lost it. */
  ofInode(stats: BigIntStats): readonly Tail[] {
    const birthMs = birthMsOf(stats.birthtimeNs);
    const found = this.parts.index.withInode(Number(stats.ino));
    return found.filter((tail) => !tail.attached && tail.birthMs === birthMs);
  }

  /** Whether a source has or had this path, or one from which a rotation may have made it. */
  concern(path: string, earlier = earlierPaths(path)): boolean {
    const { index } = this.parts;
    const isOurs = (one: string): boolean => index.at(one) !== undefined || index.wasAt(one);
    return isOurs(path) || earlier.some(isOurs);
  }

  /** The strongest relations come first. */
  of(candidate: Candidate, verdicts: Verdicts): readonly Relation[] {
    const { path, real, stats } = candidate;
    const relations: Relation[] = [];
    for (const source of this.ofInode(stats).toSorted((a, b) => b.position - a.position))
      if (candidate.continues(source)) relations.push({ source, by: "inode", state: "lost", evidence: "full" });
    if (relations.length > 0) return relations;
    for (const source of this.formerlyAt(path, real)) relations.push(this.byPath(candidate, source, verdicts));
    for (const source of this.byName(path, real)) {
      if (candidate.isUnlike(source)) continue;
      relations.push(this.byCopy(candidate, source, verdicts));
      this.giveBack(source);
    }
    return relations;
  }

  private byCopy(candidate: Candidate, source: Tail, verdicts: Verdicts): Relation {
    const by = "rotation";
    // The source's file is being read at this moment and may be truncated already.
    if (source.slot === "reading") return { source, by, state: "undecided", evidence: "partial" };
    const verdict = verdicts.get(source);
    const live = this.live(source);
    const evidence = candidate.compare(source, live, verdict);
    if (evidence !== "different" || live === undefined || this.live(source) !== undefined)
      return { source, by, state: stateOf(source, live), evidence };
    // The file was truncated during the comparison, as copytruncate does.
    return { source, by, state: "undecided", evidence: candidate.compare(source, undefined, verdict) };
  }

  private byPath(candidate: Candidate, source: Tail, verdicts: Verdicts): Relation {
    const { stats, path } = candidate;
    const { slot, mode, fd, lag } = source;
    const sameInode = Number(stats.ino) === source.ino && Number(stats.dev) === source.dev;
    if (mode === "moved" && slot !== "reading" && sameInode && isOnOverlay(path) && candidate.continues(source))
      return { source, by: "overlay", state: "lost", evidence: candidate.size > source.position ? "full" : "same" };
    const copy = this.parts.hasCopy(source);
    // After a truncation, equal content is new content. Unread bytes of the old file must be in the candidate.
    const rewritten = source.loss?.reason === "truncated" || (fd !== CLOSED && lag > 0 && !candidate.goesOnFrom(fd));
    const evidence =
      rewritten || copy === "yes" ? "different" : candidate.compare(source, undefined, verdicts.get(source));
    const free = slot !== "reading" && copy === "no";
    const state = free && mode === "detached" ? "lost" : free && mode === "unlinked" ? "readable" : "undecided";
    return { source, by: "path", state, evidence };
  }

  private formerlyAt(path: string, real: string): ReadonlySet<Tail> {
    const { index } = this.parts;
    return new Set([...index.formerlyAt(path), ...index.formerlyAt(real)]);
  }

  private byName(path: string, real: string): readonly Tail[] {
    const { index, poll } = this.parts;
    const found = new Set<Tail>();
    const exact = unpackedPath(path);
    const paths = [...(exact === undefined ? [] : [exact]), ...earlierPaths(path)];
    if (real !== path) paths.push(...earlierPaths(real));
    for (const earlier of paths) {
      const tail = index.at(earlier);
      if (tail !== undefined) poll(tail);
      for (const each of [index.at(earlier), ...index.formerlyAt(earlier)])
        if (each?.source !== undefined) found.add(each);
    }
    return [...found];
  }

  /** Undefined: the file cannot be opened now, or its content was replaced, which the next read finds out. */
  private live(source: Tail): Live | undefined {
    const { fingerprint, position, checksum } = source;
    if (!source.attached || source.slot === "reading") return undefined;
    if (source.mode === "moved" && source.fd === CLOSED) return undefined;
    if (!this.parts.descriptors.open(source) || !continues(source.fd, fingerprint, position, checksum))
      return undefined;
    return { fd: source.fd, size: fstatSync(source.fd).size };
  }

  /** Closes a file that was opened for the comparison. */
  private giveBack(source: Tail): void {
    if (source.mode === "named" && source.slot === "none" && source.lag === 0) this.parts.descriptors.close(source);
  }
}

function stateOf({ mode }: Tail, live: Live | undefined): SourceState {
  if (mode === "detached") return "lost";
  return live === undefined ? "undecided" : "readable";
}
