import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { verify } from "../../../src/buffer/inspect/verify.ts";
import { salvage } from "../../../src/buffer/salvage/salvage.ts";
import { openForWriting } from "../../../src/buffer/spool/database.ts";
import { Arena } from "../../../src/core/arena.ts";
import { checksums } from "../../damage/oracle.ts";
import { Disk } from "../disk.ts";
import { adding, noise } from "../spool/rows.ts";

const ROWS = 12;

/** Rows of the same length with one record each, five to a block. @returns the checksum of each row */
function made(t: TestContext): { readonly directory: string; readonly sums: ReadonlyMap<string, number> } {
  const directory = mkdtempSync(join(tmpdir(), "spillway-blocks-"));
  t.after(() => rmSync(directory, { recursive: true }));
  using disk = new Disk(new Arena(16 << 20), directory);
  const rows = Array.from({ length: ROWS }, (_, i) => ({ seq: i + 1, start: 50_000 * i, data: noise(50_000, i + 1) }));
  disk.store.commit(adding(disk.arena, rows), 1);
  assert.equal(disk.value("SELECT count(*) FROM blocks"), 3);
  return { directory, sums: checksums(disk.db) };
}

/** Changes the state, and salvages it. */
function salvaged(
  directory: string,
  sql: string,
): { readonly lost: number; readonly sums: ReadonlyMap<string, number> } {
  const { db, lock } = openForWriting(directory);
  db.exec(sql);
  for (const one of [db, lock]) one.close();
  const { lost } = salvage(directory, 1e12);
  const fresh = openForWriting(directory);
  try {
    assert.deepEqual(verify(fresh.db).faults, []);
    return { lost, sums: checksums(fresh.db) };
  } finally {
    for (const one of [fresh.db, fresh.lock]) one.close();
  }
}

test("a row that points to the block of other rows gets its own bytes back", (t) => {
  const { directory, sums } = made(t);
  const found = salvaged(directory, "UPDATE heads SET block = 3 WHERE seq = 2");
  assert.deepEqual(found, { lost: 0, sums });
});

test("a wrong span of a block costs no row", (t) => {
  const { directory, sums } = made(t);
  const found = salvaged(
    directory,
    "UPDATE blocks SET first_seq = first_seq + 2, last_seq = last_seq + 16 WHERE id = 1",
  );
  assert.deepEqual(found, { lost: 0, sums });
});

test("nor do lost blocks", (t) => {
  const { directory, sums } = made(t);
  assert.deepEqual(salvaged(directory, "DELETE FROM blocks WHERE id > 1"), { lost: 0, sums });
});
