// Shrinks the database file after its rows have been delivered: a few pages at a time, while no new rows come that would use the
// free pages at once.
import { isCorruption } from "../faults.ts";
import type { Database } from "../sqlite.ts";

/** Pages per transaction: 4 MiB, a few milliseconds. */
const SOME_PAGES = 256;
const ALL_PAGES = 0;
/** Steps of SOME_PAGES in an idle second. */
const WHEN_IDLE = 4;

export class Upkeep {
  private readonly db: Database;
  private readonly freePages;
  /** Rows came or were read since the last turn. */
  busy = false;
  /** SQLite's error: the list of free pages is damaged, so that the file cannot shrink. */
  damage: Error | undefined;
  /** Pages were given back since the last checkpoint. */
  private vacuumed = false;

  constructor(db: Database) {
    this.db = db;
    this.freePages = db.prepare("PRAGMA freelist_count").pluck();
  }

  /** Called once a second. */
  turn(): void {
    if (this.busy) return void (this.busy = false);
    for (let i = 0; i < WHEN_IDLE; i++) {
      this.giveBack();
      // Only a checkpoint makes the file smaller.
      if (this.vacuumed) this.vacuumed = !this.checkpoint();
    }
  }

  /** Called before closing: gives back all free pages, and empties the WAL. */
  finish(): void {
    this.giveBack(ALL_PAGES);
    this.checkpoint();
  }

  /** Gives free pages back to the file system. A failure is harmless: everything committed is durable. */
  giveBack(pages = SOME_PAGES): void {
    try {
      if (this.freePages.get() === 0) return;
      // Use exec: a prepared statement would run one step only, and each step frees one page.
      this.db.exec(`PRAGMA incremental_vacuum(${pages})`);
      this.vacuumed = true;
    } catch (error) {
      // Else the disk is full or failing. The next transaction reports it; until then the pages can be reused.
      if (isCorruption(error)) this.damage = error as Error;
    }
  }

  /** False: the checkpoint did not finish, because there is a reader, or the disk is full or failing. */
  checkpoint(): boolean {
    try {
      const [busy] = this.db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").raw().get() as [number];
      return busy === 0;
    } catch {
      return false;
    }
  }
}
