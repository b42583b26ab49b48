// One file that waits because it may be a copy (suspects.ts): since when, and when it is judged again.

/** Between two judgements of one file; doubles. */
const FIRST_MS = 250;
const MOST_MS = 8000;

export class Waiting {
  /** Which file has the path. */
  readonly key: string;
  size: number;
  grownAt: number;
  /** The fewest bytes that it has lacked of what it may become a copy of, and since when. */
  private lacks = Infinity;
  nearerAt: number;
  dueAt: number;
  private pause = FIRST_MS;
  /** Compared with the file that is called the same without .gz. */
  twin: "unknown" | "copy" | "other" = "unknown";

  constructor(key: string, size: number, now: number) {
    this.key = key;
    this.size = size;
    this.grownAt = now;
    this.nearerAt = now;
    this.dueAt = now;
  }

  grow(size: number, now: number): void {
    this.size = size;
    this.grownAt = now;
    this.pause = FIRST_MS;
    this.twin = "unknown";
  }

  comeNearer(lacks: number, now: number): void {
    if (lacks >= this.lacks) return;
    this.lacks = lacks;
    this.nearerAt = now;
  }

  planNext(now: number): void {
    this.dueAt = now + this.pause;
    this.pause = Math.min(MOST_MS, 2 * this.pause);
  }
}
