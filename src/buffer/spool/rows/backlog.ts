// The backlog in the database: adds rows, reads them and removes them when they have ended. Everything here runs within the
// caller's transaction, or only reads. Invariant: sums (totals, blocks.live, sources.chunks, envelopes.chunks) change together
// with the heads that they sum.
import { assert } from "../../../core/errors.ts";
import { type Body, blockRows, free, packBlock, scatter, storedBytes, unpack } from "./blocks.ts";
import { type OldBody, scatterOld } from "./old-body.ts";
import { Ending } from "./ending.ts";
import { garbled, isCorruption, isUnread } from "../faults.ts";
import { HeadPages } from "./head-pages.ts";
import { HEAD, type Head, headAt, headCount } from "./heads.ts";
import { hasItsRecords } from "./lines.ts";
import { type RereadSource, reread } from "./reread.ts";
import {
  BLOCK_WIDTH,
  CORRUPT,
  type HeadPage,
  LATER,
  LOADED,
  REREAD,
  type RowGroup,
  type Transaction,
} from "../spool.ts";
import type { Database, Statement } from "../sqlite.ts";
import { type Statements, prepare } from "./statements.ts";
import { Unread } from "./unread.ts";

/** A block that is about to be written. */
export interface Packed {
  readonly first: number;
  readonly rows: number;
  readonly body: Body;
}

export class Backlog {
  readonly sql: Statements;
  private readonly queuesWithRows: Statement;
  /** The arena's bytes. Rows are written from the arena and loaded into it in place. */
  private readonly arena: Uint8Array;
  private readonly readOldBody;
  private readonly removeOldBody;
  /** Blocks whose bodies SQLite cannot read to the end. They are not touched again, so that no other block is lost with them. */
  readonly damaged = new Set<number>();
  readonly unread = new Unread();
  readonly pages: HeadPages;
  private nextBlock: number;

  constructor(db: Database, arena: Uint8Array) {
    this.arena = arena;
    this.sql = prepare(db);
    this.pages = new HeadPages(this.sql);
    this.queuesWithRows = db.prepare("SELECT DISTINCT queue FROM totals WHERE chunks > 0").pluck();
    this.nextBlock = 1 + Math.max(0, Number(db.prepare("SELECT max(id) FROM blocks").pluck().get()));
    const old = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'chunks'").get() !== undefined;
    const columns = "codec, checksum, length, table_length, data, record_table";
    this.readOldBody = old ? db.prepare(`SELECT ${columns} FROM chunks WHERE seq = ?`) : undefined;
    this.removeOldBody = old ? db.prepare("DELETE FROM chunks WHERE seq = ?") : undefined;
  }

  /** Compresses the rows of a transaction, before it begins. */
  pack({ rows, groups }: Pick<Transaction, "rows" | "groups">): Packed[] {
    const packed: Packed[] = [];
    let first = 0;
    for (const group of groups) {
      for (const end = first + group.rows; first < end;) {
        const n = blockRows(rows, first, end - first);
        packed.push({ first, rows: n, body: packBlock(this.arena, rows, first, n) });
        first += n;
      }
    }
    return packed;
  }

  /** Writes packed blocks with their heads. @returns per block: id, rows and bytes on disk */
  add(rows: Float64Array, groups: readonly RowGroup[], packed: readonly Packed[]): Float64Array {
    const blocks = new Float64Array(packed.length * BLOCK_WIDTH);
    let group = 0;
    let end = groups[0]?.rows ?? 0;
    for (const [i, block] of packed.entries()) {
      while (block.first >= end) end += (groups[++group] as RowGroup).rows;
      const id = this.nextBlock++;
      const stored = storedBytes(block.body.data.length, block.rows);
      this.addBlock(id, rows, groups[group] as RowGroup, block, stored);
      blocks.set([id, block.rows, stored], i * BLOCK_WIDTH);
    }
    return blocks;
  }

  private addBlock(id: number, rows: Float64Array, { queue, input }: RowGroup, block: Packed, stored: number): void {
    const { sql } = this;
    const { codec, checksum, length, data } = block.body;
    const total = { records: 0, bytes: 0 };
    for (let i = block.first; i < block.first + block.rows; i++) {
      const h = headAt(rows, i);
      h[HEAD.block] = id;
      sql.addHead.run(...h.subarray(0, HEAD.data));
      const known = sql.countSource.run(1, h[HEAD.source]).changes + sql.countEnvelope.run(1, h[HEAD.envelope]).changes;
      assert(known === 2, `row ${h[HEAD.seq]} without its source or its envelope`);
      total.records += h[HEAD.records] as number;
      total.bytes += h[HEAD.bytes] as number;
    }
    const seq = (i: number): number => headAt(rows, i)[HEAD.seq] as number;
    sql.addBlock.run(id, queue, input, seq(block.first), seq(block.first + block.rows - 1), block.rows, stored);
    sql.addBody.run(id, codec, checksum, length, data);
    sql.addToTotal.run(queue, input, block.rows, total.records, total.bytes, stored);
  }

