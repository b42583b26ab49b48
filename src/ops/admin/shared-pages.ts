// Makes a page once for all requests that are waiting for it. Each response shows a state after its request, and 60 simultaneous
// clients cost one page instead of 60, of a quarter of a MB each (with a hundred inputs).
import type { Reply } from "./router.ts";
import type { Turns } from "./turns.ts";

export class SharedPages {
  private readonly turns: Turns;
  /** The waiting requests, by page. */
  private readonly waiting = new Map<string, Set<(reply: Reply) => void>>();

  constructor(turns: Turns) {
    this.turns = turns;
  }

  /**
   * Calls `answer` with the page, at once or when its turn comes. Requests with the same key get the same page. Call the result
   * to cancel; a page for which nobody waits any more is not made. */
  ask(key: string, make: () => Reply, answer: (reply: Reply) => void): () => void {
    const own = (reply: Reply): void => answer(reply);
    const others = this.waiting.get(key);
    if (others !== undefined) {
      others.add(own);
      return () => void others.delete(own);
    }
    const askers = new Set([own]);
    this.waiting.set(key, askers);
    this.turns.take(() => {
      this.waiting.delete(key);
      if (askers.size === 0) return;
      const reply = make();
      for (const asker of askers) asker(reply);
    });
    return () => void askers.delete(own);
  }
}
