// A file in the state directory that only takes room. It is deleted when the disk is full, which leaves enough room for deletes
// and a WAL checkpoint; these make room for everything else.
import { randomFillSync } from "node:crypto";
import { closeSync, ftruncateSync, lstatSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makePrivate } from "../../directory/private.ts";

export const RESERVE = "reserve";
/** Bytes per write. The content is random, since a file system may compress. */
const PIECE = 1 << 20;

/** @param now its size in bytes @param wanted the size it should have */
export function resizeReserve(directory: string, now: number, wanted: number): void {
  // What is no file of ours is in the way.
  if (isElse(join(directory, RESERVE))) removeReserve(directory);
  makePrivate(join(directory, RESERVE));
  const fd = openSync(join(directory, RESERVE), "a", 0o600);
  try {
    if (now > wanted) return ftruncateSync(fd, wanted);
    const piece = randomFillSync(Buffer.allocUnsafe(Math.min(PIECE, wanted - now)));
    for (let left = wanted - now; left > 0;) left -= writeSync(fd, piece, 0, Math.min(left, piece.length));
  } catch {
    // Another program used the room first. A smaller reserve is better than none.
  } finally {
    closeSync(fd);
  }
}

/** Deletes the reserve. @returns false: there is none */
export function removeReserve(directory: string): boolean {
  const path = join(directory, RESERVE);
  if (!isElse(path) && (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return false;
  rmSync(path, { force: true, recursive: true });
  return true;
}

/** Whether state.db is empty beside a reserve, which an agent makes only after it has written state.db. */
export function isEmptied(directory: string): boolean {
  const size = (name: string): number | undefined => statSync(join(directory, name), { throwIfNoEntry: false })?.size;
  return size("state.db") === 0 && (size(RESERVE) ?? 0) > 0;
}

function isElse(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === false;
}
