// The SQL of the hot path, prepared once per connection. Every statement finds its rows by a primary key; a test checks this with
// SQLite's query plans.
import type { Database, Statement } from "../sqlite.ts";

export type Statements = ReturnType<typeof prepare>;

export function prepare(db: Database) {
  const statement = (sql: string): Statement => db.prepare(sql);
  return {
    // Adding rows.
    addHead: statement(`INSERT INTO heads VALUES (${marks(16)})`),
    addBlock: statement(`INSERT INTO blocks VALUES (${marks(7)})`),
    addBody: statement(`INSERT INTO bodies VALUES (${marks(5)})`),
    addEnvelope: statement(`INSERT INTO envelopes VALUES (${marks(7)}, 0) ON CONFLICT DO NOTHING`),
    addQueue: statement("INSERT INTO queues VALUES (?, ?, ?) ON CONFLICT DO NOTHING"),
    // Removing rows.
    removeHead: statement(
      `DELETE FROM heads WHERE queue = ? AND seq = ? RETURNING source, envelope, block, records, bytes`,
    ),
    shrinkBlock: statement("UPDATE blocks SET live = live - ? WHERE id = ? RETURNING live, queue, input, stored"),
    removeBlock: statement("DELETE FROM blocks WHERE id = ?"),
    removeBody: statement("DELETE FROM bodies WHERE block = ?"),
    // Sums.
    addToTotal:
      statement(`INSERT INTO totals VALUES (${marks(6)}) ON CONFLICT DO UPDATE SET chunks = chunks + excluded.chunks,
      records = records + excluded.records, bytes = bytes + excluded.bytes, stored = stored + excluded.stored`),
    takeFromTotal: statement(`UPDATE totals SET chunks = chunks - ?, records = records - ?, bytes = bytes - ?,
      stored = stored - ? WHERE queue = ? AND input = ? RETURNING chunks, records, bytes, stored`),
    countSource: statement("UPDATE sources SET chunks = chunks + ? WHERE num = ?"),
    countEnvelope: statement("UPDATE envelopes SET chunks = chunks + ? WHERE id = ?"),
    removeEnvelope: statement("DELETE FROM envelopes WHERE id = ? AND chunks = 0"),
    // Sources and the ledger.
    putSource: statement(`INSERT INTO sources VALUES (${marks(13)}, 0) ON CONFLICT DO UPDATE SET path = excluded.path,
      device = excluded.device, inode = excluded.inode, birth_ns = excluded.birth_ns, head_length = excluded.head_length,
      head_hash = excluded.head_hash, mark_length = excluded.mark_length, mark_hash = excluded.mark_hash,
      checkpoint = excluded.checkpoint`),
    moveSource: statement("UPDATE sources SET checkpoint = ?, mark_length = ?, mark_hash = ? WHERE num = ?"),
    keepLost: statement(`INSERT OR REPLACE INTO lost_sources
      SELECT id, path, inode, birth_ns, head_length, head_hash, mark_length, mark_hash, checkpoint FROM sources s
      WHERE num = ? AND (EXISTS (SELECT 1 FROM losses WHERE source = s.id)
        OR EXISTS (SELECT 1 FROM dead_letters WHERE source = s.id))`),
    hasSource: statement("SELECT 1 FROM sources WHERE num = ?"),
    removeSource: statement("DELETE FROM sources WHERE num = ?"),
    addToLedger: statement(`INSERT INTO ledger VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
      SET records = records + excluded.records, bytes = bytes + excluded.bytes`),
    putMeta: statement("INSERT OR REPLACE INTO meta VALUES (?, ?)"),
    // Loading.
    heads: statement("SELECT * FROM heads WHERE queue = ? AND seq > ? ORDER BY seq LIMIT ?").raw(),
    chunksOf: statement(
      "SELECT (SELECT total(chunks) FROM totals WHERE queue = ?), (SELECT count(*) FROM heads WHERE queue = ?)",
    ).raw(),
    envelope: statement("SELECT * FROM envelopes WHERE id = ?"),
    source: statement("SELECT id, input, path, inode, birth_ns, head_length, head_hash FROM sources WHERE num = ?"),
    block: statement("SELECT live, stored, queue, first_seq, last_seq FROM blocks WHERE id = ?").raw(),
    body: statement("SELECT codec, checksum, length, data FROM bodies WHERE block = ?"),
    oldest: statement("SELECT aged_ms, read_at_ms FROM heads WHERE queue = ? ORDER BY seq LIMIT 1").raw(),
    blockOf: statement("SELECT block FROM heads WHERE queue = ? AND seq = ?").pluck(),
    // Shedding.
    blockFrom: statement("SELECT block FROM heads WHERE queue = ? AND seq > ? ORDER BY seq LIMIT 1").pluck(),
    lastSeq: statement("SELECT max(seq) FROM heads WHERE queue = ?").pluck(),
    blockSpan: statement("SELECT first_seq, last_seq FROM blocks WHERE id = ?").raw(),
  };
}

export function marks(n: number): string {
  return Array.from({ length: n }, () => "?").join(", ");
}
