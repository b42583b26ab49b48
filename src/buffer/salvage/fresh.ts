// The fresh database of a salvage: finds what was carved into it, and writes blocks, losses and sums. Only a bounded number of
// sources and envelopes is in memory; for each of them that has rows, a number counts these.
import { hostname } from "node:os";
import { DROPPED_CORRUPT } from "../../core/fate.ts";
import { LossTable } from "../spool/losses.ts";
import { type Body, storedBytes } from "../spool/rows/blocks.ts";
import { HEAD, HEAD_WIDTH, type Head, headAt } from "../spool/rows/heads.ts";
import type { RereadSource } from "../spool/rows/reread.ts";
import { readMeta } from "../spool/rows/tables.ts";
import type { Loss, Meta } from "../spool/spool.ts";
import type { Database } from "../spool/sqlite.ts";
import type { LedgerRow } from "./carve.ts";
import { Cache } from "./cache.ts";
import { COLUMNS, LOST, MOST_SEQS, RENEW_QUEUES, RENEW_STARTS, prepare } from "./statements.ts";

export interface FoundSource extends RereadSource {
  readonly num: number;
  readonly id: string;
  readonly input: string;
  readonly origin: number;
  readonly checkpoint: number;
  /** Rows that it had. */
  readonly chunks: number;
}

export interface FoundEnvelope {
  readonly input: string;
  readonly path: string;
}

interface Metadata {
  readonly host: string;
  /** JSON. */
  readonly fields: string;
}

/** A range that is `dropped.corrupt`. */
export type LostRange = Pick<Loss, "input" | "source" | "path" | "start" | "end" | "records" | "bytes"> &
  Pick<Loss, "uncertain" | "merged">;

const PAGE = 1024;

export class Fresh {
  /** Wall clock. */
  readonly atMs: number;
  private readonly db: Database;
  private readonly losses: LossTable;
  private readonly sql;
  private readonly sources: Cache<FoundSource>;
  private readonly envelopes: Cache<FoundEnvelope>;
  /** By input: what all its envelopes have in common. */
  private readonly metadata = new Map<string, Metadata>();
  /** Envelopes that were made again without those of their own file. */
  readonly renewed = new Set<number>();
  /** Rows kept, by source and by envelope, and rows lost, by source. */
  private readonly sourceRows = new Map<number, number>();
  private readonly envelopeRows = new Map<number, number>();
  private readonly lostRows = new Map<number, number>();
  /** By queue and input: columns of table `totals`. */
  private readonly totals = new Map<string, [number, string, number, number, number, number]>();

  constructor(db: Database, atMs: number) {
    this.db = db;
    this.atMs = atMs;
    this.losses = new LossTable(db);
    this.sql = prepare(db);
    this.sources = new Cache((num) => this.sql.source.get(num) as FoundSource | undefined);
    this.envelopes = new Cache((id) => this.sql.envelope.get(id) as FoundEnvelope | undefined);
  }

  source(num: number): FoundSource | undefined {
    return this.sources.get(num);
  }

  envelope(id: number): FoundEnvelope | undefined {
    return this.envelopes.get(id);
  }

  /**
   * Makes the envelope of a row again, which was lost: from its queue and its source, with the host and the fields of another
   * envelope of its file, else with those that all envelopes of its input have. False: its queue is lost too.
   */
  renewEnvelope(head: Head, { input, path }: FoundSource): boolean {
    const queue = this.sql.queue.get(head[HEAD.queue]) as
      | { readonly policy: string; readonly target: string }
      | undefined;
    if (!queue) return false;
    const id = head[HEAD.envelope] as number;
    const own = (this.sql.ofPath.all(path, input) as (Metadata & { readonly id: number })[]).filter(
      (other) => !this.renewed.has(other.id),
    );
    const { host, fields } = own.length === 1 ? (own[0] as Metadata) : this.commonOf(input);
    this.sql.addEnvelope.run(id, input, path, host, fields, queue.target, queue.policy, 0);
    this.envelopes.forget(id);
    if (own.length !== 1) this.renewed.add(id);
    return true;
  }

  private commonOf(input: string): Metadata {
    let common = this.metadata.get(input);
    if (!common) {
      const found = this.sql.metadata.all(input) as Metadata[];
      this.metadata.set(input, (common = (found.length === 1 && found[0]) || { host: hostname(), fields: "{}" }));
    }
    return common;
  }

  /** All sources, in order of number. Between two steps, the database may be written. */
  *allSources(): Generator<FoundSource> {
    for (let after = 0, page; (page = this.sql.sources.all(after, PAGE) as FoundSource[]).length > 0;) {
      yield* page;
      after = (page.at(-1) as FoundSource).num;
    }
  }

  /** How many rows of a source were neither kept nor counted as lost. */
  missingRows({ num, chunks }: FoundSource): number {
    return Math.max(0, chunks - (this.sourceRows.get(num) ?? 0) - (this.lostRows.get(num) ?? 0));
  }

  /** All rows in order of block, queue and sequence number. Those that were yielded may be changed or removed at any time. */
  *heads(): Generator<Head> {
    const last = this.nextBlock() - 1;
    let after: readonly number[] = [LOST, Infinity, Infinity];
    for (let page; (page = this.sql.byBlock.all(...after, last, PAGE) as number[][]).length > 0;) {
      yield* headsOf(page);
      after = [HEAD.block, HEAD.queue, HEAD.seq].map((column) => page.at(-1)?.[column] as number);
    }
  }

