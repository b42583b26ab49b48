import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Backlog } from "../../../../src/buffer/spool/rows/backlog.ts";
import { HEAD, HEAD_WIDTH, headAt, headCount } from "../../../../src/buffer/spool/rows/heads.ts";
import { CORRUPT, LATER, LOADED } from "../../../../src/buffer/spool/spool.ts";
import { Arena } from "../../../../src/core/arena.ts";
import { pagesOf, wreck } from "../../../helpers/damage.ts";
import { Disk } from "../../disk.ts";
import { NOTHING, type RowSpec, adding, envelope, headsOf, noise, pairs } from "../rows.ts";

interface Made extends Disposable {
  readonly arena: Arena;
  readonly disk: Disk;
  readonly backlog: Backlog;
  /** Adds rows in a transaction of their own. @returns ids, rows and stored bytes of the blocks */
  add(specs: readonly RowSpec[]): number[];
}

function made(): Made {
  const arena = new Arena(16 << 20);
  const disk = new Disk(arena);
  let number = 1;
  return {
    ...{ arena, disk, backlog: disk.store.backlog },
    add: (specs) => [...disk.store.commit(adding(arena, specs), number++).blocks],
    [Symbol.dispose]: () => disk[Symbol.dispose](),
  };
}

const at = (heads: Float64Array, column: keyof typeof HEAD): number[] =>
  Array.from({ length: headCount(heads) }, (_, i) => headAt(heads, i)[HEAD[column]] as number);

test("rows of one queue and one input share a block, of others they do not", () => {
  using all = made();
  const blocks = all.add([
    { seq: 1, data: "a\n" },
    { seq: 3, data: "b\n" },
    { seq: 2, input: "other", source: 2, envelope: 2, data: "c\n" },
    { seq: 4, queue: 2, data: "d\n" },
  ]);
  assert.deepEqual([blocks[0], blocks[1], blocks[3], blocks[4], blocks[6], blocks[7]], [1, 2, 2, 1, 3, 1]);
  assert.deepEqual(all.disk.rows("SELECT id, queue, input, first_seq, last_seq, live FROM blocks"), [
    [1, 1, "in", 1, 3, 2],
    [2, 1, "other", 2, 2, 1],
    [3, 2, "in", 4, 4, 1],
  ]);
});

test("what is large is divided into blocks, and every sum is kept beside the rows", () => {
  using all = made();
  const blocks = all.add([1, 2, 3].map((seq) => ({ seq, records: 7, data: noise(150_000, seq) })));
  assert.equal(blocks.length, 3 * 3, "two of them are more than a block holds");
  const stored = (blocks[2] ?? 0) + (blocks[5] ?? 0) + (blocks[8] ?? 0);
  assert.deepEqual(all.disk.rows("SELECT * FROM totals"), [[1, "in", 3, 21, 450_000, stored]]);
  assert.deepEqual(all.disk.rows("SELECT chunks FROM sources UNION ALL SELECT chunks FROM envelopes"), [[3], [3]]);
});

test("numbers of blocks are never used again, also over a start", () => {
  using all = made();
  all.add([{ seq: 1, data: "a\n" }]);
  all.add([{ seq: 2, data: "b\n" }]);
  all.disk.db.exec("BEGIN");
  all.backlog.remove(pairs([1, 1]));
  all.disk.db.exec("COMMIT");
  const again = new Backlog(all.disk.db, all.arena.bytes);
  const packed = again.pack(adding(all.arena, [{ seq: 3, data: "c\n" }]));
  const { rows, groups } = adding(all.arena, [{ seq: 3, data: "c\n" }]);
  assert.equal(again.add(rows, groups, packed)[0], 3);
});

test("a row without its source or its envelope is a bug, and nothing of its transaction stays", () => {
  using all = made();
  const transaction = adding(all.arena, [{ seq: 1, data: "a\n" }]);
  for (const missing of ["sources", "envelopes"] as const) {
    assert.throws(() => all.disk.store.commit({ ...transaction, [missing]: [] }, 1), /BUG: row 1 without/);
  }
  for (const table of ["heads", "blocks", "bodies", "totals", "sources"]) {
    assert.equal(all.disk.value(`SELECT count(*) FROM ${table}`), 0, table);
  }
});

test("heads come page by page in the order of their queue, with what they refer to", () => {
  using all = made();
  all.add(
    [5, 1, 9]
      .map((seq) => ({ seq, data: "x\n", possiblyStored: seq === 5, table: "t".repeat(24), actions: "ac" }))
      .toSorted((a, b) => a.seq - b.seq),
  );
  all.add([{ seq: 2, queue: 2, envelope: 2, data: "y\n" }]);
  const page = all.backlog.heads(1, 0, 2);
  assert.deepEqual(
    [at(page.heads, "seq"), at(page.heads, "possiblyStored")],
    [
      [1, 5],
      [0, 1],
    ],
  );
  assert.deepEqual(
    [at(page.heads, "at"), at(page.heads, "tableLength"), at(page.heads, "actionsLength")],
    [
      [0, 28],
      [24, 24],
      [2, 2],
    ],
  );
  assert.deepEqual(page.envelopes, [envelope(1)]);
  assert.deepEqual([...page.blocks.subarray(0, 2)], [1, 3]);
  assert.deepEqual(at(all.backlog.heads(1, 5, 10).heads, "seq"), [9]);
  const nothing = all.backlog.heads(1, 9, 10);
  assert.deepEqual([headCount(nothing.heads), nothing.envelopes, nothing.blocks.length], [0, [], 0]);
});

