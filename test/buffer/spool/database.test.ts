import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { openForReading, openForWriting, openLocked } from "../../../src/buffer/spool/database.ts";
import { resizeReserve } from "../../../src/buffer/spool/disk/reserve.ts";
import { SCHEMA_VERSION } from "../../../src/buffer/spool/schema.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { SmallDisk } from "../../helpers/small-disk.ts";

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "spillway-database-"))));
afterEach(() => rmSync(root, { recursive: true }));

function made(name = "state"): { directory: string; close: () => void; sql: (text: string) => void } {
  const directory = join(root, name);
  const { db, lock } = openForWriting(directory);
  const close = (): void => [db, lock].forEach((one) => one.close());
  return { directory, close, sql: (text) => void db.exec(text) };
}

test("a new directory is for its owner alone, and has the schema that cannot be changed later", () => {
  const directory = join(root, "deep", "state");
  const { db, lock } = openForWriting(directory);
  assert.equal(statSync(directory).mode & 0o777, 0o700);
  const pragma = (name: string): unknown => db.pragma(name, { simple: true });
  assert.deepEqual(["user_version", "page_size", "auto_vacuum", "journal_mode", "application_id"].map(pragma), [
    SCHEMA_VERSION,
    16_384,
    2,
    "wal",
    0x73707779,
  ]);
  for (const one of [db, lock]) one.close();
  const again = openForWriting(directory);
  for (const one of [again.db, again.lock]) one.close();
});

/** What a newer version does to its version. */
const NEWER = `PRAGMA user_version = ${SCHEMA_VERSION + 1};
  INSERT OR REPLACE INTO meta VALUES ('schema', '${SCHEMA_VERSION + 1}');`;

test("a database of another program, or of a newer spillway, is not touched", () => {
  const foreign = made("foreign");
  foreign.sql("PRAGMA application_id = 1; ALTER TABLE heads RENAME TO things");
  foreign.close();
  const newer = made("newer");
  newer.sql(NEWER);
  newer.close();
  for (const [directory, whose] of [
    [foreign.directory, /not spillway's/],
    [newer.directory, new RegExp(`schema version ${SCHEMA_VERSION + 1}, this spillway knows ${SCHEMA_VERSION}`)],
  ] as const) {
    const before = readFileSync(join(directory, "state.db"));
    for (const open of [openForWriting, openForReading]) {
      assert.throws(() => open(directory), { code: "state-foreign", exit: 78, message: whose });
    }
    assert.deepEqual(readFileSync(join(directory, "state.db")), before);
  }
});

test("what is no database is told apart from a directory that cannot be used", () => {
  const { directory, close } = made();
  close();
  writeFileSync(
    join(directory, "state.db"),
    "no database at all, but long enough to be looked at by somebody".repeat(9),
  );
  assert.throws(() => openForWriting(directory), { code: "state-corrupt", exit: 75 });
  const file = join(root, "file");
  writeFileSync(file, "");
  assert.throws(() => openForWriting(join(file, "state")), { code: "state-unusable", exit: 78 });
});

test("a reader that looks while a database is being made finds nothing or all of it", async () => {
  const many = 40;
  const module = new URL("../../../src/buffer/spool/database.ts", import.meta.url).href;
  const script = `
    const { openForWriting } = await import(${JSON.stringify(module)});
    for (let i = 0; i < ${many}; i++) {
      const { db, lock } = openForWriting(${JSON.stringify(root)} + "/" + i);
      db.close();
      lock.close();
    }`;
  const writer = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "inherit" });
  const ended = once(writer, "exit");
  let looks = 0;
  for (let i = 0; i < many;) {
    const db = openForReading(join(root, String(i)));
    looks++;
    db?.close();
    if (db !== undefined) i++;
    if (looks % 100 === 0) await systemClock.sleep(0);
  }
  assert.deepEqual(await ended, [0, null]);
  assert.ok(looks > many, "it never looked early");
});

test("a database that is there is opened on a disk without a byte of room, by this connection alone", (t) => {
  const disk = SmallDisk.mount("tmpfs", 4, join(root, "disk"));
  if (!disk) return t.skip("nothing can be mounted here");
  try {
    const directory = join(disk.path, "state");
    for (const one of Object.values(openForWriting(directory))) if (typeof one === "object") one.close();
    resizeReserve(directory, 0, 100_000);
    disk.fill();
    const first = openForWriting(directory);
    assert.equal(first.alone, false, "it had a reserve");
    assert.equal(existsSync(join(directory, "reserve")), false);
    for (const one of [first.db, first.lock]) one.close();
    disk.fill();
    const second = openForWriting(directory);
    assert.equal(second.alone, true);
    assert.equal(second.db.prepare("SELECT count(*) FROM heads").pluck().get(), 0);
    second.db.close();
    disk.clear();
    const third = openLocked(directory);
    assert.equal(third.alone, false);
    for (const one of [third.db, second.lock]) one.close();
  } finally {
    disk[Symbol.dispose]();
  }
});
