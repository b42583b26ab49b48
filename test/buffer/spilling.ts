// A buffer state in which every chunk becomes a row.
import { setMode } from "../../src/buffer/budget/modes.ts";
import { Held, type HeldOptions, seqs } from "./held.ts";

export class Spilling extends Held {
  constructor(options: HeldOptions = {}) {
    super(options);
    this.source();
    this.spilling();
  }

  spilling(...targets: readonly string[]): void {
    for (const target of ["i", ...targets]) setMode(this.state, this.queue(target), "spill");
  }

  /** Sequence numbers of the chunks that would become rows now, in ascending order. */
  chosen(): number[] {
    const writing = this.compose();
    if (!writing) return [];
    this.fail(writing);
    return seqs(writing.added).toSorted((a, b) => a - b);
  }
}
