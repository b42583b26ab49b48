// Folds repeats of an event: beyond `limit` in a window, messages are counted instead of written. At the end of the window, one
// line gives their number and the last message. Pure: the time is passed in. Invariant: every repeat is either passed or counted
// in exactly one summary.

export interface Folded {
  readonly event: string;
  /** How many messages were not written. */
  readonly count: number;
  /** The last of those messages. */
  readonly last: string;
  /** What they were about, each once, at most MOST_SUBJECTS. */
  readonly subjects: readonly string[];
}

const MOST_SUBJECTS = 64;

interface Window {
  readonly endsAt: number;
  passed: number;
  folded: number;
  last: string;
  readonly subjects: Set<string>;
}

export class Fold {
  readonly windowMs: number;
  private readonly limit: number;
  /** One per event; events are a fixed list of words, so this is bounded. */
  private readonly windows = new Map<string, Window>();

  constructor(limit: number, windowMs: number) {
    this.limit = limit;
    this.windowMs = windowMs;
  }

  /** Call `ended` first, so that a finished window is already summarized. */
  admit(event: string, message: string, now: number, subject?: string): "pass" | "fold" {
    let window = this.windows.get(event);
    if (window === undefined) {
      window = { endsAt: now + this.windowMs, passed: 0, folded: 0, last: "", subjects: new Set() };
      this.windows.set(event, window);
    }
    if (window.passed < this.limit) {
      window.passed++;
      return "pass";
    }
    window.folded++;
    window.last = message;
    if (subject !== undefined && window.subjects.size < MOST_SUBJECTS) window.subjects.add(subject);
    return "fold";
  }

  /** Closes the windows that are over; with `now` Infinity, all of them. */
  ended(now: number): Folded[] {
    const summaries: Folded[] = [];
    for (const [event, window] of this.windows) {
      // All windows are equally long, so they are in the order in which they end.
      if (now < window.endsAt) break;
      this.windows.delete(event);
      const { folded: count, last, subjects } = window;
      if (count > 0) summaries.push({ event, count, last, subjects: [...subjects] });
    }
    return summaries;
  }
}
