import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isSound, verify } from "../../../src/buffer/inspect/verify.ts";
import { openForReading, openForWriting } from "../../../src/buffer/spool/database.ts";
import { writeBacklog } from "../../helpers/backlog.ts";
import { pagesOf, wreck } from "../../helpers/damage.ts";

function made(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-verify-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const inputs = [{ input: "a", policy: "default", target: "t", paths: ["/x.log"] }];
  writeBacklog(directory, { inputs, rows: 20, bytes: 300_000 });
  return directory;
}

function look(directory: string): ReturnType<typeof verify> {
  const db = openForReading(directory);
  assert.ok(db);
  const found = verify(db);
  db.close();
  return found;
}

test("a sound database: every row was read", (t) => {
  const found = look(made(t));
  assert.deepEqual([found.chunks, found.damagedChunks, found.faults, isSound(found)], [20, 0, [], true]);
});

test("a body that cannot be read is counted, with what SQLite says of its pages", (t) => {
  const directory = made(t);
  wreck(directory, pagesOf(directory, "bodies", "overflow")[0] as number);
  const found = look(directory);
  assert.deepEqual([found.chunks, found.damagedChunks, isSound(found)], [20, 1, false]);
  assert.ok(found.damagedRecords > 0 && found.damagedRecords < found.records);
});

test("a page of heads that cannot be read is a sentence", (t) => {
  const directory = made(t);
  wreck(directory, pagesOf(directory, "heads", "leaf")[0] as number);
  const found = look(directory);
  assert.equal(isSound(found), false);
  assert.ok(found.faults.length >= 1 && found.faults.length <= 60);
});

for (const [what, offset, number] of [
  ["too few", 36, 1],
  ["too many", 36, 99],
  ["none", 32, 0],
  ["one that is not there", 32, 1 << 20],
] as const)
  test(`a header that says of the free pages: ${what}; a sentence of ours`, (t) => {
    const directory = made(t);
    const { db, lock } = openForWriting(directory);
    db.exec("CREATE TABLE gone (x); INSERT INTO gone VALUES (zeroblob(200000)); DROP TABLE gone");
    db.pragma("wal_checkpoint(TRUNCATE)");
    for (const one of [db, lock]) one.close();
    assert.equal(isSound(look(directory)), true);
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(number);
    const fd = openSync(join(directory, "state.db"), "r+");
    writeSync(fd, bytes, 0, 4, offset);
    closeSync(fd);
    const { faults, damagedChunks } = look(directory);
    assert.deepEqual(faults, [
      "the list of free pages is wrong: no row is lost, but the file does not shrink as it should",
    ]);
    assert.equal(damagedChunks, 0);
  });
