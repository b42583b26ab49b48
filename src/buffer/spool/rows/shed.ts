// Sheds rows of the backlog that are not in memory: the oldest, random ones, or the expired. It runs in one bounded transaction,
// which also commits the shed rows to the ledger and to the loss ranges.
import { FATES } from "../../../core/fate.ts";
import type { SourceId } from "../../../core/source.ts";
import type { Backlog } from "./backlog.ts";
import type { Ending } from "./ending.ts";
import { HEAD, HEAD_WIDTH, type Head, headAt, headCount } from "./heads.ts";
import type { LossTable } from "../losses.ts";
import type { Shed, Shedding, Total } from "../spool.ts";

/** Most rows per transaction: about 50 ms. */
const MOST_ROWS = 4000;
const PAGE = 500;

/** Runs within the caller's transaction. */
export function shed(backlog: Backlog, losses: LossTable, wanted: Shedding): Shed {
  const taking = new Taking(backlog, losses, wanted);
  const done = wanted.choice.order === "random" ? taking.random(wanted.choice) : taking.fromTheFront();
  return taking.finish(done);
}

class Taking {
  private readonly backlog: Backlog;
  private readonly losses: LossTable;
  private readonly wanted: Shedding;
  private readonly ending: Ending;
  private readonly except: ReadonlySet<number>;
  private readonly sources = new Map<number, { readonly id: SourceId; readonly input: string }>();
  private readonly paths = new Map<number, string>();
  private rows = 0;
  private freed = 0;

  constructor(backlog: Backlog, losses: LossTable, wanted: Shedding) {
    this.backlog = backlog;
    this.losses = losses;
    this.wanted = wanted;
    this.ending = backlog.ending();
    this.except = new Set(wanted.except);
  }

  /**
   * Sheds rows in order of sequence number. Disk space comes free only with whole blocks. @returns false: stopped at MOST_ROWS
   */
  fromTheFront(): boolean {
    const { queue, after, choice } = this.wanted;
    for (let at = after; ;) {
      const { heads } = this.backlog.heads(queue, at, PAGE);
      for (let i = 0; i < headCount(heads); i++) {
        const head = headAt(heads, i);
        if (choice.order === "expired" && (head[HEAD.agedMs] as number) >= choice.agedMs) return true;
        if (choice.order === "oldest" && this.freed >= choice.bytes) return true;
        if (this.rows >= MOST_ROWS) return false;
        this.take(head);
      }
      if (headCount(heads) < PAGE) return true;
      at = heads[heads.length - HEAD_WIDTH + HEAD.seq] as number;
    }
  }

  /**
   * Sheds random blocks, each as far as it lies behind `after`. Each pick selects a sequence number between `after` and the last
   * one, and so a block.
   */
  random({ bytes, picks }: { readonly bytes: number; readonly picks: readonly number[] }): boolean {
    const { queue, after } = this.wanted;
    const { sql } = this.backlog;
    const last = (sql.lastSeq.get(queue) as number | null) ?? after;
    for (const pick of picks) {
      if (this.freed >= bytes) return true;
      if (this.rows >= MOST_ROWS) return false;
      const from = after + Math.floor(pick * (last - after));
      const block = sql.blockFrom.get(queue, from) as number | undefined;
      if (block !== undefined) this.takeBlock(block);
    }
    return this.freed >= bytes;
  }

  private takeBlock(block: number): void {
    const { queue, after } = this.wanted;
    const [first, last] = this.backlog.sql.blockSpan.get(block) as unknown as [number, number];
    for (let at = Math.max(after, first - 1); at < last;) {
      const { heads } = this.backlog.heads(queue, at, PAGE);
      if (heads.length === 0) return;
      for (let i = 0; i < headCount(heads); i++)
        if (headAt(heads, i)[HEAD.block] === block) this.take(headAt(heads, i));
      at = heads[heads.length - HEAD_WIDTH + HEAD.seq] as number;
    }
  }

  private take(head: Head): void {
    const { queue, fate, atMs, certainFrom } = this.wanted;
    const seq = head[HEAD.seq] as number;
    if (this.except.has(seq) || this.ending.remove(queue, seq) === undefined) return;
    this.rows++;
    const block = head[HEAD.block] as number;
    const [, stored] = this.backlog.sql.block.get(block) as unknown as [number, number];
    if (this.ending.live(block) === 0) this.freed += stored;
    const { id: source, input } = this.source(head[HEAD.source] as number);
    const [start, end, records, bytes] = [HEAD.start, HEAD.end, HEAD.records, HEAD.bytes].map((c) => head[c] as number);
    const what = { start, end, records, bytes } as { start: number; end: number; records: number; bytes: number };
    const uncertain = head[HEAD.possiblyStored] === 1 || seq < certainFrom;
    const path = this.path(head[HEAD.envelope] as number);
    const kind = { fate, uncertain, keep: 0, hashVersion: 0, merged: false };
    this.losses.add({ atMs, input, source, path, ...what, ...kind });
  }

  private source(num: number): { readonly id: SourceId; readonly input: string } {
    let found = this.sources.get(num);
    if (!found) this.sources.set(num, (found = this.backlog.sql.source.get(num) as { id: SourceId; input: string }));
    return found;
  }

  private path(envelope: number): string {
    let found = this.paths.get(envelope);
    if (found === undefined) {
      found = (this.backlog.sql.envelope.get(envelope) as { path: string }).path;
      this.paths.set(envelope, found);
    }
    return found;
  }

  finish(done: boolean): Shed {
    const { totals, sources, partly } = this.ending.finish();
    const inputs = new Map<string, { -readonly [K in keyof Omit<Total, "queue">]: Omit<Total, "queue">[K] }>();
    for (const { input, chunks, records, bytes, stored } of totals) {
      const sum = inputs.get(input) ?? { input, chunks: 0, records: 0, bytes: 0, stored: 0 };
      inputs.set(input, sum);
      sum.chunks += chunks;
      sum.records += records;
      sum.bytes += bytes;
      sum.stored += stored;
    }
    const fate = FATES[this.wanted.fate] as string;
    for (const { input, records, bytes } of inputs.values())
      this.backlog.sql.addToLedger.run(input, fate, records, bytes);
    return { inputs: [...inputs.values()], sources: pairs(sources), blocks: pairs(partly), done };
  }
}

function pairs(counts: ReadonlyMap<number, number>): Float64Array {
  return Float64Array.from([...counts].flat());
}
