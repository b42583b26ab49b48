// Repeats of one event, folded: past `limit` in a window the rest are counted instead of written, and when the window
// ends one line says how many there were and what the last one said. Pure: time is handed in. What must hold: every
// repeat is either passed or counted in exactly one summary.

export interface Folded {
  readonly event: string;
  /** How many were not written. */
  readonly count: number;
  /** What the last of them said. */
  readonly last: string;
}

interface Window {
  readonly endsAt: number;
  passed: number;
  folded: number;
  last: string;
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

  /** Call `ended` first, so that a window that is over has been summed up. */
  admit(event: string, message: string, now: number): "pass" | "fold" {
    let window = this.windows.get(event);
    if (window === undefined) {
      window = { endsAt: now + this.windowMs, passed: 0, folded: 0, last: "" };
      this.windows.set(event, window);
    }
    if (window.passed < this.limit) {
      window.passed++;
      return "pass";
    }
    window.folded++;
    window.last = message;
    return "fold";
  }

  /** Closes the windows that are over; all of them with `now` Infinity. */
  ended(now: number): Folded[] {
    const summaries: Folded[] = [];
    for (const [event, window] of this.windows) {
      // All windows are equally long, so they stand in the order in which they end.
      if (now < window.endsAt) break;
      this.windows.delete(event);
      if (window.folded > 0) summaries.push({ event, count: window.folded, last: window.last });
    }
    return summaries;
  }
}
