// When each file is polled next: a timer wheel, so that 100,000 files need no timers. A tail is planned once. Planning it again
// moves it: its entry in the old slot is skipped.
import type { Tail } from "./tail.ts";

export const TICK_MS = 250;
/** The longest plan is one round. */
const SLOTS = 512;

export class TimerWheel {
  private readonly slots: Tail[][] = Array.from({ length: SLOTS }, () => []);
  private tick = 0;

  plan(tail: Tail, ms: number): void {
    const ticks = Math.min(SLOTS - 1, Math.max(1, Math.round(ms / TICK_MS)));
    const due = this.tick + ticks;
    if (tail.dueTick === due) return;
    tail.dueTick = due;
    this.slot(due).push(tail);
  }

  /** Advances one tick. Returns the tails to be polled now; each must be planned again. */
  next(): readonly Tail[] {
    this.tick++;
    const slot = this.slot(this.tick);
    this.slots[this.tick % SLOTS] = [];
    return slot.filter((tail) => {
      if (tail.dueTick !== this.tick) return false;
      tail.dueTick = -1;
      return true;
    });
  }

  private slot(tick: number): Tail[] {
    return this.slots[tick % SLOTS] as Tail[];
  }
}
