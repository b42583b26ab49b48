// Opens the state database; the only file that knows better-sqlite3. A directory belongs to one writer at a time: it holds
// an exclusive SQLite lock on lock.db, which the kernel takes back when the process dies, in whatever container. The
// state database itself stays in normal locking mode, so that `inspect` can read a running agent.
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { EXIT, SpillwayError, describe, hasCode } from "../core/errors.ts";
import { APPLICATION_ID, BEFORE_TABLES, SCHEMA_VERSION, STEPS } from "./schema.ts";

export type Database = Sqlite.Database;
export type BoundStatement<P extends unknown[]> = Sqlite.Statement<P>;

/** @param directory created with mode 0700 when it is missing */
export function openForWriting(directory: string): { db: Database; lock: Database } {
  makeDirectory(directory);
  const lock = lockDirectory(directory);
  const db = new Sqlite(join(directory, "state.db"));
  const version = checkVersion(db, directory);
  if (version === 0) db.exec(`${BEFORE_TABLES} PRAGMA application_id = ${APPLICATION_ID};`);
  for (let v = version; v < SCHEMA_VERSION; v++) {
    db.exec(`BEGIN IMMEDIATE; ${STEPS[v] as string} PRAGMA user_version = ${v + 1}; COMMIT;`);
  }
  db.pragma("cache_size = -2048");
  db.pragma("wal_autocheckpoint = 256");
  db.pragma("journal_size_limit = 8388608");
  return { db, lock };
}

/**
 * Undefined when nothing was ever stored there. Leaves an empty state.db-wal and its index behind where no writer has them
 * open: only a writer may remove them.
 */
export function openForReading(directory: string): Database | undefined {
  const path = join(directory, "state.db");
  try {
    statSync(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw unusable(directory, error);
  }
  // There is a journal only while a first start makes the database; where it stays, that start was killed. A reader could
  // not roll it back.
  if (existsSync(`${path}-journal`)) return undefined;
  let db: Database;
  try {
    db = new Sqlite(path, { readonly: true, fileMustExist: true });
  } catch (error) {
    throw unusable(directory, error);
  }
  if (checkVersion(db, directory) > 0) return db;
  db.close();
  return undefined;
}

/** Of another program. Throws what SQLite says. */
export function openOther(path: string): Database {
  return new Sqlite(path, { readonly: true, fileMustExist: true, timeout: LOCK_MS });
}

/** Real bytes of database and WAL. */
export function databaseSize(directory: string): number {
  const sizes = ["state.db", "state.db-wal"].map(
    (name) => statSync(join(directory, name), { throwIfNoEntry: false })?.size,
  );
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}

/** For what SQLite says of a file that is no database, or of one with a broken page. */
export function corrupt(directory: string, error: unknown): SpillwayError {
  return new SpillwayError("state-corrupt", `${join(directory, "state.db")} is damaged: ${describe(error)}`, {
    hint: "move it away; files are then read again from their beginning",
    exit: EXIT.config,
    cause: error,
  });
}

/** True for errors of SQLite that `corrupt` is for. */
export function isCorruption(error: unknown): boolean {
  return hasCode(error, "SQLITE_NOTADB", "SQLITE_CORRUPT");
}

function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chmodSync(directory, 0o700);
  } catch (error) {
    throw unusable(directory, error);
  }
}

function unusable(directory: string, error: unknown): SpillwayError {
  return new SpillwayError("state-unusable", `cannot use the state directory ${directory}: ${describe(error)}`, {
    hint: "create it and give it to the user that spillway runs as, or set `buffer.path`",
    exit: EXIT.config,
    cause: error,
  });
}

/** Two that start in the same instant disturb each other: with patience one of them gets it. */
const LOCK_MS = 500;

function lockDirectory(directory: string): Database {
  let lock: Database;
  try {
    lock = new Sqlite(join(directory, "lock.db"), { timeout: LOCK_MS });
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
  } catch (error) {
    if (hasCode(error, "SQLITE_BUSY", "SQLITE_LOCKED")) throw locked(directory);
    throw unusable(directory, error);
  }
  writeFileSync(join(directory, "pid"), `${process.pid}\n`, { mode: 0o600 });
  return lock;
}

function locked(directory: string): SpillwayError {
  let pid = "unknown";
  try {
    pid = readFileSync(join(directory, "pid"), "utf8").trim();
  } catch {
    // The owner has not written it yet: its number stays unknown.
  }
  return new SpillwayError("state-locked", `the state directory ${directory} is in use by process ${pid}`, {
    hint: "stop that agent first, or give this one a `buffer.path` of its own",
    exit: EXIT.temporary,
  });
}

function checkVersion(db: Database, directory: string): number {
  const { version, application, tables } = readVersion(db, directory);
  if (tables === 0) return 0;
  if (application === APPLICATION_ID && version > 0 && version <= SCHEMA_VERSION) return version;
  const whose =
    application === APPLICATION_ID
      ? `schema version ${version}, this spillway knows ${SCHEMA_VERSION}`
      : "not spillway's";
  throw new SpillwayError("state-foreign", `${join(directory, "state.db")} is of another program: ${whose}`, {
    hint: "run the newer spillway that wrote it, or set another `buffer.path`",
    exit: EXIT.config,
  });
}

interface Version {
  readonly version: number;
  readonly application: number;
  readonly tables: number;
}

/** In one transaction: a writer may be making the database at this moment. */
function readVersion(db: Database, directory: string): Version {
  const read = db.transaction(() => ({
    version: db.pragma("user_version", { simple: true }) as number,
    application: db.pragma("application_id", { simple: true }) as number,
    tables: db.prepare("SELECT count(*) FROM sqlite_master").pluck().get() as number,
  }));
  try {
    return read();
  } catch (error) {
    if (!isCorruption(error)) throw unusable(directory, error);
    throw corrupt(directory, error);
  }
}
