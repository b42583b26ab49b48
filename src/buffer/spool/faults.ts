// Turns errors of the state directory into readable faults: what is wrong, where, and what to do. Only a fault that a person has
// to fix has the exit code for configuration. For faults that may pass, the exit code lets the service manager try again.
import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";
import { EXIT, SpillwayError, describe, hasCode, isFull } from "../../core/errors.ts";

/** For SQLite's errors about a file that is not a database, or that has a damaged page. */
export function corrupt(directory: string, error: unknown): SpillwayError {
  return new SpillwayError("state-corrupt", `${join(directory, "state.db")} is damaged: ${describe(error)}`, {
    hint: "the next start of the agent, or `spillway repair`, moves what can be read into a fresh one",
    exit: EXIT.temporary,
    cause: error,
  });
}

/** For an error of SQLite while an agent runs: says which file, SQLite's code, and what to do about the disk. */
export function located(directory: string, error: unknown): Pick<SpillwayError, "message" | "hint"> {
  const { code } = error as NodeJS.ErrnoException;
  const message = `${join(directory, "state.db")}: ${describe(error)}${code === undefined ? "" : ` (${code})`}`;
  if (isFull(error)) return { message, hint: "free some space there" };
  return { message, hint: isOfTheDisk(error) ? "look at the disk (dmesg, mount)" : undefined };
}

/** For a row that SQLite can read, but that no version of the agent has written so: SQLite does not notice a flipped bit in it. */
export function garbled(what: string): Error {
  return Object.assign(new Error(what), { code: "SQLITE_CORRUPT" });
}

/** True for the SQLite errors that `corrupt` is meant for, and for `garbled`. */
export function isCorruption(error: unknown): boolean {
  const { code } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  return code === "SQLITE_NOTADB" || (code?.startsWith("SQLITE_CORRUPT") ?? false);
}

/** True if SQLite could not read from the disk: a bad sector, or a disk that fails for a while. */
export function isUnread(error: unknown): boolean {
  return hasCode(error, "SQLITE_IOERR_READ", "SQLITE_IOERR_SHORT_READ");
}

/** For a start on a full disk: it needs to write a few pages. */
export function noRoom(directory: string, error: unknown): SpillwayError {
  return new SpillwayError("state-full", `there is no room on the disk of ${directory}: ${describe(error)}`, {
    hint: "free some space there, a megabyte is enough; nothing was lost",
    exit: EXIT.temporary,
    cause: error,
  });
}

/** File system errors that may pass and that no configuration causes. */
const PASSES = ["EIO", "EROFS", "EMFILE", "ENFILE", "ENODEV", "ENXIO", "ESTALE", "ETIMEDOUT"];

export function unusable(directory: string, error: unknown): SpillwayError {
  const cause = hasCode(error, "SQLITE_CANTOPEN") ? (refusal(directory) ?? error) : error;
  if (isFull(cause)) return noRoom(directory, cause);
  // SQLite cannot open a file although permissions allow it: the disk fails, or there are no descriptors left.
  const passes = hasCode(cause, "SQLITE_CANTOPEN", ...PASSES) || isOfTheDisk(cause);
  return new SpillwayError("state-unusable", `cannot use the state directory ${directory}: ${describe(cause)}`, {
    hint: passes
      ? "look at the disk (dmesg, mount); nothing was lost"
      : "create it and give it to the user that spillway runs as, or set `buffer.path`",
    exit: passes ? EXIT.temporary : EXIT.config,
    cause,
  });
}

/** True for SQLite errors that mean the disk fails or is read-only. */
export function isOfTheDisk(error: unknown): boolean {
  const { code } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  return (code?.startsWith("SQLITE_IOERR") ?? false) || (code?.startsWith("SQLITE_READONLY") ?? false);
}

/** SQLite says only "cannot open". Returns the system's permission error for the directory or its files, if there is one. */
function refusal(directory: string): unknown {
  try {
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    for (const name of ["lock.db", "state.db", "state.db-wal", "state.db-shm"]) {
      const path = join(directory, name);
      if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
    }
    return undefined;
  } catch (error) {
    return error;
  }
}
