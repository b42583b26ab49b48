// Decides what a file is that no tail reads: the file of a known source, a copy, or new. A pure function. The rules, in this
// order:
//
// 1. It has the inode of a source that has lost its file, and the content that was read: the source resumes in it. On an overlay
//    the birth time may differ, since an overlay copies a file at the first write.
// 2. It has the path of a source, another inode, the content that was read and a full fingerprint: the source resumes in it.
//    rsync and `sed -i` write a file anew, and so do restores and moves to another disk. Exception: a file with no more than
//    what was read, at a path that did not exist in between, is new, such as a status file that is rewritten each night.
// 3. It has a rotated name of a source's file, and a full fingerprint: it is a copy of that source. It is not read while the
//    source's own file can be read. A source that has lost its file resumes in its copy.
// 4. Otherwise it is new.
//
// With less evidence, a file is read: duplicates are better than losses. A file is held back only while it may still gain
// evidence, as a copy in progress does, and at most for MOST_HELD_MS after it last grew.
import type { Tail } from "../tail/tail.ts";
import type { Evidence } from "./candidate.ts";

/**
 * State of the source's own file. readable: it can be read. undecided: it may still be found. lost: no file has the source's
 * content.
 */
export type SourceState = "readable" | "undecided" | "lost";

export interface Relation {
  readonly source: Tail;
  readonly by: "inode" | "overlay" | "path" | "rotation";
  readonly state: SourceState;
  readonly evidence: Evidence;
}

export interface CandidateFacts {
  readonly size: number;
  /** Milliseconds since it was first seen, and since it last grew. */
  readonly waitedMs: number;
  readonly quietMs: number;
  /** over: a `once` run is about to end and decides without waiting. */
  readonly holding: "allowed" | "over";
}

/**
 * incomplete: it may become a copy. complete: it is a copy, and may still grow. unread: it is a copy of content that its source
 * will read. unverified: it must be unpacked and compared. undecided: the source's own file may still be found.
 */
export type HoldReason = "incomplete" | "complete" | "unread" | "unverified" | "undecided";

/** A source that a held file may be a copy of. */
export interface Hold {
  readonly source: Tail;
  readonly why: HoldReason;
}

export type Decision =
  | { readonly kind: "new" }
  /** The source resumes in the file. */
  | { readonly kind: "resume"; readonly source: Tail }
  /** The file is not read, since all of it was read from the source. */
  | { readonly kind: "skip"; readonly source: Tail }
  /** The file waits. It may be a copy of any of these sources, which are not released until that is decided. */
  | { readonly kind: "hold"; readonly holds: readonly Hold[] };

/** The decision by one relation alone. */
type Judgement = Exclude<Decision, { kind: "hold" }> | ({ readonly kind: "hold" } & Hold);

const NEW: Decision & Judgement = { kind: "new" };

export const MOST_HELD_MS = 60_000;
/** A file that has not grown for this long is usually complete. And nobody copies an unlinked file. */
export const WHOLE_MS = 5000;
/** A copy in progress grows by at least a MiB per second. A file that grows more slowly is a log of its own. */
const COPIED_BYTES_PER_MS = 1048;

/** @param relations the strongest first */
export function resolve(candidate: CandidateFacts, relations: readonly Relation[]): Decision {
  const holds: Hold[] = [];
  let skipped: Tail | undefined;
  for (const relation of relations) {
    const judged = judge(candidate, relation);
    if (judged.kind === "resume") return judged;
    if (judged.kind === "hold") holds.push({ source: judged.source, why: judged.why });
    if (judged.kind === "skip") skipped ??= judged.source;
  }
  if (holds.length > 0) return { kind: "hold", holds };
  return skipped === undefined ? NEW : { kind: "skip", source: skipped };
}

function judge(candidate: CandidateFacts, relation: Relation): Judgement {
  const { source, by, evidence } = relation;
  if (evidence === "different") return NEW;
  if (by === "inode") return { kind: "resume", source };
  if (by === "overlay") return isRecreated(evidence, source) ? NEW : { kind: "resume", source };
  return by === "path" ? judgePath(candidate, relation) : judgeCopy(candidate, relation);
}

function judgePath(candidate: CandidateFacts, { source, state, evidence }: Relation): Judgement {
  if (evidence === "unverified" && !growsOn(candidate, source)) return { kind: "hold", source, why: "unverified" };
  if ((evidence !== "full" && evidence !== "same") || isRecreated(evidence, source)) return NEW;
  // The source's file exists under another name, so this is another file.
  if (state === "readable" && source.links > 0) return NEW;
  return mayWait(candidate, state) ? { kind: "hold", source, why: "undecided" } : { kind: "resume", source };
}

function judgeCopy(candidate: CandidateFacts, relation: Relation): Judgement {
  const { source, state, evidence } = relation;
  const hold = (why: HoldReason): Judgement => ({ kind: "hold", source, why });
  // Unpacking a large file takes longer than MOST_HELD_MS, so that limit does not apply here.
  if (evidence === "unverified") return growsOn(candidate, source) ? NEW : hold("unverified");
  if (mayWait(candidate, state)) return hold("undecided");
  switch (evidence) {
    case "full":
      return state === "readable" ? hold("unread") : { kind: "resume", source };
    case "same":
      if (state !== "readable") return { kind: "resume", source };
      return source.mode === "unlinked" ? hold("unread") : judgeOlder(candidate, source);
    case "older":
      return state === "readable" ? judgeOlder(candidate, source) : { kind: "skip", source };
    case "partial":
      return candidate.holding === "over" || isLate(candidate, source) ? NEW : hold("incomplete");
    case "different":
      return NEW;
  }
}

/** All of the candidate was read from the source, but it may still grow, as a copy in progress does. */
function judgeOlder(candidate: CandidateFacts, source: Tail): Judgement {
  const quiet = candidate.quietMs >= (source.mode === "unlinked" ? WHOLE_MS : MOST_HELD_MS);
  if (quiet || candidate.holding === "over") return { kind: "skip", source };
  return isLate(candidate, source) ? NEW : { kind: "hold", source, why: "complete" };
}

function mayWait({ waitedMs, holding }: CandidateFacts, state: SourceState): boolean {
  return state === "undecided" && holding === "allowed" && waitedMs < MOST_HELD_MS;
}

/** Whether the file has no more than was read, at a path that did not exist in between. */
function isRecreated(evidence: Evidence, { absent }: Tail): boolean {
  return absent === "yes" && evidence === "same";
}

function isLate(candidate: CandidateFacts, source: Tail): boolean {
  return candidate.quietMs >= MOST_HELD_MS || growsOn(candidate, source);
}

/** Whether the file has kept growing for longer than a copy would. */
function growsOn({ quietMs, waitedMs }: CandidateFacts, { stored, position }: Tail): boolean {
  return quietMs < waitedMs && waitedMs >= MOST_HELD_MS + Math.max(stored, position) / COPIED_BYTES_PER_MS;
}
