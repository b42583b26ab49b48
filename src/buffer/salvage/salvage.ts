// Salvages a damaged state database: moves everything readable into a fresh database, which takes its place. The old one is set
// aside; the last two of these are kept. Requires that the directory is locked and that the database is not open anywhere. A kill
// at any moment leaves either the old database, which the next start salvages again, or the complete fresh one.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { EXIT, SpillwayError } from "../../core/errors.ts";
import { budget as sizeText } from "../../core/figures.ts";
import { asideName, moveLogAside, pruneAside } from "../directory/aside.ts";
import { makePrivate } from "../directory/private.ts";
import { RESERVE, removeReserve } from "../spool/disk/reserve.ts";
import { APPLICATION_ID, BEFORE_TABLES } from "../spool/schema.ts";
import { inTransaction, openSqlite } from "../spool/sqlite.ts";
import { createTables } from "../spool/upgrade.ts";
import { carve, dropScratch } from "./carve.ts";
import { PageFile } from "./pages.ts";
import { type Salvaged, rebuild } from "./rebuild.ts";

/** File whose existence tells the next start to salvage. */
const MARKER = "damaged";
const FRESH = "salvaged.db";

export interface Salvage extends Salvaged {
  /** Path of the old database. */
  readonly aside: string;
}

/** @param atMs wall clock @throws SpillwayError if there is no room for a second database */
export function salvage(directory: string, atMs: number): Salvage {
  const place = (name: string): string => join(directory, name);
  for (const name of [FRESH, `${FRESH}-journal`]) rmSync(place(name), { force: true });
  needRoom(directory);
  const salvaged = makeFresh(directory, atMs);
  const aside = asideName("damaged", atMs);
  renameSync(place("state.db"), place(aside));
  settle(directory, aside);
  pruneAside(directory, "damaged");
  return { ...salvaged, aside: place(aside) };
}

/** Finishes a salvage that was killed midway. The fresh database is complete if the old one has already been moved away. */
export function finishSalvage(directory: string): void {
  if (existsSync(join(directory, "state.db"))) return;
  // Of a database that is gone.
  rmSync(join(directory, MARKER), { force: true });
  if (existsSync(join(directory, FRESH))) settle(directory, "state.db.damaged-unfinished");
}

/** Puts the fresh database in place. The old WAL must be moved first, or SQLite would replay it into the fresh database. */
function settle(directory: string, aside: string): void {
  const place = (name: string): string => join(directory, name);
  moveLogAside(directory, aside);
  renameSync(place(FRESH), place("state.db"));
  syncPath(directory);
  rmSync(place(MARKER), { force: true });
}

function makeFresh(directory: string, atMs: number): Salvaged {
  const path = join(directory, FRESH);
  makePrivate(path);
  const db = openSqlite(path);
  try {
    // Needs no journal: nothing reads the file before it is complete, and after a kill the salvage starts over.
    db.exec(`${BEFORE_TABLES} PRAGMA application_id = ${APPLICATION_ID};`);
    db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;");
    createTables(db);
    using file = new PageFile(directory);
    let salvaged: Salvaged | undefined;
    inTransaction(db, () => (salvaged = rebuild(file, carve(file, db), db, atMs)));
    dropScratch(db);
    db.exec("PRAGMA journal_mode = WAL");
    db.close();
    syncPath(path);
    return salvaged as unknown as Salvaged;
  } finally {
    if (db.open) db.close();
  }
}

/** Room that an agent takes which stops and begins anew. */
const MARGIN = 1 << 20;

/** For an agent: whether the disk has room for a second database once the reserve is removed, and some more. */
export function canSalvage(directory: string): boolean {
  try {
    return missing(directory) + MARGIN <= (statSync(join(directory, RESERVE), { throwIfNoEntry: false })?.size ?? 0);
  } catch {
    return false;
  }
}

/** Bytes to free before a second database fits; 0 or less: it fits. */
function missing(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return statSync(join(directory, "state.db")).size - bavail * bsize;
}

export function needRoom(directory: string): void {
  if (missing(directory) > 0) removeReserve(directory);
  if (missing(directory) <= 0) return;
  throw new SpillwayError(
    "state-corrupt",
    `${join(directory, "state.db")} is damaged, and there is no room to salvage it`,
    { hint: whatToFree(directory), exit: EXIT.temporary },
  );
}

export function whatToFree(directory: string): string {
  const needed = sizeText(MARGIN + Math.max(0, missing(directory)));
  return `free ${needed} on its disk: what can be read is then moved into a fresh database`;
}

export function syncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Has the next start salvage the database. */
export function markDamaged(directory: string): void {
  makePrivate(join(directory, MARKER));
}

/** False too if there is no database any more that could be salvaged. */
export function isMarkedDamaged(directory: string): boolean {
  return [MARKER, "state.db"].every((name) => existsSync(join(directory, name)));
}
