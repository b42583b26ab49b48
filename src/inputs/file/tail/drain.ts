// Waits until files have been read to the end that they had at some moment.
import type { Shared } from "../shared.ts";
import type { Tail } from "./tail.ts";

interface Waiter {
  /** Sizes to be reached. */
  readonly sizes: Map<Tail, number>;
  readonly resolve: () => void;
}

export class Drain {
  private readonly mode: Shared["mode"];
  private waiters: Waiter[] = [];

  constructor(mode: Shared["mode"]) {
    this.mode = mode;
  }

  /** Resolves when each of these files has been read to its current end, or cannot be read. */
  reached(tails: Iterable<Tail>): Promise<void> {
    // The content size of a compressed file is known only at its end.
    const sizes = new Map(Array.from(tails, (tail) => [tail, tail.packed === undefined ? tail.size : Infinity]));
    return new Promise((resolve) => {
      this.waiters.push({ sizes, resolve });
      this.check();
    });
  }

  /** Call this whenever a tail may have advanced. */
  check(): void {
    if (this.waiters.length === 0) return;
    this.waiters = this.waiters.filter(({ sizes, resolve }) => {
      for (const [tail, size] of sizes) if (this.hasReached(tail, size)) sizes.delete(tail);
      if (sizes.size > 0) return true;
      resolve();
      return false;
    });
  }

  private hasReached(tail: Tail, wanted: number): boolean {
    if (!tail.attached) return true;
    // The file may have been truncated meanwhile.
    const size = Math.min(wanted, tail.size);
    if (this.mode === "once") return tail.position >= size || tail.failing === "yes";
    // In `follow` mode a partial last line stays in the file.
    return tail.searched >= size;
  }
}
