import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openFrozen } from "../../../src/buffer/directory/frozen.ts";
import { openForWriting } from "../../../src/buffer/spool/database.ts";
import { writeBacklog } from "../../helpers/backlog.ts";
import { wreck } from "../../helpers/damage.ts";
import { SmallDisk } from "../../helpers/small-disk.ts";

const ROWS = 12;
const DATABASE = new URL("../../../src/buffer/spool/database.ts", import.meta.url).href;
/** A program that writes to the database and kills itself, so that the WAL is left behind. */
const KILLED = `
  const { openForWriting } = await import(${JSON.stringify(DATABASE)});
  openForWriting(process.argv[1]).db.exec("DELETE FROM heads WHERE seq = 1");
  process.kill(process.pid, "SIGKILL");`;

/** Writes rows to a separate disk. @returns undefined if nothing can be mounted; the test is then skipped */
function made(t: TestContext): { directory: string; disk: SmallDisk } | undefined {
  const root = mkdtempSync(join(tmpdir(), "spillway-frozen-"));
  const disk = SmallDisk.mount("tmpfs", 96, join(root, "disk"));
  t.after(() => {
    disk?.[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
  });
  if (!disk) {
    t.skip("nothing can be mounted here");
    return undefined;
  }
  const directory = join(disk.path, "state");
  const inputs = [{ input: "a", policy: "default", target: "t", paths: ["/nowhere/x.log"] }];
  writeBacklog(directory, { inputs, rows: ROWS, bytes: 10_000 });
  return { directory, disk };
}

function rows(directory: string): unknown {
  const db = openFrozen(directory);
  try {
    return db.prepare("SELECT count(*) FROM heads").pluck().get();
  } finally {
    db.close();
  }
}

test("a read-only disk is read after a clean stop, which has removed the WAL, and after a kill, with what only the WAL has", (t) => {
  const { directory, disk } = made(t) ?? {};
  if (!directory) return;
  disk?.remount("ro");
  assert.equal(rows(directory), ROWS);
  disk?.remount("rw");
  spawnSync(process.execPath, ["--input-type=module", "-e", KILLED, directory]);
  disk?.remount("ro");
  assert.equal(rows(directory), ROWS - 1);
});

test("where nothing was ever stored, an empty database in memory stands in", (t) => {
  const root = mkdtempSync(join(tmpdir(), "spillway-frozen-"));
  t.after(() => rmSync(root, { recursive: true }));
  assert.equal(rows(join(root, "not", "there")), 0);
  writeFileSync(join(root, "state.db"), "");
  assert.equal(rows(root), 0);
});

test("what can neither be written nor read is said, and passes; another program's database does not", (t) => {
  const { directory, disk } = made(t) ?? {};
  if (!directory || !disk) return;
  truncateSync(join(directory, "state.db"), 65 << 20);
  disk.remount("ro");
  assert.throws(() => openFrozen(directory), {
    code: "state-unusable",
    exit: 75,
    message: /neither be written nor read/,
  });
  disk.remount("rw");
  const { db, lock } = openForWriting(directory);
  db.exec("PRAGMA user_version = 99; INSERT OR REPLACE INTO meta VALUES ('schema', '99')");
  for (const one of [db, lock]) one.close();
  assert.throws(() => openFrozen(directory), { code: "state-foreign", exit: 78 });
  wreck(directory, 1);
  assert.throws(() => openFrozen(directory), { code: "state-corrupt", exit: 75 });
});
