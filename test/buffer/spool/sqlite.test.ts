import assert from "node:assert/strict";
import { test } from "node:test";
import { inTransaction, openSqlite } from "../../../src/buffer/spool/sqlite.ts";

test("all of it or nothing", () => {
  const db = openSqlite(":memory:");
  db.exec("CREATE TABLE t (x UNIQUE)");
  const count = (): unknown => db.prepare("SELECT count(*) FROM t").pluck().get();
  inTransaction(db, () => db.exec("INSERT INTO t VALUES (1)"));
  assert.equal(count(), 1);
  assert.throws(() => inTransaction(db, () => db.exec("INSERT INTO t VALUES (2); INSERT INTO t VALUES (1)")), /UNIQUE/);
  assert.deepEqual([count(), db.inTransaction], [1, false]);
  const fault = new Error("of the caller's own");
  assert.throws(
    () =>
      inTransaction(db, () => {
        throw fault;
      }),
    fault,
  );
  db.close();
});

test("what SQLite itself has rolled back is not rolled back again", () => {
  const db = openSqlite(":memory:");
  db.exec("CREATE TABLE t (x PRIMARY KEY ON CONFLICT ROLLBACK)");
  const twice = "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)";
  assert.throws(() => inTransaction(db, () => db.exec(twice)), /UNIQUE/);
  assert.equal(db.inTransaction, false);
  db.close();
});
