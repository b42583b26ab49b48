// Reads the heads of a queue page by page, with what they refer to. While there is no room for a salvage, heads that cannot be
// read are left out.
import { garbled, isCorruption } from "../faults.ts";
import type { HeadPage } from "../spool.ts";
import { HEAD, HEAD_WIDTH, isSound } from "./heads.ts";
import type { Statements } from "./statements.ts";
import { type EnvelopeColumns, envelopeOf } from "./tables.ts";

const MOST_SOURCES = 10_000;
/** Most rows that `readable` looks at for one that can be read. */
const MOST_LOOKED_AT = 10_000;

type Row = readonly number[];
type BlockRow = readonly [live: number, stored: number, queue: number, firstSeq: number, lastSeq: number];

export class HeadPages {
  private readonly sql: Statements;
  /** Sources that were looked up lately, and are there. */
  private readonly sources = new Set<number>();
  /** Queues of which `readable` has left something out. */
  private readonly incomplete = new Set<number>();

  constructor(sql: Statements) {
    this.sql = sql;
  }

  /** @see Spool.heads */
  heads(queue: number, after: number, limit: number): HeadPage {
    return this.pageOf(this.sql.heads.all(queue, after, limit) as unknown as Row[]);
  }

  /** The same for a caller that, by the sums, counts on further rows. */
  next(queue: number, after: number, limit: number): HeadPage {
    const page = this.heads(queue, after, limit);
    if (page.heads.length > 0) return page;
    const [said, seen] = this.sql.chunksOf.get(queue, queue) as unknown as [number, number];
    if (said !== seen) throw garbled(`queue ${queue} is said to hold ${said} rows, and has ${seen}`);
    if (this.incomplete.has(queue)) throw garbled(`queue ${queue} has rows that cannot be read`);
    return page;
  }

  /** The next heads that can be read. Throws `error`, with which the other two have failed, if there are none. */
  readable(queue: number, after: number, limit: number, error: unknown): HeadPage {
    this.incomplete.add(queue);
    let from: number | undefined = after;
    for (let looked = 0; from !== undefined && looked < MOST_LOOKED_AT;) {
      const { rows, broken } = this.rowsUntilBroken(queue, from, limit);
      const found = rows.filter((row) => this.isReadable(row));
      if (found.length > 0) return this.pageOf(found);
      looked += rows.length;
      if (rows.length > 0) from = rows.at(-1)?.[HEAD.seq];
      else from = broken ? this.behindBroken(queue, from) : undefined;
    }
    throw error;
  }

  private rowsUntilBroken(
    queue: number,
    after: number,
    limit: number,
  ): { readonly rows: Row[]; readonly broken: boolean } {
    const rows: Row[] = [];
    try {
      for (const row of this.sql.heads.iterate(queue, after, limit)) rows.push(row as Row);
      return { rows, broken: false };
    } catch (error) {
      if (!isCorruption(error)) throw error;
      return { rows, broken: true };
    }
  }

  /** A sequence number from which on the index can be read again, as low as a search by halves finds it. */
  private behindBroken(queue: number, after: number): number | undefined {
    const isBroken = (from: number): boolean => this.rowsUntilBroken(queue, from, 1).broken;
    let [low, high] = [after, after + 1];
    for (let step = 1; isBroken(high); step *= 2) {
      [low, high] = [high, high + step];
      if (high > Number.MAX_SAFE_INTEGER) return undefined;
    }
    while (low + 1 < high) {
      const middle = Math.floor((low + high) / 2);
      if (isBroken(middle)) low = middle;
      else high = middle;
    }
    return high;
  }

  private isReadable(row: Row): boolean {
    try {
      this.pageOf([row]);
      return true;
    } catch (error) {
      if (!isCorruption(error)) throw error;
      return false;
    }
  }

  private pageOf(rows: readonly Row[]): HeadPage {
    const heads = new Float64Array(rows.length * HEAD_WIDTH);
    const envelopes = new Set<number>();
    const ids = new Set<number>();
    const sources = new Set<number>();
    for (const [i, row] of rows.entries()) {
      if (!isSound(row)) throw garbled(`row ${row[HEAD.seq]} has numbers that no agent writes`);
      heads.set(row, i * HEAD_WIDTH);
      sources.add(row[HEAD.source] as number);
      envelopes.add(row[HEAD.envelope] as number);
      ids.add(row[HEAD.block] as number);
    }
    for (const num of sources) this.hasSource(num);
    const blocks = new Map([...ids].map((id) => [id, there(this.sql.block.get(id), `block ${id}`) as BlockRow]));
    for (const row of rows) checkBlock(row, blocks.get(row[HEAD.block] as number) as BlockRow);
    return {
      heads,
      envelopes: [...envelopes].map((id) =>
        envelopeOf(there(this.sql.envelope.get(id), `envelope ${id}`) as EnvelopeColumns),
      ),
      blocks: Float64Array.from([...blocks].flatMap(([id, [live, stored]]) => [id, live, stored])),
    };
  }

  /** A source that has rows is not removed, and no number is given twice: each is looked up once. */
  private hasSource(num: number): void {
    if (this.sources.has(num)) return;
    there(this.sql.hasSource.get(num), `source ${num}`);
    if (this.sources.size === MOST_SOURCES) this.sources.clear();
    this.sources.add(num);
  }
}

/** A flipped bit in the number of its block points a row to the bytes of others. */
function checkBlock(row: Row, [, , queue, first, last]: BlockRow): void {
  const seq = row[HEAD.seq] as number;
  if (row[HEAD.queue] === queue && (seq < first || seq > last))
    throw garbled(`row ${seq} is not among the rows of block ${row[HEAD.block]}, to which it refers`);
}

/** Returns what a row refers to. If that is missing, the database is damaged: throws SQLITE_CORRUPT, as for a bad page. */
function there(found: unknown, what: string): unknown {
  if (found !== undefined) return found;
  throw garbled(`${what} is not there, and rows refer to it`);
}
