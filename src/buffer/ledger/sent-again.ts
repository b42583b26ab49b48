// Counts what a command sent beside the agent: records that have a fate already and are sent again by `losses backfill` or
// `dead-letters replay`. Invariant: no earlier count changes. They count as read and delivered (or a duplicate) once more, by a
// pseudo-input.
import { type Count, DELIVERED, DUPLICATE, FATES } from "../../core/fate.ts";
import type { Database, Statement } from "../spool/sqlite.ts";

/** The pseudo-inputs: names that no input can have. */
export const BACKFILL = "(backfill)";
export const REPLAY = "(replay)";

/** What a command has sent. */
export interface SentAgain {
  readonly stored: Count;
  /** Records that the server already had. */
  readonly exists: Count;
}

export class SentAgainBooks {
  private readonly input: typeof BACKFILL | typeof REPLAY;
  private readonly add: Statement;

  constructor(db: Database, input: typeof BACKFILL | typeof REPLAY) {
    this.input = input;
    this.add = db.prepare(`INSERT INTO ledger VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
      SET records = records + excluded.records, bytes = bytes + excluded.bytes`);
  }

  /** To be called within the transaction that marks the records as sent. */
  count({ stored, exists }: SentAgain): void {
    const [records, bytes] = [stored.records + exists.records, stored.bytes + exists.bytes];
    if (records === 0) return;
    this.add.run(this.input, "read", records, bytes);
    // A pseudo-input has no sources. Its bytes are booked as read from sources that have been forgotten.
    this.add.run(this.input, "retired", 0, bytes);
    this.add.run(this.input, FATES[DELIVERED], stored.records, stored.bytes);
    this.add.run(this.input, FATES[DUPLICATE], exists.records, exists.bytes);
  }
}
