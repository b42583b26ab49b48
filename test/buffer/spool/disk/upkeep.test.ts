import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openForReading } from "../../../../src/buffer/spool/database.ts";
import { Arena } from "../../../../src/core/arena.ts";
import { Disk } from "../../disk.ts";
import { NOTHING, adding, noise, pairs } from "../rows.ts";

const MIB = 1 << 20;

/** A database whose backlog of `mib` MiB has just been delivered. */
function drained(mib: number): Disk {
  const disk = new Disk(new Arena(64 * MIB));
  const rows = Array.from({ length: mib }, (_, i) => ({ seq: i + 1, data: noise(MIB, i) }));
  disk.store.commit(adding(disk.arena, rows), 1);
  disk.store.survey();
  disk.store.commit({ ...NOTHING, removed: pairs(...rows.map(({ seq }) => [1, seq] as const)) }, 2);
  return disk;
}

const sizeOf = ({ directory }: Disk, name = "state.db"): number => statSync(join(directory, name)).size;

test("in quiet seconds the file shrinks, 16 MiB each, and nothing stays in the WAL", () => {
  using disk = drained(40);
  const before = sizeOf(disk, "state.db") + sizeOf(disk, "state.db-wal");
  disk.store.survey();
  assert.ok(sizeOf(disk) > 8 * MIB && sizeOf(disk) < before - 12 * MIB, `${sizeOf(disk)} of ${before}`);
  for (let i = 0; i < 2; i++) disk.store.survey();
  assert.ok(sizeOf(disk) < MIB, `${sizeOf(disk)}`);
  assert.equal(sizeOf(disk, "state.db-wal"), 0);
});

test("while rows come, or are read, the pages are left to them", () => {
  using disk = drained(8);
  const free = (): unknown => disk.db.pragma("freelist_count", { simple: true });
  const before = free();
  disk.store.commit(adding(disk.arena, [{ seq: 100, data: "x" }]), 3);
  disk.store.survey();
  disk.store.load(9999, new Float64Array(19));
  disk.store.survey();
  assert.ok((free() as number) >= (before as number) - 2);
  disk.store.survey();
  assert.equal(free(), 0);
});

test("who reads the database for long only delays it", () => {
  using disk = drained(8);
  const reader = openForReading(disk.directory);
  reader?.exec("BEGIN");
  reader?.prepare("SELECT count(*) FROM heads").get();
  disk.store.survey();
  assert.ok(sizeOf(disk) + sizeOf(disk, "state.db-wal") > 4 * MIB);
  reader?.close();
  disk.store.survey();
  assert.ok(sizeOf(disk) < MIB, `${sizeOf(disk)}`);
});
