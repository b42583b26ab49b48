import assert from "node:assert/strict";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { verify } from "../../../src/buffer/inspect/verify.ts";
import { markDamaged } from "../../../src/buffer/salvage/salvage.ts";
import { openForWriting } from "../../../src/buffer/spool/database.ts";
import { type OpenedStore, type Start, comeHome, openStore, reopenStore } from "../../../src/buffer/spool/opening.ts";
import { Arena } from "../../../src/core/arena.ts";
import { writeBacklog } from "../../helpers/backlog.ts";
import { pagesOf, wreck } from "../../helpers/damage.ts";
import { SmallDisk } from "../../helpers/small-disk.ts";

const MIB = 1 << 20;

function open(directory: string, salvage = true): OpenedStore & Start {
  const place = { directory, disk: 64 * MIB, deadLetters: MIB, arena: new Arena(MIB).bytes, machine: "m" };
  return openStore(place, { salvage, atMs: 1e12, progress: () => {} });
}

function close({ store, lock }: OpenedStore): void {
  store.close();
  lock?.close();
}

function made(t: TestContext): { directory: string; records: number } {
  const directory = mkdtempSync(join(tmpdir(), "spillway-opening-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const inputs = [{ input: "a", policy: "default", target: "t", paths: ["/nowhere/x.log"] }];
  const { records } = writeBacklog(directory, { inputs, rows: 12, bytes: 100_000 });
  return { directory, records };
}

test("what is sound is opened as it is", (t) => {
  const { directory, records } = made(t);
  const opened = open(directory);
  assert.deepEqual([opened.salvaged, opened.alone, opened.recovered.totals[0]?.records], [undefined, false, records]);
  assert.ok((opened.recovered.room.rows ?? 0) > MIB);
  close(opened);
});

test("what is marked, or cannot be opened, is salvaged once", (t) => {
  const { directory, records } = made(t);
  for (const hurt of [(): void => markDamaged(directory), (): void => wreck(directory, 1)]) {
    hurt();
    const opened = open(directory);
    assert.deepEqual([opened.salvaged?.kept, opened.recovered.totals[0]?.records], [records, records]);
    close(opened);
    const again = open(directory);
    assert.equal(again.salvaged, undefined);
    close(again);
  }
});

test("below an agent that knows its rows nothing is salvaged", (t) => {
  const { directory } = made(t);
  wreck(directory, 1);
  assert.throws(() => open(directory, false), { code: "state-corrupt" });
  assert.ok(!existsSync(join(directory, "state.db.damaged-2001-09-09T01-46-40.000Z")));
  close(open(directory));
});

test("a page that only a start reads is found by it", (t) => {
  const { directory } = made(t);
  wreck(directory, pagesOf(directory, "totals", "leaf")[0] as number);
  const opened = open(directory);
  assert.equal(opened.salvaged?.lost, 0);
  close(opened);
});

for (const [what, garble, lost, found] of [
  ["the agent's own numbers", "UPDATE meta SET value = '{\"nextSeq\":1x' WHERE key = 'state'", 0, "by the start"],
  [
    "a fate of the ledger",
    "INSERT INTO ledger VALUES ('a', 'delivereF', 5, 500); UPDATE ledger SET records = records + 5, bytes = bytes + 500 WHERE fate = 'read'; UPDATE sources SET checkpoint = checkpoint + 500",
    5,
    "by the start",
  ],
  ["the fields of an envelope", "UPDATE envelopes SET fields = '{a'", 0, "by a load"],
] as const)
  test(`a bit that flipped within a value, which SQLite does not notice: ${what}`, (t) => {
    const { directory, records } = made(t);
    const { db, lock } = openForWriting(directory);
    db.exec(garble);
    db.pragma("wal_checkpoint(TRUNCATE)");
    const { faults } = verify(db);
    assert.equal(faults.length, 1, faults.join());
    for (const one of [db, lock]) one.close();
    let opened = open(directory);
    if (found === "by a load") {
      assert.throws(() => opened.store.backlog.heads(1, 0, 10), { code: "SQLITE_CORRUPT" });
      close(opened);
      markDamaged(directory);
      opened = open(directory);
    }
    assert.deepEqual([opened.salvaged?.lost, opened.salvaged?.kept], [lost, records]);
    assert.deepEqual(verify(opened.db).faults, []);
    assert.ok(opened.store.backlog.heads(1, 0, 10).heads.length > 0);
    close(opened);
  });

for (const sql of ["DELETE FROM totals", "DELETE FROM ledger", "DELETE FROM queues", "UPDATE totals SET chunks = 1"])
  test(`sums that do not add up are made again: ${sql}`, (t) => {
    const { directory, records } = made(t);
    const { db, lock } = openForWriting(directory);
    db.exec(sql);
    for (const one of [db, lock]) one.close();
    const opened = open(directory);
    assert.deepEqual([opened.salvaged?.kept, opened.salvaged?.lost], [records, 0]);
    assert.deepEqual(verify(opened.db).faults, []);
    close(opened);
    const again = open(directory);
    assert.equal(again.salvaged, undefined);
    close(again);
  });

for (const [what, offset, value] of [
  ["the number of its file format", 44, 9],
  ...[0, 1, 5, 6, 12, 20, 36, 68, 132, 0x01000004].map(
    (version) => [`the number of its version, ${version}`, 60, version] as const,
  ),
  ["the number that says whose it is", 68, 0x01020304],
] as const)
  test(`a header that SQLite does not check is damage too: ${what}`, (t) => {
    const { directory, records } = made(t);
    const fd = openSync(join(directory, "state.db"), "r+");
    const number = Buffer.alloc(4);
    number.writeUInt32BE(value);
    writeSync(fd, number, 0, 4, offset);
    closeSync(fd);
    const opened = open(directory);
    assert.deepEqual([opened.salvaged?.kept, opened.salvaged?.lost], [records, 0]);
    assert.deepEqual(verify(opened.db).faults, []);
    close(opened);
  });

test("a database that was cut off at its beginning is told from one that was never written", (t) => {
  const { directory } = made(t);
  close(open(directory));
  assert.ok(existsSync(join(directory, "reserve")));
  truncateSync(join(directory, "state.db"));
  const opened = open(directory);
  assert.deepEqual([opened.emptied, opened.salvaged, opened.recovered.totals], [true, undefined, []]);
  close(opened);
  const again = open(directory);
  assert.equal(again.emptied, false);
  close(again);
  for (const name of ["state.db", "reserve"]) rmSync(join(directory, name));
  writeFileSync(join(directory, "state.db"), "");
  const first = open(directory);
  assert.equal(first.emptied, false, "a first start was killed");
  close(first);
});

test("a mark without a database is of one that is gone", (t) => {
  const { directory } = made(t);
  markDamaged(directory);
  rmSync(join(directory, "state.db"));
  for (let i = 0; i < 2; i++) {
    const opened = open(directory);
    assert.deepEqual([opened.salvaged, opened.recovered.totals], [undefined, []]);
    close(opened);
    assert.ok(!existsSync(join(directory, "damaged")));
  }
});

test("a newer version's is no damage", (t) => {
  const { directory } = made(t);
  const { db, lock } = openForWriting(directory);
  db.exec("PRAGMA user_version = 99; UPDATE meta SET value = '99' WHERE key = 'schema'");
  for (const one of [db, lock]) one.close();
  assert.throws(() => open(directory), { code: "state-foreign" });
});

test("opened on a disk without room it is opened again as soon as there is some", (t) => {
  const root = mkdtempSync(join(tmpdir(), "spillway-opening-"));
  const disk = SmallDisk.mount("tmpfs", 16, join(root, "disk"));
  t.after(() => {
    disk?.[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
  });
  if (!disk) return t.skip("nothing can be mounted here");
  const directory = join(disk.path, "state");
  const inputs = [{ input: "a", policy: "default", target: "t", paths: ["/nowhere/x.log"] }];
  writeBacklog(directory, { inputs, rows: 4, bytes: 10_000 });
  rmSync(join(directory, "reserve"), { force: true });
  disk.fill();
  const opened = open(directory);
  assert.equal(opened.alone, true);
  disk.clear();
  const again = reopenStore(opened);
  assert.deepEqual([again.alone, again.store.survey().oldest.length], [false, 3]);
  assert.equal(reopenStore(again), again);
  close(again);
});

test("nothing was ever stored and the disk stays full: what stands in for the state stays open, until it finds a home", (t) => {
  const root = mkdtempSync(join(tmpdir(), "spillway-opening-"));
  const disk = SmallDisk.mount("tmpfs", 16, join(root, "disk"));
  t.after(() => {
    disk?.[Symbol.dispose]();
    rmSync(root, { recursive: true });
  });
  if (!disk) return t.skip("nothing can be mounted here");
  const directory = join(disk.path, "state");
  mkdirSync(directory);
  disk.fill();
  const opened = open(directory);
  assert.equal(opened.frozen?.code, "state-full");
  for (let i = 0; i < 2; i++) {
    assert.throws(() => comeHome(opened, 1e12), { code: "state-full" });
    assert.ok(opened.db.open, "another thread would have to take over");
  }
  disk.clear();
  const came = comeHome(opened, 1e12)?.opened as OpenedStore;
  assert.deepEqual([came.frozen, opened.db.open, came.db.open], [undefined, false, true]);
  close(came);
});
