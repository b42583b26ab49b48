// Reads a table of another program's SQLite database, for `spillway import`. Nothing is written.
import { describe, hasCode } from "../../core/errors.ts";
import { openOther } from "./database.ts";
import type { Database } from "./sqlite.ts";

export type OtherTable =
  | {
      readonly kind: "rows";
      readonly columns: readonly string[];
      readonly rows: readonly Readonly<Record<string, unknown>>[];
    }
  | { readonly kind: "no table" }
  | { readonly kind: "busy" }
  | { readonly kind: "unusable"; readonly why: string };

/** Integers are returned as bigints, since they have 64 bits. */
export function readTable(path: string, table: "in_tail_files"): OtherTable {
  let db: Database | undefined;
  try {
    db = openOther(path);
    const columns = db.prepare("SELECT name FROM pragma_table_info(?)").pluck().all(table) as string[];
    if (columns.length === 0) return { kind: "no table" };
    const rows = db.prepare(`SELECT * FROM ${table}`).safeIntegers().all() as Record<string, unknown>[];
    return { kind: "rows", columns, rows };
  } catch (error) {
    if (hasCode(error, "SQLITE_BUSY", "SQLITE_LOCKED")) return { kind: "busy" };
    return { kind: "unusable", why: describe(error) };
  } finally {
    db?.close();
  }
}
