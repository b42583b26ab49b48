// Measures repeatedly how much of the disk the state may take, and manages the reserve: a file that is deleted first when the
// disk is full, because deletes and a WAL checkpoint need room before they free any. Invariant: as long as only the agent fills
// the disk, rows never use the room of the reserve and of the WAL.
import { statSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { type DiskBudget, diskBudget } from "../../budget/limits.ts";
import { RESERVE, removeReserve, resizeReserve } from "./reserve.ts";
import type { Database } from "../sqlite.ts";

/** Disk limits, for transactions and for the figures. */
export interface Space {
  /** Sets the page limit before a transaction. @param grows it adds rows, which may not use the room kept for other writes */
  limit(grows: boolean): void;
  /** Deletes the reserve, because the disk is full. False: there is none. */
  giveBack(): boolean;
  /** Bytes that rows may take. Never throws. */
  rows(): number;
}

/** The page size that schema.ts sets. */
const PAGE = 16_384;
/** SQLite's own maximum of pages. */
const NO_LIMIT = 0xfffffffe;
/** Part of the file system that is left free for other programs. */
const LEFT_FREE = 1 / 20;

export class DiskSpace implements Space {
  private readonly db: Database;
  private readonly directory: string;
  private readonly disk: number;
  private readonly pageCount;
  private readonly freePages;
  private readonly stored;
  private budget: DiskBudget;
  private limited: number | undefined;
  private last = 0;

  /** @param disk `buffer.disk` in bytes; 0: no rows, and nothing is kept free */
  constructor(db: Database, directory: string, disk: number) {
    this.db = db;
    this.directory = directory;
    this.disk = disk;
    this.budget = diskBudget(disk);
    this.pageCount = db.prepare("PRAGMA page_count").pluck();
    this.freePages = db.prepare("PRAGMA freelist_count").pluck();
    this.stored = db.prepare("SELECT total(stored) FROM totals").pluck();
  }

  limit(grows: boolean): void {
    const pages = grows && this.budget.maxPages > 0 ? this.budget.maxPages : NO_LIMIT;
    if (pages !== this.limited) this.db.pragma(`max_page_count = ${pages}`);
    this.limited = pages;
  }

  giveBack(): boolean {
    return removeReserve(this.directory);
  }

  rows(): number {
    if (this.disk === 0) return 0;
    try {
      return (this.last = this.measure());
    } catch {
      // If the disk fails, the next transaction reports it.
      return this.last;
    }
  }

  private measure(): number {
    const { directory, db } = this;
    const wal = taken(directory, "state.db-wal");
    const reserve = taken(directory, RESERVE);
    const own = taken(directory, "state.db") + wal + reserve;
    const { blocks, bavail, bsize } = statfsSync(directory);
    const kept = blocks * bsize * LEFT_FREE;
    // Some file systems report no size. Then only `buffer.disk` limits.
    const total = blocks > 0 ? Math.min(this.disk, own + bavail * bsize - kept) : this.disk;
    const budget = diskBudget(Math.max(0, total));
    if (budget.checkpointPages !== this.budget.checkpointPages || this.limited === undefined)
      db.pragma(`wal_autocheckpoint = ${budget.checkpointPages}`);
    this.budget = budget;
    const room = bavail * bsize - kept;
    if (reserve < budget.reserve ? room >= budget.reserve - reserve : reserve > 2 * budget.reserve)
      resizeReserve(directory, reserve, budget.reserve);
    const used = ((this.pageCount.get() as number) - (this.freePages.get() as number)) * PAGE;
    // Everything in the file beyond the bytes charged to rows: dead letters, ledger, half-empty pages.
    const others = Math.max(0, used - (this.stored.get() as number)) + Math.max(0, wal - budget.log);
    return Math.max(0, Math.floor(budget.rows - others));
  }
}

/** Bytes of the disk that a file takes. */
function taken(directory: string, name: string): number {
  return (statSync(join(directory, name), { throwIfNoEntry: false })?.blocks ?? 0) * 512;
}
