// Opens a state directory for the agent: locks it, salvages a damaged database, and recovers what a start has to know. A
// directory that cannot be written is opened read-only ("frozen"). When it can be written later, or when it was moved or replaced
// while the agent runs, `comeHome` puts the agent's state into it again.
import { EXIT, SpillwayError, describe, hasCode, isFull } from "../../core/errors.ts";
import { openFrozen } from "../directory/frozen.ts";
import {
  type Home,
  copyHome,
  homeOf,
  isAtHome,
  isLockAtHome,
  isStateAtHome,
  isUnmounted,
  moved,
  removeUnfinished,
} from "../directory/moved.ts";
import { type Salvage, canSalvage, finishSalvage, isMarkedDamaged, needRoom, salvage } from "../salvage/salvage.ts";
import { balancedLedger, mendHeader, mendTables } from "../salvage/without-room.ts";
import { openLocked, takeDirectory } from "./database.ts";
import { DiskSpace } from "./disk/disk-space.ts";
import { isEmptied } from "./disk/reserve.ts";
import { corrupt, garbled, isCorruption, isOfTheDisk, noRoom, unusable } from "./faults.ts";
import { holdDirectory } from "./lock.ts";
import type { Recovered } from "./spool.ts";
import type { Database } from "./sqlite.ts";
import { Store } from "./store.ts";
import { checkSums } from "./sums.ts";
import type { UpgradeProgress } from "./upgrade.ts";

export interface Place {
  readonly directory: string;
  /** In bytes: `buffer.disk`, and the budget of the dead-letter table. */
  readonly disk: number;
  readonly deadLetters: number;
  /** Rows are written from the arena and loaded into it in place. */
  readonly arena: Uint8Array;
  /** /etc/machine-id. */
  readonly machine: string;
}

export interface OpenedStore {
  readonly place: Place;
  readonly db: Database;
  readonly store: Store;
  /** For a frozen store it is a read lock; undefined: there was no readable lock.db. */
  lock: Database | undefined;
  /** The disk was too full to share the database with readers. */
  readonly alone: boolean;
  readonly home: Home;
  /** Why the store could not be opened for writing; undefined: it is writable. */
  readonly frozen: SpillwayError | undefined;
  /** Why the database has to be salvaged as soon as there is room for that; undefined: it is sound. */
  readonly damage: Error | undefined;
}

export interface How {
  /**
   * True at a start: a damaged database may be salvaged, and one that cannot be written may be opened read-only. False while an
   * agent runs that already knows its rows.
   */
  readonly salvage: boolean;
  /** Wall clock. */
  readonly atMs: number;
  readonly progress: UpgradeProgress;
}

export interface Start {
  readonly recovered: Recovered;
  /** Undefined: the database was sound. */
  readonly salvaged: Salvage | undefined;
  /** state.db was empty, although an agent has used it before. */
  readonly emptied: boolean;
}

/** Throws a SpillwayError if the directory is locked, of another program, or cannot be used. */
export function openStore(place: Place, how: How): OpenedStore & Start {
  try {
    return openWritable(place, how);
  } catch (error) {
    const fault = faultOf(place.directory, error);
    if (!how.salvage || !passes(fault)) throw fault;
    return openUnwritten(place, fault as SpillwayError);
  }
}

function faultOf(directory: string, error: unknown): unknown {
  if (error instanceof SpillwayError) return error;
  if (isFull(error)) return noRoom(directory, error);
  if (isCorruption(error)) return corrupt(directory, error);
  return isOfTheDisk(error) ? unusable(directory, error) : error;
}

/** Whether the fault comes from the disk's present condition and may pass. */
function passes(fault: unknown): boolean {
  return hasCode(fault, "state-full", "state-unusable") && (fault as SpillwayError).exit === EXIT.temporary;
}

function openWritable(place: Place, how: How): OpenedStore & Start {
  const { directory } = place;
  const lock = takeDirectory(directory);
  try {
    removeUnfinished(directory);
    finishSalvage(directory);
    const emptied = isEmptied(directory);
    let salvaged: Salvage | undefined;
    let damage = how.salvage && isMarkedDamaged(directory) ? garbled("a running agent has found it so") : undefined;
    for (;;) {
      if (damage !== undefined && how.salvage && canSalvage(directory)) {
        salvaged = salvage(directory, how.atMs);
        damage = undefined;
      }
      try {
        // Once: what a salvage made is taken as it is, or a start would fail for ever.
        const checks = how.salvage && salvaged === undefined;
        const started = start(place, how.progress, damage === undefined ? checks : "mends");
        return { ...started, place, lock, salvaged, damage, emptied, home: homeOf(directory), frozen: undefined };
      } catch (error) {
        if (salvaged || !(isCorruption(error) || hasCode(error, "state-corrupt"))) throw error;
        if (damage !== undefined) needRoom(directory);
        if (damage !== undefined || (!how.salvage && canSalvage(directory))) throw error;
        damage = isCorruption(error) ? (error as Error) : garbled(describe(error));
      }
    }
  } catch (error) {
    lock.close();
    throw error;
  }
}

