// The SQL of the hot path, prepared once per connection.
import type { BoundStatement, Database } from "./database.ts";

type Statement = BoundStatement<unknown[]>;

export interface Statements {
  readonly addChunk: Statement;
  readonly readChunk: Statement;
  readonly removeChunk: Statement;
  readonly addEnvelope: Statement;
  readonly putSource: Statement;
  readonly removeSource: Statement;
  readonly addToLedger: Statement;
  readonly addLoss: Statement;
  readonly growLoss: Statement;
  readonly addLetter: Statement;
  readonly putMeta: Statement;
  /** Keeps the dead letters within their budget: the oldest go, still counted in the ledger. */
  readonly trimLetters: () => void;
}

/** @param letters bytes that dead letters may take */
export function prepare(db: Database, letters: number): Statements {
  const marks = (n: number): string => Array.from({ length: n }, () => "?").join(", ");
  const sumLetters = db
    .prepare("SELECT coalesce(sum(length(reason) + coalesce(length(body), 0) + 256), 0) FROM dead_letters")
    .pluck();
  const oldestLetters = db.prepare(
    "DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters ORDER BY id LIMIT 100)",
  );
  let letterBytes = sumLetters.get() as number;
  let sinceSum = 0;
  return {
    addChunk: db.prepare(`INSERT INTO chunks VALUES (${marks(16)})`),
    readChunk: db.prepare("SELECT codec, checksum, length, data, record_table FROM chunks WHERE seq = ?"),
    removeChunk: db.prepare("DELETE FROM chunks WHERE seq = ?"),
    addEnvelope: db.prepare(`INSERT OR REPLACE INTO envelopes VALUES (${marks(7)})`),
    putSource: db.prepare(`INSERT OR REPLACE INTO sources VALUES (${marks(12)})`),
    removeSource: db.prepare("DELETE FROM sources WHERE id = ?"),
    addToLedger: db.prepare(`INSERT INTO ledger VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
      SET records = records + excluded.records, bytes = bytes + excluded.bytes`),
    addLoss:
      db.prepare(`INSERT INTO losses (at_ms, input, source, path, start, "end", fate, records, bytes, uncertain, keep,
      hash_version) VALUES (${marks(12)})`),
    growLoss: db.prepare(`UPDATE losses SET "end" = ?, records = records + ?, bytes = bytes + ?
      WHERE id = (SELECT max(id) FROM losses WHERE source = ? AND "end" = ? AND fate = ? AND uncertain = ? AND keep = ?
      AND hash_version = ?)`),
    addLetter:
      db.prepare(`INSERT INTO dead_letters (at_ms, input, source, path, offset, bytes, index_name, status, type,
      reason, body) VALUES (${marks(11)})`),
    putMeta: db.prepare("INSERT OR REPLACE INTO meta VALUES (?, ?)"),
    trimLetters() {
      // Summing reads the whole table: once in a hundred letters is often enough for a budget of megabytes.
      if (++sinceSum < 100 && letterBytes <= letters) return;
      sinceSum = 0;
      letterBytes = sumLetters.get() as number;
      if (letterBytes > letters) oldestLetters.run();
    },
  };
}
