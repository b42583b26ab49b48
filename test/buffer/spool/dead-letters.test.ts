import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { DeadLetterTable } from "../../../src/buffer/spool/dead-letters.ts";
import type { DeadLetter } from "../../../src/buffer/spool/spool.ts";
import { inTransaction, openSqlite } from "../../../src/buffer/spool/sqlite.ts";
import { Arena } from "../../../src/core/arena.ts";
import { Disk } from "../disk.ts";

const letter = (offset: number, body?: Uint8Array): DeadLetter => ({
  ...{ atMs: 1, input: "in", source: "s", path: "/x.log", offset, bytes: 1000, index: "i", status: 400, type: "t" },
  ...{ reason: "r", body, document: "{}" },
});
/** Adds letters. @returns the offsets of the letters that were removed */
function add(disk: Disk, table: DeadLetterTable, letters: readonly DeadLetter[]): number[] {
  let gone: number[] = [];
  inTransaction(disk.db, () => void (gone = table.add(letters).map((one) => one.offset)));
  return gone;
}
/** A letter whose error type no other letter has. */
const own = (offset: number, body?: Uint8Array): DeadLetter => ({
  ...letter(offset, body),
  type: `t${"x".repeat(offset)}`,
});
const offsets = (disk: Disk): unknown[] => disk.rows("SELECT offset FROM dead_letters ORDER BY id").flat();

const bytes = (disk: Disk): unknown =>
  disk.value("SELECT sum(256 + length(reason) + coalesce(length(body), 0) + length(document)) FROM dead_letters");

test("a letter keeps everything that it says, with and without a body", () => {
  using disk = new Disk(new Arena(65_536));
  add(disk, new DeadLetterTable(disk.db, 1 << 20), [letter(1, Buffer.from("x")), letter(2)]);
  const [kind] = disk.rows("SELECT DISTINCT kind FROM dead_letters").flat();
  assert.deepEqual(disk.rows("SELECT * FROM dead_letters"), [
    [1, 1, "in", "s", "/x.log", 1, 1000, "i", 400, "t", "r", Buffer.from("x"), kind, "{}"],
    [2, 1, "in", "s", "/x.log", 2, 1000, "i", 400, "t", "r", null, kind, "{}"],
  ]);
});

test("beyond their budget the oldest go, bodies, reasons and documents counted, and are named", () => {
  using disk = new Disk(new Arena(65_536));
  const table = new DeadLetterTable(disk.db, 10_000);
  const some = Array.from({ length: 20 }, (_, i) => own(i, Buffer.alloc(1000)));
  assert.deepEqual(add(disk, table, some), Array.from(Array(13).keys()));
  assert.deepEqual(offsets(disk), [13, 14, 15, 16, 17, 18, 19], "each takes 1,259 bytes");
  assert.equal(bytes(disk), table.recount());
});

test("one reason takes a quarter of the budget, whatever else differs: what is rare stays", () => {
  using disk = new Disk(new Arena(65_536));
  const table = new DeadLetterTable(disk.db, 40_000);
  const rare = { ...letter(0), reason: "failed to parse field [b] of type [ip] in document with id 's-0'" };
  add(disk, table, [rare]);
  const flood = Array.from({ length: 200 }, (_, i) => ({
    ...letter(i + 1),
    reason: `[1:${i}] failed to parse field [a] of type [long] in document with id 's-${i}'. Preview of field's value: '${i % 7}x'`,
  }));
  const gone = [...add(disk, table, flood.slice(0, 100)), ...add(disk, table, flood.slice(100))];
  const kept = offsets(disk);
  assert.equal(kept.length + gone.length, 201);
  assert.equal(kept[0], 0, "the rare one, though it is the oldest");
  assert.ok(kept.length > 20 && (bytes(disk) as number) < 10_000 + 400, `${kept.length} are kept`);
});

test("a budget that has shrunk is kept from the next letter on, also by one larger than all of it, and by none", () => {
  using disk = new Disk(new Arena(65_536));
  add(disk, new DeadLetterTable(disk.db, 10_000), [own(1, Buffer.alloc(1000)), own(2)]);
  const small = new DeadLetterTable(disk.db, 1100);
  assert.deepEqual(add(disk, small, [own(3)]), [1]);
  assert.deepEqual(add(disk, small, [own(4, Buffer.alloc(1000))]), [4]);
  assert.deepEqual(offsets(disk), [2, 3]);
  const none = new DeadLetterTable(disk.db, 0);
  assert.deepEqual([add(disk, none, [own(5)]), offsets(disk)], [[5, 2, 3], []]);
});

test("what is kept is counted as it comes, makes room, and is removed by a command beside it", () => {
  using disk = new Disk(new Arena(65_536));
  const table = new DeadLetterTable(disk.db, 1200);
  add(disk, table, [own(1), own(2), own(3)]);
  assert.deepEqual(table.kept, { records: 3, bytes: bytes(disk) });
  add(disk, table, [own(4), own(5)]);
  assert.deepEqual([table.kept, offsets(disk)], [{ records: 4, bytes: bytes(disk) }, [2, 3, 4, 5]]);
  const beside = openSqlite(join(disk.directory, "state.db"));
  beside.exec("DELETE FROM dead_letters WHERE offset = 4");
  beside.close();
  table.look();
  assert.deepEqual(table.kept, { records: 3, bytes: bytes(disk) });
});

test("numbers are never used again, and what was rolled back counts for nothing", () => {
  using disk = new Disk(new Arena(65_536));
  const table = new DeadLetterTable(disk.db, 1200);
  add(disk, table, [letter(1), letter(2), letter(3)]);
  const before = disk.rows("SELECT id, offset FROM dead_letters");
  assert.deepEqual(before, [[3, 3]]);
  assert.throws(() => add(disk, table, [letter(4), { ...letter(5), path: null as unknown as string }]));
  assert.equal(table.recount(), 259);
  add(disk, table, [letter(6)]);
  assert.deepEqual(disk.rows("SELECT id, offset FROM dead_letters"), [[4, 6]]);
});

test("letters that a command has removed make room", () => {
  using disk = new Disk(new Arena(65_536));
  const table = new DeadLetterTable(disk.db, 1200);
  add(disk, table, [own(1), own(2), own(3), own(4)]);
  const other = openSqlite(join(disk.directory, "state.db"));
  other.exec("DELETE FROM dead_letters WHERE offset IN (2, 3)");
  other.close();
  assert.deepEqual(add(disk, table, [own(5), own(6)]), []);
  assert.deepEqual(offsets(disk), [1, 4, 5, 6]);
});
