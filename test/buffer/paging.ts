// A buffer state on a real database, with the pager that loads rows.
import type { Chunk } from "../../src/buffer/chunk.ts";
import { Pager } from "../../src/buffer/loading/pager.ts";
import { silentLog } from "../../src/core/log.ts";
import { DirectSpool, settled } from "./disk.ts";
import { Held, type HeldOptions, type Kept } from "./held.ts";

export class Paging extends Held {
  readonly spool = new DirectSpool(this.disk.store);
  readonly said: string[] = [];
  readonly pager: Pager;

  constructor(options: HeldOptions = {}) {
    super(options);
    const error = (event: string, message: string): void => void this.said.push(`${event}: ${message}`);
    this.pager = new Pager(this.state, this.spool, { ...silentLog, error }, (ms) => ms === 0 && this.pager.step());
  }

  /** Adds rows that are only on disk, without a chunk object in memory. */
  onDisk(texts: readonly string[], kept: Kept = {}): Chunk[] {
    const chunks = texts.map((text) => this.add(text, kept));
    this.spill();
    this.pageOut(...chunks);
    return chunks;
  }

  async step(): Promise<void> {
    this.pager.step();
    await settled();
  }

  /** The texts of the chunks that are ready to be sent, in order; "?" for a chunk that is not in memory. */
  loaded(target = "i"): string[] {
    return [...this.queue(target).ready].map(({ region }) => (region ? this.arena.view(region).toString() : "?"));
  }
}
