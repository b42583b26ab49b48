// Opens the state database: for the one writer that holds the directory lock (lock.ts), and for readers beside the writer.
import { chmodSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { EXIT, SpillwayError, describe, hasCode, isFull } from "../../core/errors.ts";
import { makePrivate, makePrivateDirectory } from "../directory/private.ts";
import { corrupt, isCorruption, noRoom, unusable } from "./faults.ts";
import { LOCK_MS, lockDirectory } from "./lock.ts";
import { removeReserve } from "./disk/reserve.ts";
import { APPLICATION_ID, BEFORE_TABLES, SCHEMA_VERSION, VERSION_COPY } from "./schema.ts";
import { type Database, openSqlite } from "./sqlite.ts";
import { type UpgradeProgress, createTables, upgrade } from "./upgrade.ts";

/**
 * @param directory created with mode 0700 when it is missing
 * @param progress called while the backlog of an earlier version is upgraded
 */
export function openForWriting(
  directory: string,
  progress: UpgradeProgress = () => {},
): Opened & { readonly lock: Database } {
  const lock = takeDirectory(directory);
  try {
    return { ...openLocked(directory, progress), lock };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** Creates the directory if it is missing, and locks it. */
export function takeDirectory(directory: string): Database {
  makeDirectory(directory);
  return lockDirectory(directory);
}

export interface Opened {
  readonly db: Database;
  /** The disk was too full for shared access: no other process can read the database beside this connection. */
  readonly alone: boolean;
}

/** Requires the directory lock. An existing database can be opened even on a full disk. */
export function openLocked(directory: string, progress: UpgradeProgress = () => {}): Opened {
  // The -shm file that readers share takes 32 KiB, and a start writes a few pages: removing the reserve makes room for them.
  for (let again = true; again; again = removeReserve(directory)) {
    try {
      return { db: open(directory, progress, "beside others"), alone: false };
    } catch (error) {
      if (!hasCode(error, "state-full")) throw error;
    }
  }
  return { db: open(directory, progress, "alone"), alone: true };
}

function open(directory: string, progress: UpgradeProgress, how: "beside others" | "alone"): Database {
  makePrivate(join(directory, "state.db"));
  const db = openSqlite(join(directory, "state.db"));
  try {
    // Keeps the WAL index in memory instead of a -shm file.
    if (how === "alone") db.pragma("locking_mode = EXCLUSIVE");
    prepare(db, directory, progress);
    return db;
  } catch (error) {
    db.close();
    throw isFull(error) ? noRoom(directory, error) : error;
  }
}

function prepare(db: Database, directory: string, progress: UpgradeProgress): void {
  const version = checkVersion(db, directory);
  if (version === 0) {
    db.exec(`${BEFORE_TABLES} PRAGMA application_id = ${APPLICATION_ID};`);
    createTables(db);
  } else upgradeIn(directory, () => upgrade(db, version, progress));
  db.pragma("cache_size = -2048");
  db.pragma("wal_autocheckpoint = 256");
  db.pragma("journal_size_limit = 8388608");
}

/**
 * Returns undefined if nothing was ever stored there. If no writer has the database open, this leaves an empty state.db-wal and
 * its index behind: only a writer may remove them.
 */
export function openForReading(directory: string): Database | undefined {
  const path = join(directory, "state.db");
  try {
    statSync(path);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw unusable(directory, error);
  }
  // A journal exists only while a first start creates the database. If it stays, that start was killed, and a reader could not
  // roll it back.
  if (existsSync(`${path}-journal`)) return undefined;
  let db: Database;
  try {
    db = openSqlite(path, { readonly: true, fileMustExist: true });
  } catch (error) {
    throw unusable(directory, error);
  }
  const version = checkVersion(db, directory);
  if (version === SCHEMA_VERSION) return db;
  db.close();
  if (version === 0) return undefined;
  throw new SpillwayError("state-old", `${path} was written by an earlier version of spillway`, {
    hint: "start the agent or run `spillway drain` once: that upgrades it, and delivers what it holds",
    exit: EXIT.temporary,
  });
}

/** How long a command waits for a commit of a running agent. */
const PATIENCE_MS = 10_000;

/**
 * For a command that writes in short transactions beside a running agent, and only data that the agent does not rely on.
 * Returns undefined if nothing was ever stored there.
 */
export function openForChanges(directory: string): Database | undefined {
  const db = openForReading(directory);
  if (!db) return undefined;
  db.close();
  try {
    return openSqlite(join(directory, "state.db"), { fileMustExist: true, timeout: PATIENCE_MS });
  } catch (error) {
    throw unusable(directory, error);
  }
}

/** Opens another program's database read-only. Throws SQLite's error. */
export function openOther(path: string): Database {
  return openSqlite(path, { readonly: true, fileMustExist: true, timeout: LOCK_MS });
}

/** Size of the database file and its WAL in bytes. */
export function databaseSize(directory: string): number {
  const sizes = ["state.db", "state.db-wal"].map(
    (name) => statSync(join(directory, name), { throwIfNoEntry: false })?.size,
  );
  return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
}

/** An upgrade leaves the stored bodies as they are, and needs room for new rows beside them. */
function upgradeIn(directory: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (isCorruption(error)) throw corrupt(directory, error);
    const where = join(directory, "state.db");
    throw new SpillwayError("state-upgrade", `cannot upgrade ${where} from an earlier version: ${describe(error)}`, {
      hint: "it needs up to a fifth of the file's size as free disk space; nothing was lost, start again when there is room",
      exit: EXIT.temporary,
      cause: error,
    });
  }
}

function makeDirectory(directory: string): void {
  try {
    makePrivateDirectory(directory);
    chmodSync(directory, 0o700);
  } catch (error) {
    throw unusable(directory, error);
  }
}

/** The schema version; 0: there are no tables. Throws a SpillwayError for another program's database. */
export function checkVersion(db: Database, directory: string): number {
  const { version, copy, application, tables, own } = readVersion(db, directory);
  if (tables === 0) return 0;
  const isOwn = application === APPLICATION_ID;
  const isKnown = version > 0 && version <= SCHEMA_VERSION;
  // SQLite does not notice a flipped bit in these numbers. A newer spillway has written both versions.
  const isCopied = copy === undefined || copy === String(version);
  if (isOwn && isKnown && isCopied) return version;
  if (isOwn ? version === 0 || !isCopied : isKnown && own === OWN_TABLES)
    throw corrupt(directory, new Error("its header is wrong"));
  const whose = isOwn ? `schema version ${version}, this spillway knows ${SCHEMA_VERSION}` : "not spillway's";
  throw new SpillwayError("state-foreign", `${join(directory, "state.db")} is of another program: ${whose}`, {
    hint: "run the newer spillway that wrote it, or set another `buffer.path`",
    exit: EXIT.config,
  });
}

interface Version {
  readonly version: number;
  /** In table `meta`; undefined: it cannot be read, or the last spillway to write here did not store it. */
  readonly copy: string | undefined;
  readonly application: number;
  readonly tables: number;
  /** How many tables have names of ours. */
  readonly own: number;
}

const OWN_TABLES = 4;

const COUNT_OWN = `SELECT count(*) FROM sqlite_master
  WHERE type = 'table' AND name IN ('heads', 'totals', 'dead_letters', 'envelopes')`;

function copyOfVersion(db: Database): string | undefined {
  return db.prepare("SELECT value FROM meta WHERE key = ?").pluck().get(VERSION_COPY) as string | undefined;
}

/** Reads in one transaction, because a writer may be creating the database at this moment. */
function readVersion(db: Database, directory: string): Version {
  const read = db.transaction((isWhole: boolean) => {
    const own = db.prepare(COUNT_OWN).pluck().get() as number;
    return {
      version: db.pragma("user_version", { simple: true }) as number,
      copy: isWhole && own === OWN_TABLES ? copyOfVersion(db) : undefined,
      application: db.pragma("application_id", { simple: true }) as number,
      tables: db.prepare("SELECT count(*) FROM sqlite_master").pluck().get() as number,
      own,
    };
  });
  try {
    try {
      return read(true);
    } catch (error) {
      // A damaged page of this table does not prevent reading the others. A start finds it.
      if (!isCorruption(error)) throw error;
      return read(false);
    }
  } catch (error) {
    // SQLITE_ERROR: the header has a number that no SQLite has written.
    if (!isCorruption(error) && !hasCode(error, "SQLITE_ERROR")) throw unusable(directory, error);
    throw corrupt(directory, error);
  }
}
