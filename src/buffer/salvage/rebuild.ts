// Makes the state of a fresh database whole again, so that every invariant holds there: its tables hold the rows carved out of
// a damaged database, the bodies are still in that. Readable rows are kept under their sequence numbers. Unreadable rows are read
// again from their log file if it still has them; the rest is `dropped.corrupt`, with its range if that is known. The ledger is
// balanced against the old ledger.
import { type Body, pack, withUnpacked } from "../spool/rows/blocks.ts";
import { HEAD, type Head, isSound } from "../spool/rows/heads.ts";
import { reread } from "../spool/rows/reread.ts";
import type { Database } from "../spool/sqlite.ts";
import type { Count } from "../../core/fate.ts";
import { type Balance, balanced, missing } from "./balance.ts";
import { type LedgerRow, bodyOf } from "./carve.ts";
import { type FoundSource, Fresh } from "./fresh.ts";
import { Filling } from "./filling.ts";
import { type Gap, exactly, findGaps } from "./gaps.ts";
import { isIn, isOfFile, mended } from "./mend.ts";
import type { PageFile } from "./pages.ts";
import { renewSources } from "./renew-sources.ts";
import { Spans } from "./spans.ts";

/** Result of a salvage. */
export interface Salvaged {
  /** Buffered records: salvaged in all, those of them that were read again from their log files, and lost. */
  readonly kept: number;
  readonly reread: number;
  /** Salvaged records that have only the fields that all files of their input have: those of their file are lost. */
  readonly bare: number;
  /** Salvaged records that get other ids, because the id of their source is lost: what was sent before is stored twice. */
  readonly renewed: number;
  readonly lost: number;
  readonly lostBytes: number;
  /** False: no ledger was found, so rows may be lost without being counted. */
  readonly books: boolean;
}

/** @param file the damaged database @param ledger of it @param db database into which its rows were carved; in a transaction */
export function rebuild(file: PageFile, ledger: readonly LedgerRow[], db: Database, atMs: number): Salvaged {
  const fresh = new Fresh(db, atMs);
  const renewed = renewSources(db, ledger, (block) => storedBody(file, fresh, block));
  return new Rebuild(file, ledger, fresh, renewed).run();
}

function storedBody(file: PageFile, fresh: Fresh, block: number): Body | undefined {
  const page = fresh.pageOf(block);
  return page === undefined ? undefined : bodyOf(file, page, block);
}

class Rebuild {
  private readonly file: PageFile;
  private readonly ledger: readonly LedgerRow[];
  private readonly fresh: Fresh;
  private readonly balances = new Map<string, Balance>();
  private nextBlock: number;
  private reread = 0;
  private bare = 0;
  private renewed = 0;
  private readonly renewedSources: ReadonlySet<number>;

  constructor(file: PageFile, ledger: readonly LedgerRow[], fresh: Fresh, renewedSources: ReadonlySet<number>) {
    this.renewedSources = renewedSources;
    this.file = file;
    this.ledger = ledger;
    this.fresh = fresh;
    this.nextBlock = fresh.nextBlock();
    for (const { input, origin, checkpoint } of fresh.allSources()) this.of(input).covered += checkpoint - origin;
    for (const [input] of ledger) this.of(input);
  }

  private of(input: string): Balance {
    let found = this.balances.get(input);
    if (!found) {
      found = { covered: 0, kept: { records: 0, bytes: 0 }, lost: { records: 0, bytes: 0 } };
      this.balances.set(input, found);
    }
    return found;
  }

  run(): Salvaged {
    this.removeWrong();
    this.rows();
    this.rereadMissing();
    for (const [input, balance] of this.balances) this.loseMissing(input, balance);
    this.fresh.finish([...this.balances].flatMap(([input, balance]) => balanced(input, this.ledger, balance)));
    const sum = { kept: 0, lost: 0, lostBytes: 0 };
    for (const { kept, lost } of this.balances.values()) {
      sum.kept += kept.records;
      sum.lost += lost.records;
      sum.lostBytes += lost.bytes;
    }
    return { ...sum, reread: this.reread, bare: this.bare, renewed: this.renewed, books: this.ledger.length > 0 };
  }

  /**
   * Removes rows that cannot be right: their span does not lie between the origin and the checkpoint of their source, or overlaps
   * another one. A row without its source is counted as lost if its input is known. A lost envelope is made again.
   */
  private removeWrong(): void {
    const spans = new Spans();
    for (const head of this.fresh.heads()) {
      if (!this.belongs(head)) continue;
      for (const { queue, seq } of spans.add(head)) this.fresh.remove(queue, seq);
    }
    for (const { queue, seq } of spans.rest()) this.fresh.remove(queue, seq);
  }

  private belongs(head: Head): boolean {
    const column = (c: number): number => head[c] as number;
    const source = this.fresh.source(column(HEAD.source));
    const envelope = this.fresh.envelope(column(HEAD.envelope));
    const input = source?.input ?? envelope?.input;
    const whole = source && (envelope !== undefined || this.fresh.renewEnvelope(head, source));
    if (input !== undefined && !whole) {
      this.lose(input, source, head);
      return false;
    }
    const fits = source !== undefined && (isSound(head) || this.mendAlone(head, source)) && isIn(head, source);
    if (!fits) this.fresh.remove(column(HEAD.queue), column(HEAD.seq));
    return fits;
  }

  /** Corrects a row before its block is looked at as a whole. */
  private mendAlone(head: Head, source: FoundSource): boolean {
    const body = this.body(head[HEAD.block] as number);
    return body !== undefined && withUnpacked(body, (plain) => this.mend(head, source, plain)) === true;
  }

