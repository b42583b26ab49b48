// A lane is the delivery state of one target: its failures, when it may be tried again, how large its bodies may be. A target
// that takes nothing does not delay others: its lane holds nothing while it waits, and is tried with one chunk at a time.
import type { Chunk, Side } from "../buffer/chunk.ts";
import { backoff } from "./backoff.ts";
import { DocLimit } from "./doc-limit.ts";
import { UnclearRefusals } from "./unclear-refusals.ts";
import { Suspects } from "./suspects.ts";
import { WholeFailures } from "./whole-failures.ts";

/** A target is stuck after it has refused everything for this long while the server answers. */
const STUCK_MS = 5000;
/** After so many requests for new chunks in a row, a request takes old ones. */
const NEW_IN_ROW = 2;
/** Longest wait before the rest of a partly stored body is sent again. */
const PROGRESS_MS = 500;

/** After so many failures in a row with an unknown error, the target is tried with single documents. */
const MOST_UNCLEAR = 5;

/** After so many failures in a row, a document may be the cause, though no other target stores anything. */
const MOST_REJECTED = 10;
/**
 * Longest wait for room for dead letters. Without the wait, refused documents were sent 3.5 times before a commit had made room.
 * Longer, and the rest of a chunk whose dead letters fill the room would never be sent.
 */
const DEAD_LETTERS_MS = 1000;

/** See Lane.failed. */
export type Cause = "target" | "server" | "unclear" | "agent";

/** Why a lane waits. */
export interface Trouble {
  readonly why: string;
  /** What to do about it; "": no advice. */
  readonly hint: string;
  /** Wall clock. */
  readonly atMs: number;
}

export class Lane {
  readonly target: string;
  /** Attempts in a row that settled nothing. */
  failures = 0;
  /** Monotonic: the target is not tried again before. */
  retryAt = -Infinity;
  /** Monotonic: nothing is sent before, for lack of room or of chunks that may be sent. Does not end a stuck target's probe. */
  pausedUntil = -Infinity;
  /** How many documents of a body the target takes at once. */
  readonly docLimit: DocLimit;
  /** One of the next so many documents makes a body unreadable for the server; 0: none is known to. */
  private unreadable = 0;
  /** Monotonic: when the search for that document began. */
  private searchBegan = Infinity;
  /** Failures in a row with an unknown error: the documents or the target may be the cause. */
  private unclearInRow = 0;
  inFlight = 0;
  /** Milliseconds that its last response took, or for which a request that was cancelled then had no response. */
  responseMs = 0;
  /** The last pass of `Lanes` in which the lane had something to send. */
  seen = 0;
  /** The first record does not fit into a usual body: it is sent alone, with the whole quota for bodies. */
  wide = false;
  /** Which chunks the next request takes. */
  side: Side = "old";
  private newInRow = 0;
  /** The side of a document that is sent alone or in smaller bodies: the next bodies take only this side until it is settled. */
  private onlySide: Side | undefined;
  trouble: Trouble | undefined;
  /** Decides about documents that the target refuses with an unknown error. */
  readonly unclearRefusals = new UnclearRefusals();
  /** Monotonic: since when the target itself refuses everything; undefined: it does not. */
  private refusesSince: number | undefined;
  /** Monotonic: since when none of its requests under way was answered; undefined: no request is under way. */
  private waitsSince: number | undefined;
  /** The target has not responded for long, while the server responds to requests of others. */
  hangs = false;
  /** Failures in a row of whole requests. */
  readonly whole = new WholeFailures();
  /**
   * Monotonic. The last response refused at least half of its documents for good: until then the next body waits for room for
   * dead letters, and it is the only one under way. -Infinity: it refused fewer.
   */
  private refusedUntil = -Infinity;

  /** Decides about documents for which the server may refuse every request that they are in. */
  readonly suspects: Suspects;

  /** @param batch documents of a usual body @param hosts how many the output has */
  constructor(target: string, batch: number, hosts = 1) {
    this.target = target;
    this.suspects = new Suspects(hosts);
    this.docLimit = new DocLimit(batch);
  }

  /** Most documents of the next body. */
  get maxDocs(): number {
    if (this.isHeld) return 1;
    return this.unreadable > 0 ? Math.min(this.docLimit.docs, Math.ceil(this.unreadable / 2)) : this.docLimit.docs;
  }

  /** The target refuses everything with an unknown error. It is tried with single documents, each time of another chunk. */
  get isHeld(): boolean {
    return this.unclearInRow >= MOST_UNCLEAR;
  }

  /** The side that the next request takes, if both have something to send. */
  get nextSide(): Side {
    return this.onlySide ?? (this.newInRow < NEW_IN_ROW ? "new" : "old");
  }

  /** New chunks were sent since the last old ones. The lane is kept while old ones wait on the disk. */
  get owesOld(): boolean {
    return this.newInRow > 0;
  }

  /** The next document of this side needs the whole quota for bodies. */
  widen(side: Side): void {
    this.wide = true;
    this.onlySide = side;
  }

