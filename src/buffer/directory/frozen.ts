// Opens a state directory that cannot be written, because its disk is full, failing or mounted read-only when the agent starts.
// The state is opened read-only, so that its rows can be delivered and reading resumes at the checkpoints. If nothing was ever
// stored, an empty database in memory takes its place. Nothing is written to either.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { EXIT, SpillwayError, describe, hasCode } from "../../core/errors.ts";
import { budget as sizeText } from "../../core/figures.ts";
import { checkVersion } from "../spool/database.ts";
import { corrupt, isCorruption, unusable } from "../spool/faults.ts";
import { BEFORE_TABLES, SCHEMA_VERSION } from "../spool/schema.ts";
import { type Database, openSqlite } from "../spool/sqlite.ts";
import { createTables } from "../spool/upgrade.ts";

/** Largest database that is read into memory. After a clean stop there is no WAL, and SQLite would have to create it. */
const MOST_IN_MEMORY = 64 << 20;
/** Header bytes with the file format versions. 1: rollback journal, no WAL. */
const [WRITE_VERSION, READ_VERSION] = [18, 19];

/** Throws a SpillwayError when the state cannot be read. */
export function openFrozen(directory: string): Database {
  const path = join(directory, "state.db");
  const size = sizeOf(path, directory);
  if (size === 0) return empty();
  const db = open(path, directory, size);
  try {
    const version = checkVersion(db, directory);
    // The first transaction creates the tables. Version 0: a start was killed before that, and nothing was stored.
    if (version !== 0 && version !== SCHEMA_VERSION) throw unreadable(directory, "an earlier version has written it");
    if (version !== 0) return db;
  } catch (error) {
    db.close();
    throw error;
  }
  db.close();
  return empty();
}

/** Size in bytes; 0: the file does not exist. */
function sizeOf(path: string, directory: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return 0;
    throw unusable(directory, error);
  }
}

function open(path: string, directory: string, size: number): Database {
  try {
    const db = openSqlite(path, { readonly: true, fileMustExist: true });
    try {
      // SQLite opens the file only when a statement first reads it.
      db.pragma("user_version");
      return db;
    } catch (error) {
      db.close();
      if (!hasCode(error, "SQLITE_CANTOPEN") || hasWal(path)) throw error;
      return intoMemory(path, directory, size);
    }
  } catch (error) {
    if (error instanceof SpillwayError) throw error;
    throw isCorruption(error) ? corrupt(directory, error) : unreadable(directory, describe(error));
  }
}

function hasWal(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

function intoMemory(path: string, directory: string, size: number): Database {
  if (size > MOST_IN_MEMORY) throw unreadable(directory, `${sizeText(size)} are too much to be read without writing`);
  const bytes = readFileSync(path);
  bytes[WRITE_VERSION] = bytes[READ_VERSION] = 1;
  return openSqlite(bytes);
}

function empty(): Database {
  const db = openSqlite(":memory:");
  db.exec(BEFORE_TABLES);
  createTables(db);
  return db;
}

function unreadable(directory: string, why: string): SpillwayError {
  const sentence = `the state directory ${directory} can neither be written nor read: ${why}`;
  return new SpillwayError("state-unusable", sentence, {
    hint: "look at the disk (dmesg, mount); nothing was lost, start again when it works",
    exit: EXIT.temporary,
  });
}
