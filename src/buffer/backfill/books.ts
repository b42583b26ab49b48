// Writes the progress of `losses backfill` in short transactions, while an agent may be running: how far each loss range was
// read again and delivered, and the fates of its records, in the ledger of a pseudo-input. Invariants: no earlier fate changes;
// a range is marked only up to where every missing record is stored. After a kill between a response and its transaction, the
// records of that response are sent once more.
import { BACKFILL, type SentAgain, SentAgainBooks } from "../ledger/sent-again.ts";
import { LossTable } from "../spool/losses.ts";
import type { Loss } from "../spool/spool.ts";
import { type Database, inTransaction } from "../spool/sqlite.ts";

export interface Progress extends SentAgain {
  /** By range: the offset up to which it is backfilled now. */
  readonly ranges: ReadonlyMap<LossKey, number>;
  /** Records that the server refused, with the range each was in. Each becomes a range of its own, not yet backfilled. */
  readonly refused: readonly (readonly [LossKey, Loss])[];
}

export interface LossKey {
  readonly id: number;
  readonly source: string;
  readonly start: number;
}

export class BackfillBooks {
  private readonly db: Database;
  private readonly losses: LossTable;
  private readonly mark;
  private readonly lessen;
  private readonly sent: SentAgainBooks;

  constructor(db: Database) {
    this.db = db;
    this.losses = new LossTable(db);
    // A range that was merged meanwhile has another start, or no row. The update misses it, and the range is read again.
    this.mark = db.prepare(
      `UPDATE losses SET backfilled_to = min(?, "end") WHERE id = ? AND source = ? AND start = ? AND backfilled_to < ?`,
    );
    this.lessen = db.prepare(
      "UPDATE losses SET records = records - ?, bytes = bytes - ? WHERE id = ? AND source = ? AND start = ?",
    );
    this.sent = new SentAgainBooks(db, BACKFILL);
  }

  /** Writes everything in one transaction. */
  write({ ranges, refused, ...sent }: Progress): void {
    inTransaction(this.db, () => {
      for (const [{ id, source, start }, offset] of ranges) this.mark.run(offset, id, source, start, offset);
      for (const [{ id, source, start }, { records, bytes }] of refused)
        this.lessen.run(records, bytes, id, source, start);
      for (const [, loss] of refused) this.losses.add(loss);
      this.sent.count(sent);
    });
  }
}
