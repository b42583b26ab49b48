// The dead-letter table, kept within its budget. Invariants: letters of one reason take at most a quarter of the budget, so that
// a flood of them does not evict rare ones; above that quarter, and above the budget, the oldest are evicted; every evicted
// letter is reported to the caller.
import { crc32 } from "node:zlib";
import { type Count, DEAD, DROPPED_LETTER, FATES } from "../../core/fate.ts";
import type { LossTable } from "./losses.ts";
import type { DeadLetter, Evicted, Loss } from "./spool.ts";
import type { Database, Statement } from "./sqlite.ts";
import { type Statements, marks } from "./rows/statements.ts";

/** SQL for the bytes of a letter: its reason, body and document, plus 256 for the rest of the row. */
const SIZE = "(length(reason) + coalesce(length(body), 0) + coalesce(length(document), 0) + 256)";

/** Kind of letters from an earlier version, which did not store which of them share a reason. */
const UNKNOWN = 0;

/** Letters per transaction of a command. Small, because an agent may be waiting for the database. */
const SLICE = 1000;

/** Removes letters by id; their fate in the ledger stays. @returns how many were removed */
export function removeLetters(db: Database, ids: readonly number[]): number {
  const remove = db.prepare("DELETE FROM dead_letters WHERE id IN (SELECT value FROM json_each(?))");
  let removed = 0;
  for (let from = 0; from < ids.length; from += SLICE)
    removed += remove.run(JSON.stringify(ids.slice(from, from + SLICE))).changes;
  return removed;
}

/** Facts about a letter that was removed. */
export type Gone = Omit<DeadLetter, "body" | "reason" | "document">;
type Stored = Gone & { readonly id: number; readonly kind: number; readonly size: number };

/**
 * Statements for a set of letters. Deletes go by id range: on a busy machine, 25,000 letters with their evictions took 9.9 s
 * when each was deleted by itself, and 1.6 s by range.
 */
interface Which {
  /** Selects the letters, oldest first. */
  readonly oldest: Statement;
  /** Deletes the letters up to an id. */
  readonly remove: Statement;
}

export class DeadLetterTable {
  private readonly insert;
  private readonly all: Which;
  private readonly ofKind: Which;
  private readonly summing;
  private readonly changes;
  private readonly budget: number;
  /** Bytes of letters, by kind: a hash of their reason (see kindOf). */
  private readonly sizes = new Map<number, number>();
  private bytes = 0;
  private records = 0;
  private dataVersion: unknown;

  /** @param budget bytes */
  constructor(db: Database, budget: number) {
    this.budget = budget;
    this.insert = db
      .prepare(`INSERT INTO dead_letters
        (at_ms, input, source, path, offset, bytes, index_name, status, type, reason, body, kind, document)
        VALUES (${marks(13)}) RETURNING ${SIZE}`)
      .pluck();
    const gone = `at_ms AS atMs, input, source, path, offset, bytes, index_name AS "index", status, type, kind, ${SIZE} AS size`;
    const which = (condition: string): Which => ({
      oldest: db.prepare(`SELECT id, ${gone} FROM dead_letters WHERE ${condition} ORDER BY id`),
      remove: db.prepare(`DELETE FROM dead_letters WHERE ${condition} AND id <= ?`),
    });
    this.all = which("id > 0");
    this.ofKind = which("kind = ?");
    this.summing = db.prepare(`SELECT kind, sum(${SIZE}), count(*) FROM dead_letters GROUP BY kind`).raw();
    this.changes = db.prepare("PRAGMA data_version").pluck();
    this.recount();
  }

  /** Recomputes the sums from the whole table, for example after a rollback. @returns bytes of all letters */
  recount(): number {
    this.dataVersion = this.changes.get();
    this.sizes.clear();
    this.bytes = 0;
    this.records = 0;
    for (const [kind, size, records] of this.summing.all() as [number, number, number][])
      this.grow(kind, size, records);
    return this.bytes;
  }

  /** As of the last transaction, or of the last call of `look`. */
  get kept(): Count {
    return { records: this.records, bytes: this.bytes };
  }

