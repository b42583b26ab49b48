// Removes rows within one transaction. Heads are deleted one by one; the sums are updated at the end, once per block, source and
// envelope. When the last row of a block is removed, its body is deleted too.
import { garbled, isCorruption, isUnread } from "../faults.ts";
import type { Total } from "../spool.ts";
import type { Statement } from "../sqlite.ts";
import type { Statements } from "./statements.ts";
import type { Unread } from "./unread.ts";

interface EndedHead {
  readonly source: number;
  readonly envelope: number;
  readonly block: number;
  readonly records: number;
  readonly bytes: number;
}

interface Sum {
  chunks: number;
  records: number;
  bytes: number;
}

/** A block after some of its rows were removed. */
interface BlockAfter {
  readonly live: number;
  readonly queue: number;
  readonly input: string;
  readonly stored: number;
}

/** What a row of table `totals` still sums. */
type Left = Omit<Total, "queue" | "input">;

export interface Ended {
  readonly totals: readonly Total[];
  readonly sources: ReadonlyMap<number, number>;
  /** Rows removed, by block, for blocks that still have others. */
  readonly partly: ReadonlyMap<number, number>;
}

/** A body could not be read to its end to delete it. The transaction starts again and leaves that body in place. */
export class DamagedBody extends Error {}

export class Ending {
  private readonly sql: Statements;
  /** Deletes a body that version 1 wrote; undefined: there is none left. */
  private readonly removeOldBody: Statement | undefined;
  /** Blocks whose bodies must not be touched. */
  private readonly damaged: Set<number>;
  private readonly unread: Unread;
  private readonly blocks = new Map<number, Sum>();
  private readonly sources = new Map<number, number>();
  private readonly envelopes = new Map<number, number>();

  constructor(sql: Statements, removeOldBody: Statement | undefined, damaged: Set<number>, unread: Unread) {
    this.unread = unread;
    this.sql = sql;
    this.damaged = damaged;
    this.removeOldBody = removeOldBody;
  }

  /** Deletes the head; undefined when it is not there. */
  remove(queue: number, seq: number): EndedHead | undefined {
    const head = this.sql.removeHead.get(queue, seq) as EndedHead | undefined;
    if (head === undefined) return undefined;
    let sum = this.blocks.get(head.block);
    if (sum === undefined) this.blocks.set(head.block, (sum = { chunks: 0, records: 0, bytes: 0 }));
    sum.chunks++;
    sum.records += head.records;
    sum.bytes += head.bytes;
    count(this.sources, head.source);
    count(this.envelopes, head.envelope);
    return head;
  }

  /** Rows that the block would still have if the transaction ended now. */
  live(block: number): number {
    const [live] = this.sql.block.get(block) as unknown as [number, number];
    return live - (this.blocks.get(block)?.chunks ?? 0);
  }

  /** Brings all sums up to date. */
  finish(): Ended {
    const { sql } = this;
    const totals: Total[] = [];
    const partly = new Map<number, number>();
    const sums = new Map<string, Left | undefined>();
    for (const [block, { chunks, records, bytes }] of this.blocks) {
      const after = sql.shrinkBlock.get(chunks, block) as BlockAfter | undefined;
      if (after === undefined || after.live < 0) throw garbled(`block ${block} has fewer rows than have ended`);
      const { queue, input } = after;
      const stored = after.live === 0 ? after.stored : 0;
      if (after.live === 0) this.removeBlock(block);
      else partly.set(block, chunks);
      const left = sql.takeFromTotal.get(chunks, records, bytes, stored, queue, input) as Left | undefined;
      sums.set(JSON.stringify([queue, input]), left);
      totals.push({ queue, input, chunks, records, bytes, stored });
    }
    for (const [of, left] of sums) if (!isPlausible(left)) throw garbled(`the sums over the rows of ${of} are wrong`);
    for (const [num, chunks] of this.sources) sql.countSource.run(-chunks, num);
    for (const [id, chunks] of this.envelopes) {
      sql.countEnvelope.run(-chunks, id);
      sql.removeEnvelope.run(id);
    }
    return { totals, sources: this.sources, partly };
  }

  private removeBlock(block: number): void {
    this.sql.removeBlock.run(block);
    if (this.damaged.has(block)) return;
    try {
      if (block > 0) this.sql.removeBody.run(block);
      else this.removeOldBody?.run(-block);
    } catch (error) {
      if (!isCorruption(error) && !(isUnread(error) && this.unread.leaves(block))) throw error;
      this.damaged.add(block);
      throw new DamagedBody();
    }
  }
}

/** Whether these can be sums: none is negative, and where no row is left, nothing is. */
function isPlausible(left: Left | undefined): boolean {
  if (left === undefined) return false;
  const { chunks, records, bytes, stored } = left;
  const others = [records, bytes, stored];
  return chunks > 0 ? others.every((sum) => sum >= 0) : [chunks, ...others].every((sum) => sum === 0);
}

function count(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
