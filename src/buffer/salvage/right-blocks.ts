// Corrects rows with a flipped bit in the number of their block, which points them to the bytes of other rows. The blocks that were
// found say which rows they have: a row that is not among those of its block, but among those of exactly one other, belongs there.
import type { Database } from "../spool/sqlite.ts";

/** Scratch table with the rows of table `blocks` that were found. */
export const FOUND_BLOCKS = "salvage_blocks";

// CROSS JOIN keeps this order: every row is looked up by its block, and only the wrong ones are compared with all blocks.
const CORRECT = `UPDATE heads SET block = found.block FROM (
  SELECT h.queue, h.seq, min(other.block) AS block FROM heads h
  CROSS JOIN ${FOUND_BLOCKS} own ON own.block = h.block AND h.seq NOT BETWEEN own.first_seq AND own.last_seq
  CROSS JOIN sources s ON s.num = h.source
  CROSS JOIN ${FOUND_BLOCKS} other
    ON other.queue = h.queue AND other.input = s.input AND h.seq BETWEEN other.first_seq AND other.last_seq
  GROUP BY h.queue, h.seq HAVING count(*) = 1
) found WHERE heads.queue = found.queue AND heads.seq = found.seq`;

/** @param db into which rows, sources and blocks were carved */
export function rightBlocks(db: Database): void {
  db.exec(CORRECT);
}