  /** Recounts if another connection has changed the database: a command may have removed letters. */
  look(): void {
    if (this.changes.get() !== this.dataVersion) this.recount();
  }

  /**
   * Adds letters within the caller's transaction.
   * @returns letters evicted to keep within the budget, possibly including some of those just added
   */
  add(letters: readonly DeadLetter[]): Gone[] {
    if (letters.length === 0) return [];
    this.look();
    const kinds = new Set<number>();
    for (const l of letters) {
      const kind = kindOf(l);
      kinds.add(kind);
      const where = [l.atMs, l.input, l.source, l.path, l.offset, l.bytes, l.index];
      const what = [l.status, l.type, l.reason, l.body ?? null, kind, l.document];
      this.grow(kind, this.insert.get(...where, ...what) as number, 1);
    }
    const gone: Gone[] = [];
    for (const kind of kinds) {
      this.evict(this.ofKind, [kind], () => (this.sizes.get(kind) ?? 0) > this.budget / 4, gone);
    }
    this.evict(this.all, [], () => this.bytes > this.budget, gone);
    return gone;
  }

  private grow(kind: number, size: number, records: number): void {
    this.bytes += size;
    this.records += records;
    const now = (this.sizes.get(kind) ?? 0) + size;
    if (now === 0) this.sizes.delete(kind);
    else this.sizes.set(kind, now);
  }

  private evict({ oldest, remove }: Which, of: readonly number[], exceeds: () => boolean, gone: Gone[]): void {
    let last = 0;
    if (!exceeds()) return;
    for (const one of oldest.iterate(...of) as IterableIterator<Stored>) {
      const { id, kind, size, ...letter } = one;
      this.grow(kind, -size, -1);
      gone.push(letter);
      last = id;
      if (!exceeds()) break;
    }
    remove.run(...of, last);
  }
}

/**
 * Moves the fate of evicted letters from dead to dropped in the ledger, and adds their loss ranges, within the transaction that
 * evicted them. @returns sums by input and index
 */
export function dropLetters(gone: readonly Gone[], losses: LossTable, sql: Statements): Evicted[] {
  const sums = new Map<string, { -readonly [K in keyof Evicted]: Evicted[K] }>();
  for (const range of rangesOf(gone)) losses.add(range);
  for (const { input, bytes, index, status, type } of gone) {
    const key = JSON.stringify([input, index]);
    const sum = sums.get(key) ?? { input, index, status, type, records: 0, bytes: 0 };
    sums.set(key, sum);
    sum.records++;
    sum.bytes += bytes;
  }
  for (const { input, records, bytes } of sums.values()) {
    sql.addToLedger.run(input, FATES[DEAD], -records, -bytes);
    sql.addToLedger.run(input, FATES[DROPPED_LETTER], records, bytes);
  }
  return [...sums.values()];
}

/** Loss ranges of the letters; letters that are adjacent in their source share a range. */
function rangesOf(gone: readonly Gone[]): Loss[] {
  const ranges: { -readonly [K in keyof Loss]: Loss[K] }[] = [];
  for (const { atMs, input, source, path, offset: start, bytes } of gone) {
    const last = ranges.at(-1);
    if (last?.source === source && last.end === start) {
      last.end += bytes;
      last.bytes += bytes;
      last.records++;
      continue;
    }
    const kind = { fate: DROPPED_LETTER, uncertain: false, keep: 0, hashVersion: 0, merged: false };
    ranges.push({ atMs, input, source, path, start, end: start + bytes, records: 1, bytes, ...kind });
  }
  return ranges;
}

/** The parts of a reason that differ between documents: quoted values, ids, positions. */
const PARTICULAR = /'[^']*'|"[^"]*"|`[^`]*`|\d+/g;

/** A hash that is equal for letters with the same reason. */
function kindOf({ type, reason }: DeadLetter): number {
  const [common = ""] = reason.split(/ ?Preview of field's value/, 1);
  return crc32(`${type} ${common.replaceAll(PARTICULAR, "").slice(0, 256)}`) || UNKNOWN + 1;
}
