// Who waits until the files were read to the end that they had at some moment.
import type { SourceId } from "../../core/source.ts";
import type { Shared } from "./parts.ts";
import type { Tail } from "./tail.ts";

interface Goal {
  readonly source: SourceId | undefined;
  readonly size: number;
}

interface Waiter {
  readonly goals: Map<Tail, Goal>;
  readonly resolve: () => void;
}

export class Goals {
  private readonly mode: Shared["mode"];
  private waiters: Waiter[] = [];

  constructor(mode: Shared["mode"]) {
    this.mode = mode;
  }

  /** Resolves when each of these was read to the end that it has now, or cannot be. */
  reached(tails: Iterable<Tail>): Promise<void> {
    const goals = new Map<Tail, Goal>();
    for (const tail of tails) goals.set(tail, { source: tail.source, size: goalOf(tail) });
    return new Promise((resolve) => {
      this.waiters.push({ goals, resolve });
      this.check();
    });
  }

  /** To be called whenever a tail may have come further. */
  check(): void {
    if (this.waiters.length === 0) return;
    this.waiters = this.waiters.filter((waiter) => {
      for (const [tail, goal] of waiter.goals) if (this.met(tail, goal)) waiter.goals.delete(tail);
      if (waiter.goals.size > 0) return true;
      waiter.resolve();
      return false;
    });
  }

  private met(tail: Tail, goal: Goal): boolean {
    if (tail.mode === "over" || tail.source !== goal.source) return true;
    // It may have been cut meanwhile.
    const size = Math.min(goal.size, tail.size);
    if (this.mode === "once") return tail.position >= size || tail.failing === "yes";
    // A partial last line stays in the file.
    return tail.searched >= size;
  }
}

/** What a compressed file unpacks to is known at its end. */
function goalOf(tail: Tail): number {
  return tail.packed === undefined ? tail.size : Infinity;
}
