// Learns how many documents of a body a target takes at once, from bodies of which only the first documents could be settled: a
// server under pressure takes the beginning of a body and answers 429 for all the rest. Invariants: the limit is never below
// LEAST and never above that of a usual body; without such answers it returns to that one.
//
// Bodies of which other documents were refused do not count: the server picks these by shard, and would pick as many of a
// smaller body.

/** If a target takes one document of each body, three are sent for it. */
const LEAST = 3;
/** After so many full bodies of which everything was settled, a larger body is tried. */
const NEEDED = 4;
/** `needed` doubles up to this, each time the target stops at about the same number again. */
const MOST_NEEDED = 64;
/** The next body is this many times as large, or twice as large if no number is known to be too large. */
const STEP = 1.25;
/** Two numbers that differ by at most this part are one limit of the target. */
const SAME = 0.1;

export class DocLimit {
  private readonly most: number;
  private limit: number;
  /** How many were settled when the target stopped last; 0: it has taken more since. */
  private stoppedAt = 0;
  /** Full bodies of which everything must be settled before a larger one is tried. */
  private needed = NEEDED;
  /** Full bodies since the limit changed. */
  private fullBodies = 0;

  /** @param most documents of a usual body */
  constructor(most: number) {
    this.most = most;
    this.limit = most;
  }

  get docs(): number {
    return this.limit;
  }

  /** Only the first `settled` documents of a body could be settled, at least one. */
  stopped(settled: number): void {
    const isSame = Math.abs(settled - this.stoppedAt) <= this.stoppedAt * SAME;
    this.needed = isSame ? Math.min(MOST_NEEDED, this.needed * 2) : NEEDED;
    this.stoppedAt = settled;
    this.set(settled);
  }

  /** Something of a body was settled, and the target did not stop within it. @param docs documents of the body */
  went(docs: number): void {
    if (docs > this.stoppedAt * (1 + SAME)) {
      this.stoppedAt = 0;
      this.needed = NEEDED;
    }
    if (docs < this.limit * 0.7 || ++this.fullBodies < this.needed) return;
    this.set(Math.ceil(this.limit * (this.stoppedAt > 0 ? STEP : 2)));
  }

  private set(docs: number): void {
    this.limit = Math.min(this.most, Math.max(LEAST, docs));
    this.fullBodies = 0;
  }
}
