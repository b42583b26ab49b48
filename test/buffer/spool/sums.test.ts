import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { verify } from "../../../src/buffer/inspect/verify.ts";
import { openForWriting } from "../../../src/buffer/spool/database.ts";
import { readLedger, readQueues, readTotals } from "../../../src/buffer/spool/rows/tables.ts";
import type { Database } from "../../../src/buffer/spool/sqlite.ts";
import { checkSums } from "../../../src/buffer/spool/sums.ts";
import { writeBacklog } from "../../helpers/backlog.ts";

/** A state with rows of two inputs, whose database is open. */
function made(t: TestContext): Database {
  const directory = mkdtempSync(join(tmpdir(), "spillway-sums-"));
  const inputs = ["a", "b"].map((input) => ({
    ...{ input, policy: "default", target: "t" },
    paths: [1, 2].map((n) => `/nowhere/${input}${n}.log`),
  }));
  writeBacklog(directory, { inputs, rows: 40, bytes: 1000 });
  const { db, lock } = openForWriting(directory);
  t.after(() => {
    for (const one of [db, lock]) one.close();
    rmSync(directory, { recursive: true });
  });
  return db;
}

function check(db: Database): void {
  checkSums(db, { queues: readQueues(db), totals: readTotals(db), ledger: readLedger(db) });
}

for (const [what, sql, message] of [
  ["no sums", "DELETE FROM totals", /the sources of input [ab] have 20 rows, its sums say 0/],
  ["no sums of an input", "DELETE FROM totals WHERE input = 'b'", /the sources of input b have 20 rows/],
  ["a sum with a row more", "UPDATE totals SET chunks = chunks + 1 WHERE input = 'b'", /its sums say 21/],
  ["a sum with a record less", "UPDATE totals SET records = records - 1 WHERE input = 'a'", /ledger of input a/],
  ["no ledger", "DELETE FROM ledger", /the ledger of input [ab] does not balance/],
  ["no ledger of an input", "DELETE FROM ledger WHERE input = 'b'", /the ledger of input b does not balance/],
  ["no queue", "DELETE FROM queues WHERE id = 2", /queue 2 is not there, and has rows/],
  ["no source", "DELETE FROM sources WHERE num = 1", /the sources of input a have 10 rows, its sums say 20/],
  ["a source with a row less", "UPDATE sources SET chunks = chunks - 1 WHERE num = 4", /input b have 19 rows/],
  [
    "a checkpoint with a flipped bit",
    "UPDATE sources SET checkpoint = checkpoint + 4096 WHERE num = 1",
    /ledger of input a/,
  ],
] as const)
  test(`${what}: a start notices, and \`verify\` says so`, (t) => {
    const db = made(t);
    check(db);
    assert.deepEqual(verify(db).faults, []);
    db.exec(sql);
    assert.throws(() => check(db), { code: "SQLITE_CORRUPT", message });
    assert.ok(verify(db).faults.length > 0);
  });
