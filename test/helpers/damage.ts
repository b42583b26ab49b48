// Damages a state database as a bad disk does: overwrites whole pages of the file, bypassing SQLite.
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openSqlite } from "../../src/buffer/spool/sqlite.ts";

const PAGE = 16_384;

/** Page numbers of a table by kind, in file order. The database must have no writer and an empty WAL. */
export function pagesOf(directory: string, table: string, kind: "leaf" | "internal" | "overflow"): number[] {
  const db = openSqlite(join(directory, "state.db"));
  const pages = db
    .prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = ? ORDER BY pageno")
    .pluck()
    .all(table, kind) as number[];
  db.close();
  return pages;
}

/** Overwrites a page. @param number from 1 */
export function wreck(directory: string, number: number, byte = 0xa5): void {
  patch(directory, (number - 1) * PAGE, Buffer.alloc(PAGE, byte));
}

function patch(directory: string, at: number, bytes: Uint8Array, name = "state.db"): void {
  const fd = openSync(join(directory, name), "r+");
  writeSync(fd, bytes, 0, bytes.length, at);
  closeSync(fd);
}
