// The table of loss ranges. Adjacent ranges of one kind are joined. The number of ranges is bounded: above it, the oldest ranges
// of each source and kind are merged into one wider range, marked `merged`. Counts are never lost.
import { FATES } from "../../core/fate.ts";
import type { Loss } from "./spool.ts";
import type { Database } from "./sqlite.ts";
import { marks } from "./rows/statements.ts";

/** Most ranges in the table. A range takes about 200 bytes. */
const MOST = 20_000;

/** A row of the table. */
interface Columns {
  id: number;
  at_ms: number;
  input: string;
  source: string;
  path: string;
  start: number;
  end: number;
  fate: string;
  records: number;
  bytes: number;
  uncertain: number;
  keep: number;
  hash_version: number;
  merged: number;
  backfilled_to: number;
}

export class LossTable {
  private readonly grow;
  private readonly insert;
  private readonly oldest;
  private readonly remove;
  private readonly counting;
  private readonly most: number;
  private bound: number;
  private count: number;

  constructor(db: Database, most = MOST) {
    this.most = most;
    this.bound = most;
    this.grow = db.prepare(`UPDATE losses SET "end" = ?, records = records + ?, bytes = bytes + ?
      WHERE id = (SELECT max(id) FROM losses WHERE source = ? AND "end" = ? AND fate = ? AND uncertain = ? AND keep = ?
      AND hash_version = ? AND merged = ?)`);
    this.insert = db.prepare(`INSERT INTO losses (id, at_ms, input, source, path, start, "end", fate, records, bytes,
      uncertain, keep, hash_version, merged, backfilled_to) VALUES (${marks(15)})`);
    this.oldest = db.prepare("SELECT * FROM losses ORDER BY id LIMIT ?");
    this.remove = db.prepare("DELETE FROM losses WHERE id <= ?");
    this.counting = db.prepare("SELECT count(*) FROM losses").pluck();
    this.count = this.recount();
  }

  /** Adds a range within the caller's transaction. */
  add(l: Loss): void {
    const kind = [FATES[l.fate] as string, Number(l.uncertain), l.keep, l.hashVersion];
    if (this.grow.run(l.end, l.records, l.bytes, l.source, l.start, ...kind, Number(l.merged)).changes > 0) return;
    const [fate, ...rest] = kind;
    const range = [l.start, l.end, fate, l.records, l.bytes, ...rest, Number(l.merged), 0];
    this.insert.run(null, l.atMs, l.input, l.source, l.path, ...range);
    if (++this.count > this.bound) this.merge();
  }

  /** Counts the rows again, for example after a rollback. */
  recount(): number {
    return (this.count = this.counting.get() as number);
  }

  /** Merges the oldest half at once, so that merges are rare. If that half has too many sources to help, merges all. */
  private merge(): void {
    this.mergeOldest(this.count >> 1);
    if (this.recount() > 0.75 * this.most) this.mergeOldest(this.count);
    // Each source and kind needs at least one range. If these alone exceed the limit, raise it, or every new range would merge.
    this.bound = Math.max(this.most, 2 * this.recount());
  }

  private mergeOldest(ranges: number): void {
    const old = this.oldest.all(ranges) as Columns[];
    const kinds = Map.groupBy(old, (l) =>
      [l.source, l.fate, l.uncertain, l.keep, l.hash_version, isBackfilled(l)].join(" "),
    );
    this.remove.run((old.at(-1) as Columns).id);
    for (const ranges of kinds.values()) {
      const [first, ...others] = ranges as [Columns, ...Columns[]];
      for (const l of others) {
        first.start = Math.min(first.start, l.start);
        first.end = Math.max(first.end, l.end);
        first.records += l.records;
        first.bytes += l.bytes;
        first.path = l.path;
        first.merged = 1;
        // Ranges that were partly backfilled are read again from the start; the documents have the same ids.
        first.backfilled_to = isBackfilled(l) ? first.end : 0;
      }
      const { id, at_ms, input, source, path, start, end, fate, records, bytes } = first;
      const kind = [first.uncertain, first.keep, first.hash_version, first.merged, first.backfilled_to];
      this.insert.run(id, at_ms, input, source, path, start, end, fate, records, bytes, ...kind);
    }
  }
}

function isBackfilled(l: Columns): boolean {
  return l.backfilled_to >= l.end;
}
