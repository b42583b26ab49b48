import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import Sqlite from "better-sqlite3";
import { readTable } from "../../../src/buffer/spool/other-database.ts";

test("rows with integers of 64 bits, also those that lie in the WAL still; what is none is said", (t) => {
  const root = mkdtempSync(join(tmpdir(), "spillway-other-"));
  t.after(() => rmSync(root, { recursive: true }));
  const path = join(root, "tail.db");
  const db = new Sqlite(path);
  db.pragma("journal_mode = WAL");
  assert.deepEqual(readTable(path, "in_tail_files"), { kind: "no table" });
  db.exec(
    "CREATE TABLE in_tail_files (id INTEGER, inode INTEGER); INSERT INTO in_tail_files VALUES (1, 9007199254740993)",
  );
  const rows = [{ id: 1n, inode: 9_007_199_254_740_993n }];
  assert.deepEqual(readTable(path, "in_tail_files"), { kind: "rows", columns: ["id", "inode"], rows });
  db.close();
  writeFileSync(path, "no database at all, but as long as the head of one would be: ".repeat(10));
  assert.equal(readTable(path, "in_tail_files").kind, "unusable");
  assert.equal(readTable(join(root, "none"), "in_tail_files").kind, "unusable");
});