  /** Corrects a number of a row, if the bytes of its block show which. @returns whether the row is right, or is now */
  private mend(head: Head, source: FoundSource, plain: Uint8Array): boolean {
    const right = mended(head, plain, (other) => this.accepts(other, source, plain));
    if (right === undefined) return false;
    if (right !== head) this.fresh.replace(right);
    head.set(right);
    return true;
  }

  private accepts(other: Head, source: FoundSource, plain: Uint8Array): boolean {
    return isIn(other, source) && this.fresh.isBetween(other) && isOfFile(other, source, plain);
  }

  /** Takes the rows block by block, in order of block and sequence number. */
  private rows(): void {
    let own: Head[] = [];
    for (const head of this.fresh.heads()) {
      const [first] = own;
      if (first && first[HEAD.block] !== head[HEAD.block]) {
        this.block(own);
        own = [];
      }
      own.push(head);
    }
    this.block(own);
  }

  /** @param heads all rows of one block */
  private block(heads: readonly Head[]): void {
    const id = heads[0]?.[HEAD.block];
    if (id === undefined) return;
    const body = this.body(id);
    const readable = (plain: Uint8Array): Head[] => heads.filter((head) => this.mend(head, this.sourceOf(head), plain));
    const whole = (body && withUnpacked(body, readable)) ?? [];
    if (body && whole.length > 0) this.keep(id, body, whole);
    if (whole.length === heads.length) return;
    const kept = new Set(whole);
    for (const head of heads) {
      if (kept.has(head)) continue;
      const source = this.sourceOf(head);
      const bytes = reread(source, head);
      if (bytes === undefined) {
        this.lose(source.input, source, head);
        continue;
      }
      this.fresh.move(head, this.nextBlock);
      this.keep(this.nextBlock++, pack(bytes), [head]);
      this.reread += head[HEAD.records] as number;
    }
  }

  private sourceOf(head: Head): FoundSource {
    return this.fresh.source(head[HEAD.source] as number) as FoundSource;
  }

  private body(id: number): Body | undefined {
    return storedBody(this.file, this.fresh, id);
  }

  private keep(id: number, body: Body, heads: readonly Head[]): void {
    const { input } = this.sourceOf(heads[0] as Head);
    this.fresh.keep(id, input, body, heads);
    const { kept } = this.of(input);
    for (const head of heads) {
      kept.records += head[HEAD.records] as number;
      kept.bytes += head[HEAD.bytes] as number;
      if (this.fresh.renewed.has(head[HEAD.envelope] as number)) this.bare += head[HEAD.records] as number;
      if (this.renewedSources.has(head[HEAD.source] as number)) this.renewed += head[HEAD.records] as number;
    }
  }

  /** Counts a row as lost: its head was found, but it cannot be kept. */
  private lose(input: string, source: FoundSource | undefined, head: Head): void {
    const column = (c: number): number => head[c] as number;
    const [records, bytes] = [column(HEAD.records), column(HEAD.bytes)];
    const { lost } = this.of(input);
    lost.records += records;
    lost.bytes += bytes;
    const path = this.fresh.envelope(column(HEAD.envelope))?.path ?? source?.path ?? "";
    const span = { start: column(HEAD.start), end: column(HEAD.end), records, bytes };
    const uncertain = column(HEAD.possiblyStored) !== 0;
    this.fresh.loseRow(head, { input, source: source?.id ?? "", path, ...span, uncertain, merged: false });
  }

  /** Reads rows again of which not even the head was found, if it can be told which spans they had. */
  private rereadMissing(): void {
    let gaps: Map<string, Gap[]> | undefined;
    for (const [input, balance] of this.balances) {
      const left = missing(input, this.ledger, balance);
      if (left.bytes === 0) continue;
      gaps ??= findGaps(this.fresh);
      const own = exactly(gaps.get(input) ?? [], left);
      if (own) this.fill(own, left, balance);
    }
  }

  /** Reads gaps again. Those that their files do not have any more are lost, with the records that are left. */
  private fill(gaps: readonly Gap[], left: Count, balance: Balance): void {
    const filled = new Filling(this.fresh, gaps, left.records);
    for (const { head, bytes } of filled.rows()) {
      this.fresh.add(head);
      this.fresh.move(head, this.nextBlock);
      this.keep(this.nextBlock++, pack(bytes), [head]);
      this.reread += head[HEAD.records] as number;
    }
    for (const range of filled.lost()) {
      balance.lost.records += range.records;
      balance.lost.bytes += range.bytes;
      this.fresh.lose(range);
    }
  }

  /** Counts what left no trace as lost: split over the sources that had more rows than were found, in proportion to these. */
  private loseMissing(input: string, balance: Balance): void {
    const left = missing(input, this.ledger, balance);
    if (left.records === 0 && left.bytes === 0) return;
    balance.lost.records += left.records;
    balance.lost.bytes += left.bytes;
    const unsure = { uncertain: true, merged: true };
    let rows = 0;
    for (const source of this.fresh.allSources()) if (source.input === input) rows += this.fresh.missingRows(source);
    if (rows === 0) return this.fresh.lose({ input, source: "", path: "", start: 0, end: 0, ...left, ...unsure });
    for (const source of this.fresh.allSources()) {
      const own = source.input === input ? this.fresh.missingRows(source) : 0;
      if (own === 0) continue;
      const share = (count: number): number => Math.floor((count * own) / rows);
      const part = { records: share(left.records), bytes: share(left.bytes) };
      left.records -= part.records;
      left.bytes -= part.bytes;
      rows -= own;
      const { id, path, origin, checkpoint } = source;
      this.fresh.lose({ input, source: id, path, start: origin, end: checkpoint, ...part, ...unsure });
    }
  }
}