test("chunks are loaded into the arena, any of their block", () => {
  using all = made();
  all.add(["one\n", "two\n", "three\n"].map((data, i) => ({ seq: i + 1, data })));
  const { heads } = all.backlog.heads(1, 0, 10);
  const target = headsOf(all.arena, [
    { seq: 1, data: "????" },
    { seq: 2, data: "??????" },
  ]);
  for (const [i, from] of [1, 2].entries()) {
    for (const column of [HEAD.at, HEAD.length] as const)
      headAt(target, i)[column] = headAt(heads, from)[column] as number;
  }
  assert.deepEqual([...all.backlog.load(1, target)], [LOADED, LOADED]);
  const read = (i: number): string => {
    const h = headAt(target, i);
    return all.arena.bytes.subarray(h[HEAD.data], (h[HEAD.data] as number) + (h[HEAD.length] as number)).toString();
  };
  assert.deepEqual(
    [read(0), read(1)],
    [Buffer.from("two\n"), Buffer.from("three\n")].map((b) => new Uint8Array(b).toString()),
  );
});

test("loading 64 blocks leaves no garbage of their size", () => {
  using all = made();
  const row = { seq: 1, data: `${"x".repeat(199_999)}\n` };
  all.add([row]);
  const target = headsOf(all.arena, [row]);
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 64; i++) assert.deepEqual([...all.backlog.load(1, target)], [LOADED]);
  const left = process.memoryUsage().arrayBuffers - before;
  assert.ok(left < 16 * 200_000, `${left} bytes`);
});

test("a block that is not there or is damaged is corrupt; a row beyond its block has a wrong number; nothing is loaded", () => {
  using all = made();
  all.add([{ seq: 1, data: noise(1000) }]);
  const target = headsOf(all.arena, [{ seq: 1, data: "?".repeat(1000) }]);
  assert.deepEqual([...all.backlog.load(7, target)], [CORRUPT]);
  headAt(target, 0)[HEAD.at] = 1;
  const damage = { code: "SQLITE_CORRUPT", message: "a row of source 1 says other than block 1, where its bytes are" };
  assert.throws(() => all.backlog.load(1, target), damage);
  headAt(target, 0)[HEAD.at] = 0;
  all.disk.db.exec("UPDATE bodies SET data = zeroblob(1000)");
  assert.deepEqual([...all.backlog.load(1, target)], [CORRUPT]);
  const from = headAt(target, 0)[HEAD.data] as number;
  assert.ok(all.arena.bytes.subarray(from, from + 1000).every((byte) => byte === 0x3f));
});

test("the blocks of a transaction whose answer got lost are found by its rows", () => {
  using all = made();
  const specs = [1, 2, 3].map((seq) => ({ seq, data: noise(150_000, seq) }));
  const other = { seq: 4, queue: 2, data: "d\n" };
  const blocks = all.add([...specs, other]);
  assert.deepEqual([...all.backlog.blocksOf(headsOf(all.arena, [...specs, other]))], blocks);
  assert.deepEqual([...all.backlog.blocksOf(new Float64Array(0))], []);
});

test("the oldest row of each queue, by both clocks", () => {
  using all = made();
  all.add([
    { seq: 1, data: "a\n", agedMs: 7 },
    { seq: 2, data: "b\n", agedMs: 8 },
    { seq: 3, queue: 2, data: "c\n", agedMs: 9 },
  ]);
  const [first, aged, , third, agedThere] = all.backlog.oldest();
  assert.deepEqual([first, aged, third, agedThere], [1, 7, 2, 9]);
});

test("a row that has ended and is not there is damage", () => {
  using all = made();
  const damage = { code: "SQLITE_CORRUPT", message: "row 5 has ended, and is not there" };
  assert.throws(() => all.backlog.remove(pairs([1, 5])), damage);
});

test("rows that the sums count and that are not there are damage, but not an empty queue", () => {
  using all = made();
  assert.equal(all.backlog.pages.next(1, 0, 10).heads.length, 0);
  all.add([1, 2].map((seq) => ({ seq, data: "x\n" })));
  assert.equal(headCount(all.backlog.pages.next(1, 0, 10).heads), 2);
  assert.equal(all.backlog.pages.next(1, 2, 10).heads.length, 0);
  all.disk.db.exec("DELETE FROM heads WHERE seq = 2");
  const damage = { code: "SQLITE_CORRUPT", message: "queue 1 is said to hold 2 rows, and has 1" };
  assert.throws(() => all.backlog.pages.next(1, 1, 10), damage);
});

