// Runs on real file systems of a few MiB. test/system/full-disk.test.ts covers an agent that fills one by itself.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { diskBudget } from "../../../../src/buffer/budget/limits.ts";
import { openForWriting } from "../../../../src/buffer/spool/database.ts";
import { DiskSpace } from "../../../../src/buffer/spool/disk/disk-space.ts";
import { removeReserve } from "../../../../src/buffer/spool/disk/reserve.ts";
import type { Database } from "../../../../src/buffer/spool/sqlite.ts";
import { SmallDisk } from "../../../helpers/small-disk.ts";

const MIB = 1 << 20;
const SIZE = 32;

interface Scene {
  readonly disk: SmallDisk;
  readonly directory: string;
  readonly db: Database;
  space(budget: number): DiskSpace;
  /** Size of the reserve file, in bytes. */
  reserve(): number;
}

/** @returns undefined if nothing can be mounted; the test is then skipped */
function scene(t: TestContext): Scene | undefined {
  const root = mkdtempSync(join(tmpdir(), "spillway-space-"));
  const disk = SmallDisk.mount("tmpfs", SIZE, join(root, "disk"));
  t.after(() => {
    disk?.[Symbol.dispose]();
    rmSync(root, { recursive: true, force: true });
  });
  if (!disk) {
    t.skip("nothing can be mounted here");
    return undefined;
  }
  const directory = join(disk.path, "state");
  const { db, lock } = openForWriting(directory);
  t.after(() => [db, lock].forEach((one) => one.close()));
  const reserve = (): number => statSync(join(directory, "reserve"), { throwIfNoEntry: false })?.size ?? 0;
  return { disk, directory, db, space: (budget) => new DiskSpace(db, directory, budget), reserve };
}

test("what the configuration allows, or less where the disk has less: a twentieth of it is left to others", (t) => {
  const on = scene(t);
  if (!on) return;
  const small = on.space(16 * MIB).rows();
  assert.ok(small <= diskBudget(16 * MIB).rows && small > diskBudget(16 * MIB).rows - MIB, `${small}`);
  const all = on.space(1024 * MIB).rows();
  const most = diskBudget(SIZE * MIB * 0.95).rows;
  assert.ok(all <= most && all > most - MIB, `${all} of ${most}`);
  on.disk.fill(12 * MIB);
  const left = on.space(1024 * MIB).rows();
  assert.ok(left < all - 8 * MIB && left > 0, `${left}`);
  on.disk.fill();
  assert.equal(on.space(1024 * MIB).rows(), 0);
  on.disk.clear();
  assert.ok(on.space(1024 * MIB).rows() >= all - MIB);
});

test("the reserve is made, given back once, and made again when there is room", (t) => {
  const on = scene(t);
  if (!on) return;
  const space = on.space(1024 * MIB);
  space.rows();
  const full = on.reserve();
  assert.ok(full >= 2 * MIB, `${full}`);
  assert.ok(on.disk.free < SIZE * MIB - full, "it takes real blocks");
  assert.deepEqual([space.giveBack(), on.reserve(), space.giveBack()], [true, 0, false]);
  on.disk.fill(MIB);
  space.rows();
  assert.equal(on.reserve(), 0, "others need the room");
  on.disk.clear();
  space.rows();
  assert.ok(on.reserve() >= full - MIB);
});

test("a smaller configuration makes the reserve smaller; without a disk there is none", (t) => {
  const on = scene(t);
  if (!on) return;
  on.space(1024 * MIB).rows();
  const before = on.reserve();
  on.space(8 * MIB).rows();
  assert.ok(on.reserve() > 0 && on.reserve() < before / 2, `${on.reserve()} of ${before}`);
  removeReserve(on.directory);
  assert.equal(on.space(0).rows(), 0);
  assert.equal(on.reserve(), 0);
});

test("what the file holds beside rows is taken off the rows' part", (t) => {
  const on = scene(t);
  if (!on) return;
  const space = on.space(16 * MIB);
  const before = space.rows();
  const letter =
    "INSERT INTO dead_letters (at_ms, input, source, path, offset, bytes, index_name, status, type, reason, body)";
  for (let i = 0; i < 4; i++)
    on.db.prepare(`${letter} VALUES (1, 'a', 's', '/p', ?, 1, 'i', 400, 't', 'r', randomblob(1000000))`).run(i);
  on.db.pragma("wal_checkpoint(TRUNCATE)");
  const taken = before - space.rows();
  assert.ok(taken > 3.9e6 && taken < 4.3e6, `${taken}`);
});

test("new rows may not take the pages that are kept for everything else", (t) => {
  const on = scene(t);
  if (!on) return;
  const space = on.space(8 * MIB);
  space.rows();
  const pages = (): unknown => on.db.pragma("max_page_count", { simple: true });
  space.limit(true);
  assert.equal(pages(), diskBudget(8 * MIB).maxPages);
  space.limit(false);
  assert.ok((pages() as number) > 1e9);
});
