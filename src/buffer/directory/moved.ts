// Handles a state directory that is removed, renamed, replaced or unmounted while the agent runs. The database that the agent has
// open stays authoritative: another database at its path is set aside, and a copy of the open one is put there. Invariant: the
// copy is complete before it gets the name state.db.
import { existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { EXIT, SpillwayError } from "../../core/errors.ts";
import { syncPath } from "../salvage/salvage.ts";
import { type Database } from "../spool/sqlite.ts";
import { asideName, moveAside, pruneAside } from "./aside.ts";
import { makePrivate } from "./private.ts";

/** Identifies a file whatever its name is. */
export interface FileId {
  readonly device: number;
  readonly inode: number;
}

/** What the agent recognises its own state directory by. */
export interface Home {
  /** Device of the directory itself: on overlayfs, files may have another. Undefined: there is no directory. */
  readonly device: number | undefined;
  readonly state: FileId | undefined;
  readonly lock: FileId | undefined;
}

const COPY = "moved.db";

/** Call this right after both files were opened. A file that does not exist is undefined. */
export function homeOf(directory: string): Home {
  return { device: deviceOf(directory), state: idOf(directory, "state.db"), lock: idOf(directory, "lock.db") };
}

function deviceOf(directory: string): number | undefined {
  return statSync(directory, { throwIfNoEntry: false })?.dev;
}

/** Undefined: the file or the directory does not exist. */
function idOf(directory: string, name: string): FileId | undefined {
  const stats = statSync(join(directory, name), { throwIfNoEntry: false });
  return stats && { device: stats.dev, inode: stats.ino };
}

export function isAtHome(directory: string, home: Home): boolean {
  return isStateAtHome(directory, home) && isLockAtHome(directory, home);
}

function is(a: FileId | undefined, b: FileId | undefined): boolean {
  return a?.device === b?.device && a?.inode === b?.inode;
}

/** Whether state.db is still the file that was opened. Ignores lock.db. */
export function isStateAtHome(directory: string, { state }: Home): boolean {
  return is(idOf(directory, "state.db"), state);
}

/** Whether lock.db is still the file that was opened. Ignores state.db. */
export function isLockAtHome(directory: string, { lock }: Home): boolean {
  return is(idOf(directory, "lock.db"), lock);
}

/**
 * Whether the directory's file system is unmounted, so that the directory must not be created or filled again: the next mount
 * would hide what is written there. That is so if the place is on another device than before and no file system is mounted on
 * it. The place is the directory, or its parent if the directory does not exist.
 */
export function isUnmounted(directory: string, { device }: Home): boolean {
  const own = deviceOf(directory);
  const place = own === undefined ? dirname(directory) : directory;
  const found = own ?? deviceOf(place);
  if (found === undefined) return true;
  if (found === device || found !== deviceOf(dirname(place))) return false;
  return own === undefined || readdirSync(directory).length === 0;
}

export function moved(directory: string): SpillwayError {
  const sentence = `the state directory ${directory}, or its database, was removed, renamed, replaced or unmounted below the running agent`;
  return new SpillwayError("state-moved", sentence, {
    hint: "put it back, or mount it again; the agent writes its own state into it",
    exit: EXIT.temporary,
  });
}

/**
 * Puts a copy of the open database into its directory, which is locked. Another database there is set aside.
 * @param atMs wall clock
 * @returns path of the database that was set aside; undefined: there was none
 */
export function copyHome(db: Database, directory: string, atMs: number): string | undefined {
  const place = (name: string): string => join(directory, name);
  for (const name of [COPY, `${COPY}-journal`]) rmSync(place(name), { force: true });
  makePrivate(place(COPY));
  db.prepare("VACUUM INTO ?").run(place(COPY));
  syncPath(place(COPY));
  const aside = setAside(directory, atMs);
  renameSync(place(COPY), place("state.db"));
  syncPath(directory);
  return aside;
}

/** Removes an unfinished copy. */
export function removeUnfinished(directory: string): void {
  for (const name of [COPY, `${COPY}-journal`]) rmSync(join(directory, name), { force: true });
}

function setAside(directory: string, atMs: number): string | undefined {
  const place = (name: string): string => join(directory, name);
  if (!existsSync(place("state.db"))) {
    for (const rest of ["state.db-wal", "state.db-shm"]) rmSync(place(rest), { force: true });
    return undefined;
  }
  const aside = asideName("replaced", atMs);
  moveAside(directory, aside);
  pruneAside(directory, "replaced");
  return place(aside);
}
