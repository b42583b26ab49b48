import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { lockDirectory } from "../../../src/buffer/spool/lock.ts";
import { SmallDisk } from "../../helpers/small-disk.ts";

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-lock-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

test("a directory has one writer, who is named to the next", (t) => {
  const directory = temporary(t);
  const lock = lockDirectory(directory);
  assert.equal(readFileSync(join(directory, "pid"), "utf8"), `${process.pid}\n`);
  assert.throws(() => lockDirectory(directory), {
    code: "state-locked",
    message: new RegExp(`process ${process.pid}$`),
  });
  rmSync(join(directory, "pid"));
  assert.throws(() => lockDirectory(directory), /process unknown$/);
  lock.close();
  lockDirectory(directory).close();
});

test("garbage in the place of the lock is replaced", (t) => {
  const directory = temporary(t);
  const path = join(directory, "lock.db");
  const garbage = [
    (): unknown => writeFileSync(path, "no database, but long enough to be looked at by somebody ".repeat(99)),
    (): unknown => mkdirSync(join(path, "deep"), { recursive: true }),
  ];
  for (const make of garbage) {
    rmSync(path, { recursive: true, force: true });
    make();
    const lock = lockDirectory(directory);
    assert.throws(() => lockDirectory(directory), { code: "state-locked" });
    lock.close();
  }
});

test("a disk without room has room for the lock", (t) => {
  const root = mkdtempSync(join(tmpdir(), "spillway-lock-"));
  const disk = SmallDisk.mount("tmpfs", 1, join(root, "disk"));
  t.after(() => {
    disk?.[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
  });
  if (!disk) return t.skip("nothing can be mounted here");
  disk.fill();
  const lock = lockDirectory(disk.path);
  assert.throws(() => lockDirectory(disk.path), /process unknown$/);
  lock.close();
});
