import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { corrupt, isCorruption, openForReading, openForWriting } from "../../src/buffer/database.ts";
import { SCHEMA_VERSION } from "../../src/buffer/schema.ts";
import { systemClock } from "../../src/core/clock.ts";

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

test("a directory has one writer, who is named to the next", () => {
  const { directory, close } = made();
  assert.equal(readFileSync(join(directory, "pid"), "utf8"), `${process.pid}\n`);
  assert.throws(() => openForWriting(directory), {
    code: "state-locked",
    message: new RegExp(`process ${process.pid}$`),
  });
  rmSync(join(directory, "pid"));
  assert.throws(() => openForWriting(directory), /process unknown$/);
  assert.ok(openForReading(directory), "readers may look");
  close();
});

test("a database of another program, or of a newer spillway, is not touched", () => {
  const foreign = made("foreign");
  foreign.sql("PRAGMA application_id = 1");
  foreign.close();
  const newer = made("newer");
  newer.sql(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
  newer.close();
  for (const [directory, whose] of [
    [foreign.directory, /not spillway's/],
    [newer.directory, /schema version 2, this spillway knows 1/],
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
  assert.throws(() => openForWriting(directory), { code: "state-corrupt", exit: 78 });
  const file = join(root, "file");
  writeFileSync(file, "");
  assert.throws(() => openForWriting(join(file, "state")), { code: "state-unusable", exit: 78 });
});

test("of SQLite's errors, only those of a broken file are corruption", () => {
  const error = (code: string): Error => Object.assign(new Error("broken"), { code });
  assert.ok(isCorruption(error("SQLITE_CORRUPT")) && isCorruption(error("SQLITE_NOTADB")));
  assert.ok(!isCorruption(error("SQLITE_FULL")) && !isCorruption("SQLITE_CORRUPT"));
  assert.match(corrupt("/d", error("SQLITE_CORRUPT")).message, /^\/d\/state\.db is damaged: broken$/);
});

test("a reader that looks while a database is being made finds nothing or all of it", async () => {
  const many = 40;
  const module = new URL("../../src/buffer/database.ts", import.meta.url).href;
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