  /** No document needs the whole quota for bodies any more. */
  narrow(): void {
    if (this.wide) this.onlySide = undefined;
    this.wide = false;
  }

  begun(now: number, side: Side): void {
    this.newInRow = side === "new" ? this.newInRow + 1 : 0;
    this.inFlight++;
    this.waitsSince ??= now;
  }

  ended(now: number): void {
    this.inFlight--;
    this.waitsSince = this.inFlight > 0 ? now : undefined;
  }

  /** Milliseconds for which its requests under way have had no response. */
  silentMs(now: number): number {
    return this.waitsSince === undefined ? 0 : now - this.waitsSince;
  }

  /**
   * Called after documents were settled.
   * @param docs how many of the body
   * @param restMs longest wait before the rest of the body is sent again; 0: there is no rest. The caller passes half the time in
   * which as many documents were settled, so that a server that takes a part of each body is busy most of the time
   */
  progressed(restMs: number, now: number, random: number, docs = Infinity): void {
    this.failures = 0;
    this.unclearInRow = 0;
    // The unreadable document is one of those after the settled ones.
    this.unreadable = Math.max(0, this.unreadable - docs);
    if (this.unreadable === 0) this.onlySide = undefined;
    this.retryAt = restMs > 0 ? now + random * Math.min(PROGRESS_MS, restMs) : -Infinity;
    this.trouble = undefined;
    this.clearStuck();
  }

  /**
   * Called after a request that settled nothing.
   * @param by target: the target refuses what others may take. server: any target would have failed. unclear: one or the other.
   * agent: the agent could not send, or not keep the result.
   */
  failed(by: Cause, trouble: Trouble, now: number, random: number, askedMs: number): void {
    this.retryAt = now + backoff(++this.failures, random, askedMs);
    this.trouble = trouble;
    this.unclearInRow = by === "unclear" ? this.unclearInRow + 1 : 0;
    if (by === "target") this.refusesSince ??= now;
    // While the server fails, nothing shows whether the target would still refuse.
    else if (!this.isStuck(now)) this.refusesSince = undefined;
  }

  /** The server could not read a body: one of its documents is at fault. The next body has half of the documents in question. */
  halve(docs: number, side: Side, now = Infinity): void {
    if (this.unreadable === 0) this.searchBegan = now;
    this.unreadable = Math.min(this.unreadable || Infinity, docs);
    this.onlySide = side;
  }

  /** Whole requests fail again and again, so one of the documents may be the cause. */
  get isRejected(): boolean {
    return this.unreadable > 0 || this.whole.isAlone || this.failures >= MOST_REJECTED;
  }

  /** A document caused the failures, so the target is not stuck. A stuck target would be probed with this document only. */
  clearStuck(): void {
    this.refusesSince = undefined;
    this.hangs = false;
    this.whole.clear();
  }

  /** Monotonic: when the search for an unreadable document began; Infinity: there is none. */
  get searchedSince(): number {
    return this.unreadable > 0 ? this.searchBegan : Infinity;
  }

  /** Which of these chunks the next body takes, and how many documents. A document that may be at fault is sent by itself. */
  bodyOf(chunks: readonly Chunk[]): { readonly chunks: readonly Chunk[]; readonly docs: number } {
    const alone = chunks.findIndex((chunk) => this.isAlone(chunk));
    if (alone < 0) return { chunks, docs: this.maxDocs };
    return alone === 0
      ? { chunks: chunks.slice(0, 1), docs: 1 }
      : { chunks: chunks.slice(0, alone), docs: this.maxDocs };
  }

  /** It may have another lane's request cancelled: it has none under way, and none of its last ones failed. */
  get mayCancelOthers(): boolean {
    return this.inFlight === 0 && this.failures === 0;
  }

  private isAlone(chunk: Chunk): boolean {
    return this.unclearRefusals.isUnreadable(chunk) || this.unclearRefusals.resists(chunk) || this.suspects.has(chunk);
  }

  isStuck(now: number): boolean {
    return this.hangs || this.whole.isAlone || (this.refusesSince !== undefined && now - this.refusesSince >= STUCK_MS);
  }

  /** Monotonic: the earliest time for the next body. */
  get startsAt(): number {
    return Math.max(this.retryAt, this.pausedUntil);
  }

  /** Called after a response. @param share the part of its documents that were refused for good, kept as dead letters or not */
  refused(share: number, now: number): void {
    this.refusedUntil = share >= 0.5 ? now + DEAD_LETTERS_MS : -Infinity;
  }

  /**
   * Whether a body may be sent. A lane whose last attempts failed, were refused for good, or are a search, sends one at a time.
   * @param keepsLetters there is room for dead letters
   */
  mayStart(now: number, keepsLetters = true): boolean {
    const refuses = this.refusedUntil > -Infinity;
    if (refuses && !keepsLetters && now < this.refusedUntil) return false;
    const isFree = this.failures === 0 && this.unreadable === 0 && !refuses;
    return now >= this.startsAt && (isFree || this.inFlight === 0);
  }
}
