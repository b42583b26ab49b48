// Creates the tables of a new state database, and upgrades a database of an earlier version. Bodies in the backlog stay where
// they are: each row of version 1 becomes a head and a block, whose negative id points to the old row. Invariants: from the
// first step on, the old version refuses the database; after a kill between two steps, the next start continues.
import {
  BACKLOG_TABLES,
  COLUMNS_2,
  COLUMNS_3,
  COLUMNS_4,
  OTHER_TABLES,
  SCHEMA_VERSION,
  SET_VERSION,
} from "./schema.ts";
import { storedBytes } from "./rows/blocks.ts";
import { type Database, inTransaction } from "./sqlite.ts";

/** Called with the rows done and the rows in all. */
export type UpgradeProgress = (done: number, total: number) => void;

/** Rows per transaction; 20,000 take at most 0.6 s. */
const SLICE = 20_000;
const ALL_COLUMNS = `${COLUMNS_2} ${COLUMNS_3} ${COLUMNS_4}`;
/** Key of table `meta`: sequence number of the last row upgraded. It exists while rows are left. */
const MARKER = "upgrade";

export function createTables(db: Database): void {
  inTransaction(db, () => {
    db.exec(`${OTHER_TABLES} ${BACKLOG_TABLES} ${ALL_COLUMNS} ${SET_VERSION}`);
  });
}

/** @param version of the database, above 0 @param most rows per transaction */
export function upgrade(db: Database, version: number, progress: UpgradeProgress, most = SLICE): void {
  if (version === 1) begin(db);
  else if (version < SCHEMA_VERSION) {
    const columns = version === 2 ? COLUMNS_3 + COLUMNS_4 : COLUMNS_4;
    inTransaction(db, () => db.exec(`${columns} ${SET_VERSION}`));
  }
  // Table `meta`, with the marker, may be damaged; an upgrade that is not finished has the old table.
  const old = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'chunks'").get();
  if (old === undefined) return;
  if (marker(db) !== undefined) {
    const total = db.prepare("SELECT count(*) FROM chunks").pluck().get() as number;
    for (let done = 0, rows = slice(db, most); rows > 0; rows = slice(db, most)) progress((done += rows), total);
    end(db);
  }
  if (db.prepare("SELECT 1 FROM chunks LIMIT 1").get() === undefined) db.exec("DROP TABLE chunks");
}

/** Rebuilds sources and envelopes with their new columns. The index finds a source by the id in an old row. */
function begin(db: Database): void {
  inTransaction(db, () => {
    db.exec(`
      ALTER TABLE sources RENAME TO sources_1;
      ALTER TABLE envelopes RENAME TO envelopes_1;
      DROP TABLE settled;
      ${BACKLOG_TABLES} ${ALL_COLUMNS}
      INSERT INTO sources SELECT row_number() OVER (ORDER BY id), id, input, path, device, inode, birth_ns, head_length,
        head_hash, mark_length, mark_hash, origin, checkpoint, 0 FROM sources_1;
      INSERT INTO envelopes SELECT id, input, path, host, fields, index_pattern, policy, 0 FROM envelopes_1;
      DROP TABLE sources_1;
      DROP TABLE envelopes_1;
      CREATE INDEX sources_by_id ON sources (id);
      INSERT INTO queues (policy, target) SELECT DISTINCT policy, index_pattern FROM envelopes;
      INSERT INTO meta VALUES ('${MARKER}', '0');
      ${SET_VERSION}`);
  });
}

function marker(db: Database): number | undefined {
  const value = db.prepare("SELECT value FROM meta WHERE key = ?").pluck().get(MARKER) as string | undefined;
  return value === undefined ? undefined : Number(value);
}

/** The target of an old row is its unresolved index pattern. */
const ROWS = `FROM chunks c JOIN sources s ON s.id = c.source JOIN envelopes e ON e.id = c.envelope
  JOIN queues q ON q.policy = e.policy AND q.target = e.index_pattern WHERE c.seq > ? AND c.seq <= ?`;

/** Upgrades the next rows, inserted in the order of the table they go into. @returns how many; 0: none is left */
function slice(db: Database, most: number): number {
  const after = marker(db) as number;
  const next = "SELECT count(*), max(seq) FROM (SELECT seq FROM chunks WHERE seq > ? ORDER BY seq LIMIT ?)";
  const [rows, last] = db.prepare(next).raw().get(after, most) as [number, number];
  if (rows === 0) return 0;
  db.function("stored_bytes", { deterministic: true }, (body: number) => storedBytes(body, 1));
  inTransaction(db, () => {
    const head = `c.read_at_ms, c.read_at_ms, 1, c.length, c.table_length, 0, -c.seq, 0`;
    const heads = `SELECT q.id, c.seq, s.num, c.envelope, c.start, c."end", c.records, c.bytes, ${head}`;
    db.prepare(`INSERT INTO heads ${heads} ${ROWS} ORDER BY q.id, c.seq`).run(after, last);
    const stored = "stored_bytes(length(c.data) + coalesce(length(c.record_table), 0))";
    const blocks = `SELECT -c.seq, q.id, s.input, c.seq, c.seq, 1, ${stored}`;
    db.prepare(`INSERT INTO blocks ${blocks} ${ROWS} ORDER BY c.seq DESC`).run(after, last);
    db.prepare("UPDATE meta SET value = ? WHERE key = ?").run(String(last), MARKER);
  });
  return rows;
}

/** After the last row: writes the sums, and removes the upgrade's index and marker. */
function end(db: Database): void {
  const rows = (column: string): string => `(SELECT ${column} AS id, count(*) AS rows FROM heads GROUP BY ${column})`;
  inTransaction(db, () => {
    db.exec(`
      INSERT INTO totals SELECT h.queue, b.input, count(*), sum(h.records), sum(h.bytes), sum(b.stored)
        FROM heads h JOIN blocks b ON b.id = h.block GROUP BY h.queue, b.input;
      UPDATE sources SET chunks = c.rows FROM ${rows("source")} c WHERE c.id = sources.num;
      UPDATE envelopes SET chunks = c.rows FROM ${rows("envelope")} c WHERE c.id = envelopes.id;
      DROP INDEX sources_by_id;
      DELETE FROM meta WHERE key = '${MARKER}';`);
  });
}