  /** Blocks of the rows of a committed transaction whose answer got lost. @returns the same as `add` */
  blocksOf(rows: Float64Array): Float64Array {
    const blocks: number[] = [];
    for (let i = 0; i < headCount(rows); i++) {
      const h = headAt(rows, i);
      const id = this.sql.blockOf.get(h[HEAD.queue], h[HEAD.seq]) as number;
      if (blocks.at(-BLOCK_WIDTH) === id) blocks[blocks.length - 2] = (blocks.at(-2) as number) + 1;
      else blocks.push(id, 1, (this.sql.block.get(id) as unknown as [number, number])[1]);
    }
    return Float64Array.from(blocks);
  }

  ending(): Ending {
    return new Ending(this.sql, this.removeOldBody, this.damaged, this.unread);
  }

  /** Removes rows that the buffer has settled. @param pairs queue and sequence number of each */
  remove(pairs: Float64Array): void {
    const ending = this.ending();
    for (let i = 0; i < pairs.length; i += 2) {
      const [queue, seq] = [pairs[i] as number, pairs[i + 1] as number];
      if (ending.remove(queue, seq) === undefined) throw garbled(`row ${seq} has ended, and is not there`);
    }
    ending.finish();
  }

  heads(queue: number, after: number, limit: number): HeadPage {
    return this.pages.heads(queue, after, limit);
  }

  /**
   * @see Spool.load
   * @param wrong what to do with a row whose numbers contradict its block: "damage" throws SQLITE_CORRUPT, LATER leaves it
   */
  load(block: number, heads: Float64Array, wrong: "damage" | typeof LATER = "damage"): Uint8Array {
    let missing: typeof CORRUPT | typeof LATER = CORRUPT;
    let has: (head: Head) => boolean = () => false;
    let plain: Uint8Array | undefined;
    try {
      if (block > 0) plain = this.readBlock(block);
      // Each row of version 1 is a block of its own.
      const loaded = block < 0 && this.loadOld(-block, headAt(heads, 0));
      has = () => loaded || plain !== undefined;
      this.unread.works();
      this.unread.forget(block);
    } catch (error) {
      if (!isUnread(error)) throw error;
      if (this.unread.failed(block)) this.damaged.add(block);
      else missing = LATER;
    }
    const outcomes = Uint8Array.from({ length: headCount(heads) }, (_, i) => {
      const head = headAt(heads, i);
      if (has(head)) {
        if ((plain === undefined || scatter(this.arena, plain, head)) && hasItsRecords(this.arena, head)) return LOADED;
        if (wrong === LATER) return LATER;
        throw garbled(`a row of source ${head[HEAD.source]} says other than block ${block}, where its bytes are`);
      }
      const bytes = reread(this.sql.source.get(head[HEAD.source]) as RereadSource | undefined, head);
      if (bytes === undefined) return missing;
      this.arena.set(bytes, head[HEAD.data]);
      return REREAD;
    });
    if (plain !== undefined) free(plain);
    return outcomes;
  }

  private readBlock(block: number): Uint8Array | undefined {
    const body = this.follow(block, this.sql.body, block) as Body | undefined;
    return body && unpack(body);
  }

  /** Reads a body. A body that SQLite cannot read to the end counts as missing, and its block as damaged. */
  private follow(block: number, statement: Statement | undefined, key: number): unknown {
    try {
      return statement?.get(key);
    } catch (error) {
      if (!isCorruption(error)) throw error;
      this.damaged.add(block);
      return undefined;
    }
  }

  private loadOld(seq: number, head: Head): boolean {
    const old = this.follow(-seq, this.readOldBody, seq) as OldBody | undefined;
    return old !== undefined && scatterOld(this.arena, old, head);
  }

  /** @see Survey.oldest */
  oldest(): Float64Array {
    const queues = this.queuesWithRows.all() as number[];
    const found = queues.flatMap((queue) => {
      const times = this.sql.oldest.get(queue) as unknown as [number, number] | undefined;
      return times ? [queue, ...times] : [];
    });
    return Float64Array.from(found);
  }
}
