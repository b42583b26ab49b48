// Sums that wait for a commit: changes to the durable ledger, loss ranges and dead letters. The chunks they come from may be
// gone from memory. Invariant: a transaction takes the books whole; if it fails, the books are restored whole.
import type { Chunk } from "../chunk.ts";
import { Deltas } from "./ledger.ts";
import { LossList, admissionLosses, settledLosses } from "./losses.ts";
import type { DeadLetter } from "../spool/spool.ts";

export class Books {
  readonly deltas = new Deltas();
  readonly losses = new LossList();
  readonly deadLetters: DeadLetter[] = [];

  /** Counts a chunk as read, with its fates from admission: when its row is inserted, or when the checkpoint passes it. */
  enter(chunk: Chunk, atMs: number): void {
    const { input } = chunk.source;
    let records = chunk.records;
    if (chunk.counted) {
      for (const [fate, count] of chunk.counted) {
        records += count.records;
        this.deltas.fate(input, fate, count.records, count.bytes);
      }
      this.losses.addAll(admissionLosses(chunk, atMs));
    }
    this.deltas.read(input, records, chunk.end - chunk.start);
  }

  /** Counts its fates from delivery and shedding: when its row is removed, or when the checkpoint passes it. */
  settle(chunk: Chunk, atMs: number): void {
    if (chunk.settled) {
      for (const { fate, records, bytes } of chunk.settled) this.deltas.fate(chunk.source.input, fate, records, bytes);
      this.losses.addAll(settledLosses(chunk, atMs));
    }
    if (chunk.deadLetters) this.deadLetters.push(...chunk.deadLetters);
  }

  /** Adds the contents of other books. */
  add(other: Books): void {
    this.deltas.add(other.deltas);
    this.losses.addAll(other.losses);
    this.deadLetters.push(...other.deadLetters);
  }

  get isEmpty(): boolean {
    return this.deltas.isEmpty && this.deadLetters.length === 0;
  }
}
