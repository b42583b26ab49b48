// What a transaction writes, tested on a real database in the test's own thread.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { emptyAccount } from "../../../src/buffer/ledger/ledger.ts";
import type { DeadLetter } from "../../../src/buffer/spool/spool.ts";
import { Arena } from "../../../src/core/arena.ts";
import { type Count, SAMPLED } from "../../../src/core/fate.ts";
import { Disk } from "../disk.ts";
import { NOTHING, adding, loss, noise, pairs, source } from "./rows.ts";

const letter: DeadLetter = {
  ...{ atMs: 1, input: "in", source: "s", path: "/x.log", offset: 0, bytes: 1, index: "i", status: 400, type: "t" },
  ...{ reason: "r", body: undefined, document: "{}" },
};

const arena = (): Arena => new Arena(16 << 20);

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-store-"));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test("a transaction is found by the next start, all of it", (t) => {
  const directory = temporary(t);
  const meta = { nextSeq: 8, age: { agedMs: 5, wallMs: 6, boot: "b", upMs: 7 }, limits: { default: 9 } };
  {
    using first = new Disk(arena(), directory);
    assert.equal(first.store.recover("m").meta, undefined);
    const starts = [{ input: "in", atMs: 1_764_036_000_123 }];
    first.store.commit(adding(first.arena, [{ seq: 7, data: "x" }], { meta, starts }), 1);
  }
  using second = new Disk(arena(), directory);
  const found = second.store.recover("m");
  assert.deepEqual(found.queues, [{ id: 1, policy: "default", target: "t1" }]);
  assert.deepEqual(
    found.totals.map(({ queue, input, chunks }) => [queue, input, chunks]),
    [[1, "in", 1]],
  );
  assert.deepEqual(
    found.ledger.map(({ input, account }) => [input, account.read.records]),
    [["in", 1]],
  );
  assert.deepEqual([found.starts, found.meta], [[{ input: "in", atMs: 1_764_036_000_123 }], meta]);
  assert.deepEqual([found.nextSource, found.nextEnvelope], [2, 2]);
  assert.ok(found.room.size > 0);
  assert.deepEqual(
    second.store.sources(0, -1).map(({ num, chunks }) => [num, chunks]),
    [[1, 1]],
  );
});

test("a proof is written each time, although it means nothing, and is no numbered write", () => {
  using disk = new Disk(arena());
  const log = join(disk.directory, "state.db-wal");
  disk.store.commit(adding(disk.arena, [{ seq: 1, data: "x" }]), 7);
  for (let i = 0; i < 3; i++) {
    const before = statSync(log).size;
    disk.store.prove();
    assert.ok(statSync(log).size > before);
  }
  assert.equal(disk.store.lastWrite(), 7);
});

test("a failed transaction leaves nothing of itself", () => {
  using disk = new Disk(arena());
  const bad = { ...letter, path: null as unknown as string };
  const transaction = adding(disk.arena, [{ seq: 1, data: noise(1000) }], {
    deadLetters: [bad],
    losses: [loss("s", 0, 1)],
  });
  assert.throws(() => disk.store.commit(transaction, 1), /NOT NULL/);
  assert.ok(!disk.db.inTransaction);
  for (const table of ["heads", "blocks", "bodies", "sources", "losses", "totals", "ledger"]) {
    assert.equal(disk.value(`SELECT count(*) FROM ${table}`), 0, table);
  }
  assert.equal(disk.store.lastWrite(), 0);
  disk.store.commit({ ...transaction, deadLetters: [letter] }, 1);
  assert.equal(disk.value("SELECT count(*) FROM heads"), 1);
});

test("a commit has a number, and one whose answer got lost is answered again", () => {
  using disk = new Disk(arena());
  const transaction = adding(
    disk.arena,
    [1, 2].map((seq) => ({ seq, data: noise(200_000, seq) })),
  );
  assert.equal(disk.store.lastWrite(), 0);
  const { blocks } = disk.store.commit(transaction, 41);
  assert.equal(disk.store.lastWrite(), 41);
  assert.deepEqual(disk.store.committed(transaction).blocks, blocks);
});

test("what must survive a power cut is synced, the rest is not waited for", () => {
  using disk = new Disk(arena());
  const level = (full: boolean): unknown => {
    disk.store.commit({ ...NOTHING, full }, 1);
    return disk.db.pragma("synchronous", { simple: true });
  };
  assert.deepEqual([level(true), level(false), level(true)], [2, 1, 2]);
});

test("a source's row follows it, and keeps its origin and its chunks", () => {
  using disk = new Disk(arena());
  disk.store.commit(adding(disk.arena, [{ seq: 1, data: "x" }]), 1);
  const identity = { path: "/y", device: "2", inode: "3", birthNs: "4", headLength: 5, headHash: 6 };
  const moved = { ...source(1), identity, origin: 99, checkpoint: 7, mark: { length: 1, hash: 2 } };
  disk.store.commit({ ...NOTHING, sources: [moved, source(2)] }, 2);
  assert.deepEqual(disk.store.sources(0, 1), [{ ...moved, origin: 0, chunks: 1 }]);
  assert.deepEqual(
    disk.store.sources(1, 10).map(({ num }) => num),
    [2],
  );
  disk.store.commit({ ...NOTHING, forgotten: [2] }, 3);
  assert.deepEqual(disk.store.sources(1, 10), []);
});

