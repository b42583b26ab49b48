import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { RESERVE, removeReserve, resizeReserve } from "../../../../src/buffer/spool/disk/reserve.ts";
import { SmallDisk } from "../../../helpers/small-disk.ts";

const MIB = 1 << 20;

test("it takes real blocks for nobody else to read, grows, shrinks and goes", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-reserve-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, RESERVE);
  assert.equal(removeReserve(directory), false);
  resizeReserve(directory, 0, 2.5 * MIB);
  const { size, blocks, mode } = statSync(file);
  assert.deepEqual([size, mode & 0o777], [2.5 * MIB, 0o600]);
  assert.ok(blocks * 512 >= size);
  resizeReserve(directory, size, 3 * MIB);
  assert.equal(statSync(file).size, 3 * MIB);
  resizeReserve(directory, 3 * MIB, MIB);
  assert.equal(statSync(file).size, MIB);
  assert.deepEqual([removeReserve(directory), removeReserve(directory)], [true, false]);
});

test("a folder or a link of its name makes way for it, and nothing is written where the link leads", (t) => {
  const root = mkdtempSync(join(tmpdir(), "spillway-reserve-"));
  t.after(() => rmSync(root, { recursive: true }));
  const elsewhere = join(root, "elsewhere");
  for (const make of [
    (path: string): void => void mkdirSync(join(path, "deep"), { recursive: true }),
    (path: string): void => symlinkSync(elsewhere, path),
  ]) {
    const directory = mkdtempSync(join(root, "state-"));
    make(join(directory, RESERVE));
    assert.equal(removeReserve(directory), true);
    make(join(directory, RESERVE));
    resizeReserve(directory, 0, MIB);
    assert.equal(lstatSync(join(directory, RESERVE)).size, MIB);
    assert.ok(!existsSync(elsewhere));
  }
});

test("on a disk that is full meanwhile it is what found room", (t) => {
  const root = mkdtempSync(join(tmpdir(), "spillway-reserve-"));
  const disk = SmallDisk.mount("tmpfs", 4, join(root, "disk"));
  t.after(() => {
    disk?.[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
  });
  if (!disk) return t.skip("nothing can be mounted here");
  disk.fill(MIB);
  resizeReserve(disk.path, 0, 3 * MIB);
  const { size } = statSync(join(disk.path, RESERVE));
  assert.ok(size > 0 && size <= MIB, `${size}`);
});
