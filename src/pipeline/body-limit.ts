// Learns how large a body this server takes, from bodies that it refused for their size (413) or repeatedly turned away (429).
// Invariants: a body has at most `bytes`, unless a single document is larger; after a refusal hardly a byte is sent in vain:
// bodies have a size that was accepted, and a larger one is tried only once in many bodies.
import type { Log } from "../core/log.ts";
import { flow } from "../core/figures.ts";

/** Smallest limit. Smaller bodies would not help. */
const LEAST = 16 * 1024;
/** After a 413, so many full bodies must be accepted before a larger one is tried. Doubles with each try that fails. */
const NEEDED_AFTER_413 = 64;
/** The same if there were only 429s. No size is known to be too large, so a body twice as large is tried. */
const NEEDED_AFTER_429 = 4;
/** `needed` doubles up to this. */
const MOST_NEEDED = 4096;
/** After a 413, a body this many times as large is tried. */
const STEP = 1.25;
/** Requests in a row that are turned away (429) before the limit is halved. */
const TURNED_AWAY = 3;

export class BodyLimit {
  private readonly most: number;
  private readonly log: Log;
  private limit: number;
  /** The largest accepted body. Reset when one of that size or less is refused, or after 429s. */
  private accepted = 0;
  /** Size of the body refused last; Infinity: no size is known to be too large. */
  private refused = Infinity;
  private turnedAway = 0;
  /** Full bodies accepted since the limit changed. */
  private fullBodies = 0;
  /** Full bodies that must be accepted before a larger one is tried. */
  private needed = NEEDED_AFTER_429;

  /** @param most bytes of a usual body */
  constructor(most: number, log: Log) {
    this.most = most;
    this.limit = most;
    this.log = log;
  }

  get bytes(): number {
    return this.limit;
  }

  /** The server accepted a body, whatever the verdicts on its documents. */
  took(bytes: number): void {
    this.turnedAway = 0;
    this.accepted = Math.max(this.accepted, bytes);
    if (this.limit === this.most) return;
    this.limit = Math.max(this.limit, Math.min(this.most, bytes));
    if (bytes < this.limit * 0.7) return;
    if (++this.fullBodies >= this.needed) this.set(this.limit * (this.refused === Infinity ? 2 : STEP));
  }

  /** A body of several documents was refused for its size. @returns whether bodies are smaller from now on */
  tooLarge(bytes: number): boolean {
    // This body was sent before the limit fell, and met the same limit of the server.
    if (bytes > this.limit * STEP) return true;
    if (this.refused === Infinity) {
      this.needed = NEEDED_AFTER_413;
      this.say(bytes);
    } else if (this.accepted > 0) this.needed = Math.min(MOST_NEEDED, this.needed * 2);
    if (bytes <= this.accepted) this.accepted = 0;
    this.refused = bytes;
    this.set(Math.max(bytes / 2, this.accepted));
    return this.limit < bytes;
  }

  /** A whole request was turned away (429), because of the server memory that it would take. */
  busy(bytes: number): void {
    if (++this.turnedAway < TURNED_AWAY) return;
    this.turnedAway = 0;
    this.accepted = 0;
    this.needed = Math.min(MOST_NEEDED, this.needed * 2);
    this.set(Math.min(this.limit, bytes) / 2);
  }

  private set(bytes: number): void {
    this.limit = Math.floor(Math.min(this.most, Math.max(LEAST, bytes)));
    this.fullBodies = 0;
    if (this.limit === this.most) {
      this.refused = Infinity;
      this.needed = NEEDED_AFTER_429;
    }
  }

  private say(bytes: number): void {
    const sentence =
      `a request of ${flow(bytes)} is too large for the server or for a proxy before it (413): ` +
      "requests become smaller; raise the limit there (nginx: client_max_body_size), or lower output.batch.bytes";
    this.log.warn("body_too_large", sentence, { bytes });
  }
}
