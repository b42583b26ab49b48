// The only file that imports better-sqlite3.
import Sqlite from "better-sqlite3";

export type Database = Sqlite.Database;
export type Statement = Sqlite.Statement;

/** @param path of a file, or the bytes of a database, which is then opened in memory. Throws SQLite's error. */
export function openSqlite(path: string | Buffer, options: Sqlite.Options = {}): Database {
  return new Sqlite(path, options);
}

/** Runs a function in a transaction, and rolls it back if the function throws. */
export function inTransaction(db: Database, run: () => void): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    run();
    db.exec("COMMIT");
  } catch (error) {
    if (db.inTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
