// Fluent Bit's database, as the versions in use create it, and values that SQLite allows in it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import Sqlite from "better-sqlite3";
import { entriesOf, readFluentBit } from "../../../src/cli/import/fluent-bit.ts";
import { type TailRow, X_MARKER, writeTailDatabase } from "./peers.ts";

function file(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-fluent-bit-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return join(directory, "tail.db");
}

const ROWS: readonly TailRow[] = [
  { name: "/l/a.log", offset: 10, inode: 5, created: 1000 },
  { name: "/l/b.log.1", offset: 3_000_000_000_000, inode: 9_007_199_254_740_993n, created: 1000, rotated: 1 },
];

test("columns are read by name: newer versions have more", async (t) => {
  for (const columns of [[], ["offset_marker", "offset_marker_size"], ["skip", "anchor"]]) {
    const db = file(t);
    writeTailDatabase(db, ROWS, columns);
    const { entries, left, faults } = await readFluentBit(db);
    assert.deepEqual([left, faults], [[], []]);
    const inodes = entries.map(({ path, offset, recognised }) => [
      path,
      offset,
      recognised.by === "inode" && recognised.inode,
    ]);
    assert.deepEqual(inodes, [
      ["/l/a.log", 10, "5"],
      ["/l/b.log.1", 3_000_000_000_000, "9007199254740993"],
    ]);
    assert.deepEqual(entries[0]?.recognised, { by: "inode", inode: "5", device: undefined, seenMs: 1_001_000 });
  }
});

test("the sum of what lies before an offset is kept where it is of 32 bytes", async (t) => {
  const db = file(t);
  const rows = ROWS.map((row) => ({ ...row, marker: X_MARKER }));
  writeTailDatabase(db, rows, ["offset_marker", "offset_marker_size"]);
  const { entries } = await readFluentBit(db);
  assert.deepEqual(new Set(entries.map(({ before }) => before)), new Set([BigInt.asUintN(64, X_MARKER)]));
  const short = { id: 1n, name: "/a", offset: 9n, inode: 5n, offset_marker: 7n, offset_marker_size: 9n };
  assert.equal(entriesOf("db", [short]).entries[0]?.before, undefined);
});

test("of several rows with one inode the youngest counts, in whatever order they come", () => {
  const row = (id: bigint, offset: bigint): Record<string, unknown> => ({ id, name: `/l/${id}`, offset, inode: 5n });
  for (const rows of [
    [row(1n, 9n), row(3n, 4n), row(2n, 8n)],
    [row(3n, 4n), row(2n, 8n), row(1n, 9n)],
  ]) {
    const { entries, left } = entriesOf("db", rows);
    assert.deepEqual(
      [entries.map(({ offset }) => offset), left.map(({ reason }) => reason)],
      [[4], ["second-entry", "second-entry"]],
    );
  }
});

test("a path that is relative to nobody knows what is left", () => {
  const { entries, left } = entriesOf("db", [{ id: 1n, name: "logs/a.log", offset: 5n, inode: 5n }]);
  assert.deepEqual([entries, left.map(({ reason }) => reason)], [[], ["unsupported"]]);
});

test("values of other types and rows without their parts are faults, and the others count", async (t) => {
  const db = file(t);
  writeTailDatabase(db, [
    ...ROWS,
    { name: "", offset: 1, inode: 6 },
    { name: "/x", offset: "many", inode: 7 },
    { name: "/y", offset: null, inode: 8 },
  ]);
  const { entries, faults } = await readFluentBit(db);
  assert.deepEqual(
    [entries.length, faults.map(({ message }) => /id (\d)/.exec(message)?.[1]).sort()],
    [2, ["3", "4", "5"]],
  );
});

test("a database that another process holds, and one without the table, are refused", async (t) => {
  const db = file(t);
  writeTailDatabase(db, ROWS);
  const other = new Sqlite(db);
  other.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;");
  await assert.rejects(readFluentBit(db), { code: "import-busy", exit: 75 });
  other.exec("ROLLBACK; DROP TABLE in_tail_files; CREATE TABLE in_tail_files (id INTEGER, name TEXT)");
  other.close();
  await assert.rejects(readFluentBit(db), { code: "import-foreign", message: /without offset, inode, of no known/ });
  const third = new Sqlite(db);
  third.exec("DROP TABLE in_tail_files");
  third.close();
  await assert.rejects(readFluentBit(db), { code: "import-foreign", message: /no table in_tail_files/ });
});