  /** All rows, also lost ones, in order of queue and sequence number. */
  *headsBySeq(): Generator<Head> {
    let after: readonly number[] = [-Infinity, -Infinity];
    for (let page; (page = this.sql.bySeq.all(...after, PAGE) as number[][]).length > 0;) {
      yield* headsOf(page);
      after = [HEAD.queue, HEAD.seq].map((column) => page.at(-1)?.[column] as number);
    }
  }

  /** Above all blocks, also those of which only the body was found. */
  nextBlock(): number {
    return (this.sql.lastBlock.get() as number) + 1;
  }

  /** The age clock, and the number above all sequence numbers, as they were last stored. */
  get meta(): Pick<Meta, "nextSeq"> & { readonly agedMs: number } {
    const { nextSeq, age } = readMeta(this.db) ?? { nextSeq: Number.MAX_SAFE_INTEGER, age: { agedMs: this.atMs } };
    return { nextSeq, agedMs: age.agedMs };
  }

  /** Number of the page with the body of a block. */
  pageOf(block: number): number | undefined {
    return this.sql.page.get(block) as number | undefined;
  }

  /** Writes a block, whose rows all have the same queue and input and are there already. */
  keep(block: number, input: string, body: Body, heads: readonly Head[]): void {
    const first = heads[0] as Head;
    const queue = first[HEAD.queue] as number;
    const last = heads.findLast((head) => head[HEAD.queue] === queue) as Head;
    const stored = storedBytes(body.data.length, heads.length);
    this.sql.addBlock.run(block, queue, input, first[HEAD.seq], last[HEAD.seq], heads.length, stored);
    this.sql.addBody.run(block, body.codec, body.checksum, body.length, body.data);
    const key = JSON.stringify([queue, input]);
    const total = this.totals.get(key) ?? [queue, input, 0, 0, 0, 0];
    this.totals.set(key, total);
    total[5] += stored;
    for (const head of heads) {
      total[2]++;
      total[3] += head[HEAD.records] as number;
      total[4] += head[HEAD.bytes] as number;
      count(this.sourceRows, head[HEAD.source] as number);
      count(this.envelopeRows, head[HEAD.envelope] as number);
    }
  }

  /** Puts a row that is there into another block, at its start. */
  move(head: Head, block: number): void {
    this.sql.move.run(block, head[HEAD.queue], head[HEAD.seq]);
  }

  /** Writes other numbers for a row that is there. */
  replace(head: Head): void {
    this.sql.replace.run(...head.subarray(0, COLUMNS));
  }

  /** Whether the span of a row overlaps neither that of the row before it nor of the next one, of its queue and source. */
  isBetween(head: Head): boolean {
    const row = [HEAD.queue, HEAD.source, HEAD.seq].map((column) => head[column]);
    const [before, after] = this.sql.around.get(...row, ...row) as unknown as [number, number];
    return before <= (head[HEAD.start] as number) && (head[HEAD.end] as number) <= after;
  }

  /** Adds a row to no block yet. */
  add(head: Head): void {
    this.sql.add.run(...head.subarray(0, COLUMNS));
  }

  /** The lowest sequence number of a queue between two others that no row has; undefined: none was found. */
  freeSeq(queue: number, above: number, below: number): number | undefined {
    let free = above + 1;
    for (const seq of this.sql.seqs.iterate(queue, above, below) as IterableIterator<number>) {
      if (seq !== free) return free;
      free++;
    }
    return free < below && free - above <= MOST_SEQS ? free : undefined;
  }

  /** Queue and envelope of a source without a row, if only one comes into question. */
  homeOf({ input, path }: FoundSource): { readonly queue: number; readonly envelope: number } | undefined {
    const found = this.sql.home.all(path, input) as { readonly queue: number; readonly envelope: number }[];
    return found.length === 1 ? found[0] : undefined;
  }

  remove(queue: number, seq: number): void {
    this.sql.remove.run(queue, seq);
  }

  /** Counts a row that was found as lost. */
  loseRow(head: Head, range: LostRange): void {
    this.move(head, LOST);
    count(this.lostRows, head[HEAD.source] as number);
    this.lose(range);
  }

  lose(range: LostRange): void {
    this.losses.add({ ...range, atMs: this.atMs, fate: DROPPED_CORRUPT, keep: 0, hashVersion: 0 });
  }

  /** Writes the ledger, the sums over the rows, and the tables that rows refer to. */
  finish(ledger: readonly LedgerRow[]): void {
    const { db, sql } = this;
    sql.removeLost.run(LOST);
    for (const row of ledger) sql.addAccount.run(...row);
    for (const total of this.totals.values()) sql.addTotal.run(...total);
    for (const { num, chunks } of this.allSources()) {
      const kept = this.sourceRows.get(num) ?? 0;
      if (kept !== chunks) sql.countSource.run(kept, num);
    }
    for (const [id, chunks] of this.envelopeRows) sql.countEnvelope.run(chunks, id);
    db.exec("DELETE FROM envelopes WHERE chunks = 0; DELETE FROM queues WHERE id NOT IN (SELECT queue FROM totals)");
    db.exec(`${RENEW_QUEUES}; ${RENEW_STARTS}`);
  }
}

function* headsOf(page: readonly (readonly number[])[]): Generator<Head> {
  // One array for all: one for each row costs a quarter of the time of a salvage in garbage collections.
  const heads = new Float64Array(page.length * HEAD_WIDTH);
  for (const [i, row] of page.entries()) {
    const head = headAt(heads, i);
    head.set(row);
    yield head;
  }
}

function count(rows: Map<number, number>, key: number): void {
  rows.set(key, (rows.get(key) ?? 0) + 1);
}