/** @param checks whether sums that do not add up count as damage; "mends": they are corrected first */
function start(
  place: Place,
  progress: UpgradeProgress,
  checks: boolean | "mends",
): Pick<OpenedStore & Start, "db" | "store" | "alone" | "recovered"> {
  if (checks === "mends") mendHeader(place.directory);
  const { db, alone } = openLocked(place.directory, progress);
  try {
    if (checks === "mends") mendTables(db);
    const store = storeOn(db, place);
    const recovered = store.recover(place.machine, checks === "mends");
    if (checks === true) checkSums(db, recovered);
    if (checks === "mends") return { db, store, alone, recovered: { ...recovered, ledger: balancedLedger(recovered) } };
    return { db, store, alone, recovered };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** @param frozen why the directory cannot be written */
function openUnwritten(place: Place, frozen: SpillwayError): OpenedStore & Start {
  const { directory, arena, deadLetters, machine } = place;
  const lock = holdDirectory(directory);
  let db: Database | undefined;
  try {
    db = openFrozen(directory);
    const store = new Store(db, directory, arena, { deadLetters });
    const recovered = store.recover(machine);
    const none = { alone: false, salvaged: undefined, emptied: false, damage: undefined };
    return { place, db, store, recovered, frozen, lock, ...none, home: homeOf(directory) };
  } catch (error) {
    db?.close();
    lock?.close();
    throw faultOf(directory, error);
  }
}

function storeOn(db: Database, { directory, disk, deadLetters, arena }: Place): Store {
  return new Store(db, directory, arena, { deadLetters, space: new DiskSpace(db, directory, disk) });
}

/**
 * Called after a transaction has found room: reopens a database that was opened for this connection alone, so that others can
 * read it again. Throws if that fails.
 */
export function reopenStore(opened: OpenedStore): OpenedStore {
  // Tables that this connection has replaced would be gone.
  if (!opened.alone || opened.damage !== undefined) return opened;
  opened.store.close();
  const { db, alone } = openLocked(opened.place.directory);
  return { ...opened, db, store: storeOn(db, opened.place), alone };
}

/** For a running agent. Throws a SpillwayError if its directory cannot be written or is not its own any more. */
export function checkHome({ frozen, home, place: { directory } }: OpenedStore): void {
  if (frozen) throw frozen;
  if (!isAtHome(directory, home)) throw moved(directory);
}

export interface CameHome {
  readonly opened: OpenedStore;
  /** Path of another database that lay in the directory and was set aside; undefined: there was none. */
  readonly aside: string | undefined;
}

/**
 * Called before a running agent writes: takes back its directory if necessary, and puts its state into it. If this throws and
 * has closed the database, this thread cannot open it again.
 * @param atMs wall clock
 * @returns undefined: nothing had to be done
 */
export function comeHome(opened: OpenedStore, atMs: number): CameHome | undefined {
  const { place, home, frozen } = opened;
  const { directory } = place;
  if (!frozen && isAtHome(directory, home)) return undefined;
  if (!frozen && isUnmounted(directory, home)) throw moved(directory);
  const lock = takeOver(opened);
  const isNew = lock !== opened.lock;
  try {
    // Only lock.db was removed: the database stays open.
    const stays = !frozen && isStateAtHome(directory, home);
    const { aside, ...found } = stays ? { ...opened, aside: undefined } : bringHome(opened, atMs);
    if (isNew) opened.lock?.close();
    return { opened: { ...opened, ...found, lock, home: homeOf(directory), frozen: undefined }, aside };
  } catch (error) {
    if (isNew) lock.close();
    if (frozen) opened.lock = holdDirectory(directory);
    throw faultOf(directory, error);
  }
}

function takeOver({ place: { directory }, frozen, lock, home }: OpenedStore): Database {
  // Only state.db was removed or replaced: the lock is still held, also against another connection of this process.
  if (!frozen && lock && isLockAtHome(directory, home)) return lock;
  // Our own read lock would block the exclusive lock.
  if (frozen) lock?.close();
  return takeDirectory(directory);
}

type Found = Pick<OpenedStore, "db" | "store" | "alone"> & Pick<CameHome, "aside">;

/** Opens the database in the directory: still the one that was opened before, or else a copy of that one. */
function bringHome({ place, home, db }: OpenedStore, atMs: number): Found {
  const { directory } = place;
  const aside = isStateAtHome(directory, home) ? undefined : copyHome(db, directory, atMs);
  // Close before opening: a WAL index that was opened read-only is shared within the process. A database in memory stays open
  // until the new one is: otherwise a disk that stays full would end a worker thread every other second.
  if (!db.memory) db.close();
  const found = openLocked(directory);
  const store = storeOn(found.db, place);
  if (db.memory) db.close();
  return { ...found, store, aside };
}
