import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { corrupt, isCorruption, located, unusable } from "../../../src/buffer/spool/faults.ts";
import { openForWriting } from "../../../src/buffer/spool/database.ts";
import { SmallDisk } from "../../helpers/small-disk.ts";

const error = (code: string): Error => Object.assign(new Error("broken"), { code });

test("of SQLite's errors, only those of a broken file are corruption", () => {
  for (const code of ["SQLITE_CORRUPT", "SQLITE_CORRUPT_INDEX", "SQLITE_NOTADB"])
    assert.ok(isCorruption(error(code)), code);
  assert.ok(!isCorruption(error("SQLITE_FULL")) && !isCorruption("SQLITE_CORRUPT"));
  assert.match(corrupt("/d", error("SQLITE_CORRUPT")).message, /^\/d\/state\.db is damaged: broken$/);
});

test("an error below a running agent says which file, what code, and what to do", () => {
  const full = located("/d", error("SQLITE_FULL"));
  assert.deepEqual(full, { message: "/d/state.db: broken (SQLITE_FULL)", hint: "free some space there" });
  assert.match(located("/d", error("SQLITE_IOERR_WRITE")).hint ?? "", /^look at the disk/);
  assert.deepEqual(located("/d", new Error("odd")), { message: "/d/state.db: odd", hint: undefined });
});

test("only what a human has to change is a fault of the configuration", () => {
  const expected = {
    78: ["EACCES", "EPERM", "ENOTDIR", "ENOENT", "SQLITE_PERM"],
    75: ["EIO", "EROFS", "ENOSPC", "EMFILE", "SQLITE_IOERR_READ", "SQLITE_FULL", "SQLITE_READONLY_DIRECTORY"],
  };
  for (const [exit, codes] of Object.entries(expected))
    for (const code of codes) {
      const fault = unusable("/d", error(code));
      assert.equal(fault.exit, Number(exit), code);
      assert.match(fault.message, /\/d.*: broken$/);
      assert.ok(fault.hint);
    }
});

test("a file system that can only be read is told by its name, and passes", (t) => {
  const root = mkdtempSync(join(tmpdir(), "spillway-faults-"));
  const disk = SmallDisk.mount("tmpfs", 4, join(root, "disk"));
  t.after(() => {
    disk?.[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
  });
  if (!disk) return t.skip("nothing can be mounted here");
  const directory = join(disk.path, "state");
  const { db, lock } = openForWriting(directory);
  for (const one of [db, lock]) one.close();
  disk.remount("ro");
  assert.throws(() => openForWriting(directory), { code: "state-unusable", exit: 75, message: /EROFS/ });
});
