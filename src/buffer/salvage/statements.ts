// The SQL of a salvage, which works on the fresh database and the scratch tables in it (carve.ts).
import { marks } from "../spool/rows/statements.ts";
import { STARTED } from "../spool/rows/tables.ts";
import type { Database } from "../spool/sqlite.ts";

/** Columns of table `heads`. */
export const COLUMNS = 16;
/** Most rows that are looked at for a free sequence number. */
export const MOST_SEQS = 100_000;
/** In column `block`: the row is lost. It stays until the end, because it shows which range is not missing. */
export const LOST = Number.MIN_SAFE_INTEGER;

/** Makes queues again whose rows are there: policy and target are in the envelope of each row. */
export const RENEW_QUEUES = `INSERT INTO queues SELECT t.queue, e.policy, e.index_pattern
  FROM (SELECT DISTINCT queue FROM totals) t JOIN envelopes e ON e.id = (SELECT envelope FROM heads WHERE queue = t.queue LIMIT 1)
  WHERE t.queue NOT IN (SELECT id FROM queues)`;

/** Notes that inputs with sources have started before. Without it, one with `start: end` would skip its new files. */
export const RENEW_STARTS = `INSERT OR IGNORE INTO meta SELECT '${STARTED}' || input, '0' FROM (SELECT DISTINCT input FROM sources)`;

export function prepare(db: Database) {
  const source = `SELECT num, id, input, path, inode, birth_ns, head_length, head_hash, origin, checkpoint, chunks FROM sources`;
  return {
    source: db.prepare(`${source} WHERE num = ?`),
    sources: db.prepare(`${source} WHERE num > ? ORDER BY num LIMIT ?`),
    envelope: db.prepare("SELECT input, path FROM envelopes WHERE id = ?"),
    metadata: db.prepare("SELECT DISTINCT host, fields FROM envelopes WHERE input = ? LIMIT 2"),
    ofPath: db.prepare("SELECT id, host, fields FROM envelopes WHERE path = ? AND input = ?"),
    addEnvelope: db.prepare(`INSERT INTO envelopes VALUES (${marks(8)})`),
    queue: db.prepare("SELECT policy, target FROM queues WHERE id = ?"),
    byBlock: db
      .prepare(
        `SELECT * FROM heads INDEXED BY salvage_by_block WHERE (block, queue, seq) > (?, ?, ?) AND block <= ?
        ORDER BY block, queue, seq LIMIT ?`,
      )
      .raw(),
    lastBlock: db
      .prepare(
        "SELECT max(coalesce((SELECT max(block) FROM heads), 0), coalesce((SELECT max(block) FROM salvage_bodies), 0))",
      )
      .pluck(),
    bySeq: db.prepare("SELECT * FROM heads WHERE (queue, seq) > (?, ?) ORDER BY queue, seq LIMIT ?").raw(),
    around: db
      .prepare(
        `SELECT
        coalesce((SELECT "end" FROM heads WHERE queue = ? AND source = ? AND seq < ? ORDER BY seq DESC LIMIT 1), 0),
        coalesce((SELECT start FROM heads WHERE queue = ? AND source = ? AND seq > ? ORDER BY seq LIMIT 1), 1e300)`,
      )
      .raw(),
    seqs: db
      .prepare(`SELECT seq FROM heads WHERE queue = ? AND seq > ? AND seq < ? ORDER BY seq LIMIT ${MOST_SEQS}`)
      .pluck(),
    home: db.prepare(`SELECT q.id AS queue, e.id AS envelope FROM envelopes e
      JOIN queues q ON q.policy = e.policy AND q.target = e.index_pattern WHERE e.path = ? AND e.input = ? LIMIT 2`),
    replace: db.prepare(`INSERT OR REPLACE INTO heads VALUES (${marks(COLUMNS)})`),
    add: db.prepare(`INSERT INTO heads VALUES (${marks(COLUMNS)})`),
    page: db.prepare("SELECT page FROM salvage_bodies WHERE block = ?").pluck(),
    addBlock: db.prepare(`INSERT INTO blocks VALUES (${marks(7)})`),
    addBody: db.prepare(`INSERT INTO bodies VALUES (${marks(5)})`),
    move: db.prepare("UPDATE heads SET block = ?, at = 0 WHERE queue = ? AND seq = ?"),
    remove: db.prepare("DELETE FROM heads WHERE queue = ? AND seq = ?"),
    removeLost: db.prepare("DELETE FROM heads WHERE block = ?"),
    addAccount: db.prepare("INSERT INTO ledger VALUES (?, ?, ?, ?)"),
    addTotal: db.prepare(`INSERT INTO totals VALUES (${marks(6)})`),
    countSource: db.prepare("UPDATE sources SET chunks = ? WHERE num = ?"),
    countEnvelope: db.prepare("UPDATE envelopes SET chunks = ? WHERE id = ?"),
  };
}