test("a chunk with other than its records is damage", () => {
  using all = made();
  all.add([{ seq: 1, data: "one\n\n\r\ntwo\r\nthree", records: 3 }]);
  const target = (records: number): Float64Array => headsOf(all.arena, [{ seq: 1, data: "?".repeat(17), records }]);
  assert.deepEqual([...all.backlog.load(1, target(3))], [LOADED]);
  assert.throws(() => all.backlog.load(1, target(4)), { code: "SQLITE_CORRUPT" });
  assert.deepEqual([...all.backlog.load(1, target(4), LATER)], [LATER], "while there is no room for a salvage");
});

test("packing compresses what is alike and notes where each chunk lies", () => {
  using all = made();
  const transaction = adding(
    all.arena,
    [1, 2, 3].map((seq) => ({ seq, data: "the same line\n".repeat(50) })),
  );
  const [block] = all.backlog.pack(transaction);
  assert.ok(block && block.body.data.length < 200 && block.rows === 3);
  assert.deepEqual(at(transaction.rows, "at"), [0, 700, 1400]);
  assert.equal(transaction.rows.length, 3 * HEAD_WIDTH);
});

test("a body whose pages are damaged costs itself: it is corrupt, its rows end, and nobody touches it again", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-backlog-"));
  t.after(() => rmSync(directory, { recursive: true }));
  {
    using disk = new Disk(new Arena(4 << 20), directory);
    for (const seq of [1, 2]) disk.store.commit(adding(disk.arena, [{ seq, data: noise(200_000, seq) }]), seq);
  }
  wreck(directory, pagesOf(directory, "bodies", "overflow")[0] as number);
  using disk = new Disk(new Arena(4 << 20), directory);
  const target = (seq: number): Float64Array => headsOf(disk.arena, [{ seq, data: "?".repeat(200_000) }]);
  assert.deepEqual([...disk.store.load(1, target(1))], [CORRUPT]);
  assert.deepEqual([...disk.store.load(2, target(2))], [LOADED]);
  disk.store.commit({ ...NOTHING, removed: pairs([1, 1], [1, 2]) }, 3);
  assert.deepEqual(disk.rows("SELECT count(*), total(chunks) FROM heads, totals"), [[0, 0]]);
});

test("a body that was damaged meanwhile does not keep its row from ending", (t) => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-backlog-"));
  t.after(() => rmSync(directory, { recursive: true }));
  {
    using disk = new Disk(new Arena(4 << 20), directory);
    for (const seq of [1, 2]) disk.store.commit(adding(disk.arena, [{ seq, data: noise(200_000, seq) }]), seq);
  }
  for (const page of pagesOf(directory, "bodies", "overflow")) wreck(directory, page);
  using disk = new Disk(new Arena(4 << 20), directory);
  disk.store.commit({ ...NOTHING, removed: pairs([1, 1]) }, 3);
  disk.store.commit({ ...NOTHING, removed: pairs([1, 2]) }, 4);
  assert.deepEqual(disk.rows("SELECT count(*), total(chunks) FROM heads, totals"), [[0, 0]]);
});

test("a body that the disk does not give away is tried again, and then taken for damaged; its row ends all the same", () => {
  using all = made();
  all.add([{ seq: 1, data: "x" }]);
  all.add([{ seq: 2, data: "y" }]);
  const { sql } = all.backlog;
  const unread = Object.assign(new Error("disk I/O error"), { code: "SQLITE_IOERR_READ" });
  const fails = (statement: "body" | "removeBody", key: "get" | "run"): void => {
    const { [statement]: real } = sql;
    const call = (block: number): unknown => {
      if (block === 1) throw unread;
      return real[key](block);
    };
    Object.assign(sql, { [statement]: { [key]: call } });
  };
  fails("body", "get");
  fails("removeBody", "run");
  const load = (seq: number): number[] => [
    ...all.backlog.load(seq, headsOf(all.arena, [{ seq, data: "?", start: 0 }])),
  ];
  assert.deepEqual([load(1), load(2)], [[LATER], [LOADED]]);
  for (let n = 2; n < 12; n++) assert.deepEqual(load(1), [LATER], `try ${n}`);
  assert.deepEqual(load(1), [CORRUPT]);
  all.disk.store.commit({ ...NOTHING, removed: pairs([1, 1], [1, 2]) }, 3);
  assert.deepEqual(all.disk.rows("SELECT count(*), total(chunks) FROM heads, totals"), [[0, 0]]);
});

test("rows that refer to what is not there say that the database is damaged", () => {
  for (const what of ["source", "envelope"]) {
    using all = made();
    all.add([{ seq: 1, data: "x" }]);
    all.disk.db.exec(`DELETE FROM ${what}s`);
    const message = new RegExp(`^${what} 1 is not there`);
    assert.throws(() => all.backlog.heads(1, 0, 10), { code: "SQLITE_CORRUPT", message });
  }
});
