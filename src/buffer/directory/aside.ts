// Old databases that are set aside in the state directory, with their WALs. The name says why and when; two of each kind stay.
import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";

const KEPT = 2;

/** damaged: it was salvaged. replaced: it lay where a running agent's own database should have been. */
export type AsideKind = "damaged" | "replaced";

export function asideName(kind: AsideKind, atMs: number): string {
  return `${prefix(kind)}${new Date(atMs).toISOString().replaceAll(":", "-")}`;
}

/** Moves the WAL first, so that SQLite cannot replay it into another database. @param name from `asideName` */
export function moveAside(directory: string, name: string): void {
  moveLogAside(directory, name);
  renameSync(join(directory, "state.db"), join(directory, name));
}

export function moveLogAside(directory: string, name: string): void {
  const log = join(directory, "state.db-wal");
  if (existsSync(log)) renameSync(log, join(directory, `${name}-wal`));
  rmSync(join(directory, "state.db-shm"), { force: true });
}

/** Removes all but the newest KEPT databases of this kind. */
export function pruneAside(directory: string, kind: AsideKind): void {
  const old = readdirSync(directory)
    .filter((name) => name.startsWith(prefix(kind)) && !name.endsWith("-wal"))
    .sort();
  for (const name of old.slice(0, -KEPT))
    for (const file of [name, `${name}-wal`]) rmSync(join(directory, file), { force: true });
}

function prefix(kind: AsideKind): string {
  return `state.db.${kind}-`;
}
