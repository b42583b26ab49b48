// Frees the zstd contexts that compressing leaves behind: 60 MiB of them in a busy worker. Each belongs to a small object
// that only a full collection finds, and V8 sees no reason for one in a heap of 5 MiB; there it takes a few milliseconds.
// Decompressing leaves twice as much, a context and what came out of it. Collecting four times as often costs a third of
// the speed and brings 5 MiB.
import { collector } from "../core/collector.ts";

/** Contexts that are worth a collection: 16 MiB of memory, 64 MiB of log. */
const ENOUGH = 64;

export class Sweep {
  private readonly collect = collector("regular");
  private contexts = 0;

  compressed(times: number): void {
    this.left(times);
  }

  decompressed(): void {
    this.left(2);
  }

  private left(contexts: number): void {
    this.contexts += contexts;
    if (this.contexts < ENOUGH) return;
    this.contexts = 0;
    this.collect();
  }
}