test("the ledger adds up over transactions and restarts", (t) => {
  const directory = temporary(t);
  const account = emptyAccount();
  account.read.records = 2;
  account.read.bytes = 20;
  (account.fates[SAMPLED] as Count).bytes = 5;
  const delta = { input: "in", account, retired: 3 };
  {
    using first = new Disk(arena(), directory);
    first.store.commit({ ...NOTHING, ledger: [delta, { ...delta, input: "other" }] }, 1);
  }
  using disk = new Disk(arena(), directory);
  disk.store.commit({ ...NOTHING, ledger: [delta] }, 2);
  const [found, other] = disk.store.recover("a").ledger;
  assert.deepEqual(
    [found?.account.read, found?.account.fates[SAMPLED]?.bytes, found?.retired],
    [{ records: 4, bytes: 40 }, 10, 6],
  );
  assert.deepEqual(other?.account, account);
});

test("a copied directory gets new source ids, and rows keep their source; the same machine keeps them", () => {
  using disk = new Disk(arena());
  disk.store.recover("a");
  disk.store.commit(adding(disk.arena, [{ seq: 1, data: "x" }]), 1);
  const id = (machine: string): unknown => (disk.store.recover(machine), disk.value("SELECT id FROM sources"));
  const before = id("a");
  assert.equal(id("a"), before);
  const copied = id("b");
  assert.notEqual(copied, before);
  assert.equal(id("b"), copied);
  assert.equal(disk.value("SELECT source FROM heads"), disk.value("SELECT num FROM sources"));
});

test("a start clears away what nothing refers to", () => {
  using disk = new Disk(arena());
  const transaction = adding(disk.arena, [
    { seq: 1, data: "x" },
    { seq: 2, queue: 2, envelope: 2, data: "y" },
  ]);
  disk.store.commit(
    { ...transaction, envelopes: [...transaction.envelopes, { ...transaction.envelopes[0], id: 3 } as never] },
    1,
  );
  disk.store.commit({ ...NOTHING, removed: pairs([2, 2]) }, 2);
  const { queues, totals } = disk.store.recover("a");
  assert.deepEqual([queues.map(({ id }) => id), totals.length], [[1], 1]);
  assert.deepEqual(disk.rows("SELECT id FROM envelopes"), [[1]]);
  assert.equal(disk.value("SELECT count(*) FROM totals"), 1);
});

test("rows that are removed give their pages back", () => {
  using disk = new Disk(arena());
  disk.store.commit(
    adding(
      disk.arena,
      [1, 2, 3].map((seq) => ({ seq, data: noise(300_000, seq) })),
    ),
    1,
  );
  const pages = (): number => disk.db.pragma("page_count", { simple: true }) as number;
  const before = pages();
  const { room } = disk.store.commit({ ...NOTHING, removed: pairs([1, 1], [1, 2], [1, 3]) }, 2);
  assert.ok(pages() < before - 50, `${pages()} of ${before} pages are left`);
  assert.equal(disk.db.pragma("freelist_count", { simple: true }), 0);
  assert.ok(room.size > 0);
});

test("a full database takes new rows into the room of those that end in the same transaction", () => {
  using disk = new Disk(arena());
  const row = (seq: number) => ({ seq, data: noise(200_000, seq) });
  disk.store.commit(adding(disk.arena, [row(1), row(2)]), 1);
  disk.db.pragma(`max_page_count = ${Number(disk.db.pragma("page_count", { simple: true }))}`);
  assert.throws(() => disk.store.commit(adding(disk.arena, [row(3)]), 2), { code: "SQLITE_FULL" });
  disk.store.commit(adding(disk.arena, [row(3)], { removed: pairs([1, 1]) }), 2);
  assert.deepEqual(disk.rows("SELECT seq FROM heads"), [[2], [3]]);
  assert.equal(disk.value("SELECT chunks FROM envelopes"), 2);
});

test("a clean end leaves one file without free pages", (t) => {
  const directory = temporary(t);
  {
    using disk = new Disk(arena(), directory);
    disk.store.commit(
      adding(
        disk.arena,
        [1, 2].map((seq) => ({ seq, data: noise(300_000, seq) })),
      ),
      1,
    );
    disk.store.commit(adding(disk.arena, [{ seq: 3, data: "x" }], { removed: pairs([1, 1], [1, 2]) }), 2);
  }
  using disk = new Disk(arena(), directory);
  assert.equal(disk.db.pragma("freelist_count", { simple: true }), 0);
  assert.ok(disk.store.survey().room.size < 400_000);
});

test("of a forgotten source stays by what its file is recognised, as long as something of it is missing", () => {
  using disk = new Disk(new Arena(65_536));
  const sources = [1, 2, 3].map((num) => source(num));
  const [lossy, refused] = sources.map(({ id }) => id) as [string, string];
  disk.store.commit({ ...NOTHING, sources, losses: [loss(lossy, 0, 10)] }, 1);
  disk.db
    .prepare("INSERT INTO dead_letters VALUES (1, 1, 'in', ?, '/x', 0, 3, 'i', 400, 't', 'r', NULL, 0, NULL)")
    .run(refused);
  disk.store.commit({ ...NOTHING, forgotten: [1, 2, 3] }, 2);
  const kept = "SELECT id, path, inode, birth_ns, head_length, head_hash FROM lost_sources ORDER BY id";
  const is = ["/x.log", "2", "3", 4, 5];
  assert.deepEqual(disk.rows(kept), [
    [lossy, ...is],
    [refused, ...is],
  ]);
  disk.db.exec("DELETE FROM dead_letters");
  disk.store.recover("machine");
  assert.deepEqual(disk.rows(kept), [[lossy, ...is]]);
});

test("a source that is forgotten with its last loss is kept with it", () => {
  using disk = new Disk(new Arena(65_536));
  const [one] = [source(1)];
  disk.store.commit({ ...NOTHING, sources: [one] }, 1);
  disk.store.commit({ ...NOTHING, forgotten: [1], losses: [loss(one.id, 0, 10)] }, 2);
  assert.deepEqual(disk.rows("SELECT id FROM lost_sources"), [[one.id]]);
});
