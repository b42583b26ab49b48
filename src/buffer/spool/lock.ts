// Locks a state directory for one writer at a time. The writer holds an exclusive SQLite lock on lock.db, which the kernel
// releases when the process dies, in whatever container. The state database itself stays in normal locking mode, so that
// `inspect` can read it while the agent runs.
import { accessSync, constants, lstatSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT, SpillwayError, hasCode, isFull } from "../../core/errors.ts";
import { makePrivate } from "../directory/private.ts";
import { isCorruption, unusable } from "./faults.ts";
import { type Database, openSqlite } from "./sqlite.ts";

/** How long to wait for the lock. Two agents that start in the same instant block each other briefly; then one gets it. */
export const LOCK_MS = 500;

export function lockDirectory(directory: string): Database {
  try {
    return take(directory);
  } catch (error) {
    // lock.db holds no data. If it is damaged or not a regular file, remove it and try once more.
    if (!hasCode(error, "state-locked") && isGarbage(directory, error)) return take(directory);
    throw hasCode(error, "state-locked") ? error : unusable(directory, error);
  }
}

/**
 * Holds a read lock on lock.db without writing, so that no other agent can lock the directory. Throws if another agent has it.
 * @returns undefined: there is no readable lock.db
 */
export function holdDirectory(directory: string): Database | undefined {
  let lock: Database | undefined;
  try {
    lock = openSqlite(join(directory, "lock.db"), { readonly: true, fileMustExist: true, timeout: LOCK_MS });
    lock.exec("BEGIN");
    lock.prepare("SELECT 1 FROM sqlite_master").get();
    return lock;
  } catch (error) {
    lock?.close();
    if (hasCode(error, "SQLITE_BUSY", "SQLITE_LOCKED")) throw locked(directory);
    return undefined;
  }
}

/**
 * Whether a process has the directory. Undefined: nobody can tell, because none could lock it: it is missing, or cannot be written.
 * Throws if it is not accessible. Locks it for an instant, for which a start waits.
 */
export function isInUse(directory: string): boolean | undefined {
  const path = join(directory, "lock.db");
  let lock: Database | undefined;
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    if (!lstatSync(path).isFile()) return undefined;
    // Waits for nobody: if another one is about to lock it too, neither holds the other up.
    lock = openSqlite(path, { fileMustExist: true, timeout: 0 });
    lock.exec("BEGIN EXCLUSIVE; ROLLBACK;");
    return false;
  } catch (error) {
    if (hasCode(error, "EACCES", "EPERM")) throw unusable(directory, error);
    return hasCode(error, "SQLITE_BUSY", "SQLITE_LOCKED") ? true : undefined;
  } finally {
    lock?.close();
  }
}

function isGarbage(directory: string, error: unknown): boolean {
  const path = join(directory, "lock.db");
  const kind = lstatSync(path, { throwIfNoEntry: false });
  if (kind === undefined || (kind.isFile() && !isCorruption(error))) return false;
  for (const name of [path, `${path}-journal`]) rmSync(name, { recursive: true, force: true });
  return true;
}

function take(directory: string): Database {
  let lock: Database | undefined;
  try {
    makePrivate(join(directory, "lock.db"));
    lock = openSqlite(join(directory, "lock.db"), { timeout: LOCK_MS });
    // Journal in memory: on a full disk not even an empty journal can be written.
    lock.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
    writePid(directory);
    return lock;
  } catch (error) {
    lock?.close();
    if (hasCode(error, "SQLITE_BUSY", "SQLITE_LOCKED")) throw locked(directory);
    throw error;
  }
}

/** Writes the pid for the message of `locked`. A full disk is ignored. */
function writePid(directory: string): void {
  makePrivate(join(directory, "pid"));
  try {
    writeFileSync(join(directory, "pid"), `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    if (!isFull(error)) throw error;
  }
}

function locked(directory: string): SpillwayError {
  let pid = "unknown";
  try {
    pid = readFileSync(join(directory, "pid"), "utf8").trim() || pid;
  } catch {
    // The owner has not written it yet.
  }
  return new SpillwayError("state-locked", `the state directory ${directory} is in use by process ${pid}`, {
    hint: "stop that agent first, or give this one a `buffer.path` of its own",
    exit: EXIT.temporary,
  });
}
