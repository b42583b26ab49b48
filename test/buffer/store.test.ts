// What a transaction writes, on a real database in this thread.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { type Database, openForWriting } from "../../src/buffer/database.ts";
import { emptyAccount } from "../../src/buffer/ledger.ts";
import type { DeadLetter, Loss, NewRow, Transaction } from "../../src/buffer/spool.ts";
import { Store } from "../../src/buffer/store.ts";
import { Arena } from "../../src/core/arena.ts";
import { type Count, DROPPED_OLDEST, SAMPLED } from "../../src/core/fate.ts";
import { NO_MARK, newSourceId } from "../../src/core/source.ts";

const ROW_BYTES = 256 * 1024;
const EMPTY: Transaction = {
  full: false,
  sources: [],
  forgotten: [],
  envelopes: [],
  rows: [],
  removed: [],
  ledger: [],
  losses: [],
  letters: [],
  starts: [],
};

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

interface Opened {
  readonly store: Store;
  readonly db: Database;
  readonly arena: Arena;
}

function open(directory = temporary(), letters = 1 << 20): Opened {
  const { db, lock } = openForWriting(directory);
  const arena = new Arena(1 << 20);
  const store = new Store(db, directory, arena.bytes, { letters });
  cleanups.push(() => {
    store.close();
    lock.close();
  });
  return { store, db, arena };
}

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), "spillway-store-"));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  return directory;
}

function closeAll(): void {
  for (const cleanup of cleanups.splice(1).reverse()) cleanup();
}

test("a row comes back as it was, whether it compresses or not, with its table", () => {
  const { store, arena } = open();
  store.recover("a");
  const noise = row(1, arena);
  const text = arena.alloc(3000);
  const table = arena.alloc(48);
  assert.ok(text && table);
  arena.view(text).fill("the same line\n");
  arena.view(table).fill(7);
  const plain = { ...noise, seq: 2, length: 3000, region: text, table, tableLength: 48 };
  const { stored } = store.commit({ ...EMPTY, envelopes: [envelope], rows: [noise, plain] });
  assert.ok((stored[0] as number) >= ROW_BYTES && (stored[1] as number) < 1000);
  for (const { seq, region, table: own } of [noise, plain]) {
    const before = Buffer.from(arena.view(region));
    const ownBefore = own && Buffer.from(arena.view(own));
    arena.view(region).fill(0);
    if (own) arena.view(own).fill(0);
    assert.equal(store.load(seq, region, own), "loaded");
    assert.deepEqual(arena.view(region), before);
    if (own) assert.deepEqual(arena.view(own), ownBefore);
  }
  assert.deepEqual(
    store.recover("a").rows.map((r) => r.stored),
    stored,
  );
});

test("a row with one flipped bit, or none at all, is corrupt and nothing is loaded", () => {
  const { store, db, arena } = open();
  const one = row(1, arena);
  store.commit({ ...EMPTY, envelopes: [envelope], rows: [one] });
  const data = db.prepare("SELECT data FROM chunks").pluck().get() as Buffer;
  data[1000] = (data[1000] as number) ^ 1;
  db.prepare("UPDATE chunks SET data = ?").run(data);
  arena.view(one.region).fill(0);
  assert.equal(store.load(1, one.region, undefined), "corrupt");
  assert.equal(store.load(2, one.region, undefined), "corrupt");
  assert.ok(arena.view(one.region).every((byte) => byte === 0));
});

test("a failed transaction leaves nothing of itself", () => {
  const { store, db, arena } = open();
  const bad = { ...letter, reason: null as unknown as string };
  const tx = { ...EMPTY, envelopes: [envelope], rows: [row(1, arena)], sources: [known], letters: [bad] };
  assert.throws(() => store.commit(tx), /NOT NULL/);
  assert.deepEqual([store.recover("a").rows, store.recover("a").sources], [[], []]);
  assert.ok(!db.inTransaction);
  store.commit({ ...tx, letters: [letter] });
  assert.equal(store.recover("a").rows.length, 1);
});

test("adjacent losses of one kind are one range; another kind, or a gap, is another", () => {
  const { store, db } = open();
  const loss = (start: number, end: number, more: Partial<Loss> = {}): Loss => ({
    ...{ atMs: 1, input: "in", source, path: "/x.log", fate: DROPPED_OLDEST, keep: 0, hashVersion: 0 },
    ...{ start, end, records: 1, bytes: end - start, uncertain: false, ...more },
  });
  store.commit({ ...EMPTY, losses: [loss(0, 10), loss(10, 20), loss(20, 30, { uncertain: true })] });
  store.commit({ ...EMPTY, losses: [loss(30, 40, { uncertain: true }), loss(41, 50, { uncertain: true })] });
  const sampled = { fate: SAMPLED, hashVersion: 1 };
  store.commit({ ...EMPTY, losses: [loss(50, 60, { ...sampled, keep: 4 }), loss(60, 70, { ...sampled, keep: 8 })] });
  const ranges = db.prepare(`SELECT start, "end", records, bytes, uncertain, keep FROM losses ORDER BY id`).raw().all();
  assert.deepEqual(ranges, [
    [0, 20, 2, 20, 0, 0],
    [20, 40, 2, 20, 1, 0],
    [41, 50, 1, 9, 1, 0],
    [50, 60, 1, 10, 0, 4],
    [60, 70, 1, 10, 0, 8],
  ]);
});

test("dead letters stay within their budget: the oldest go", () => {
  const { store, db } = open(temporary(), 100_000);
  for (let i = 0; i < 400; i++) {
    store.commit({ ...EMPTY, letters: [{ ...letter, offset: i, body: Buffer.alloc(1000) }] });
  }
  const [count, first, last] = db
    .prepare("SELECT count(*), min(offset), max(offset) FROM dead_letters")
    .raw()
    .get() as number[];
  assert.equal(last, 399);
  assert.ok((count as number) < 250 && (count as number) > 0, `${count} letters are kept`);
  assert.equal(first, 400 - (count as number));
});

test("the ledger adds up over transactions and restarts", () => {
  const directory = temporary();
  const account = emptyAccount();
  account.read.records = 2;
  account.read.bytes = 20;
  (account.fates[SAMPLED] as Count).bytes = 5;
  const delta = { input: "in", account, retired: 3 };
  open(directory).store.commit({ ...EMPTY, ledger: [delta, { ...delta, input: "other" }] });
  closeAll();
  const { store } = open(directory);
  store.commit({ ...EMPTY, ledger: [delta] });
  const [found, other] = store.recover("a").ledger;
  assert.deepEqual(
    [found?.account.read, found?.account.fates[SAMPLED]?.bytes, found?.retired],
    [{ records: 4, bytes: 40 }, 10, 6],
  );
  assert.deepEqual(other?.account, account);
});

test("a copied directory gets new source ids, rows and all; the same machine keeps them", () => {
  const { store, arena } = open();
  store.recover("a");
  store.commit({ ...EMPTY, sources: [known], envelopes: [envelope], rows: [row(1, arena)] });
  assert.equal(store.recover("a").sources[0]?.id, source);
  const copied = store.recover("b");
  assert.notEqual(copied.sources[0]?.id, source);
  assert.equal(copied.rows[0]?.source, copied.sources[0]?.id);
  assert.deepEqual({ ...copied.sources[0], id: source }, known);
  assert.equal(store.recover("b").sources[0]?.id, copied.sources[0]?.id);
});

test("envelopes without rows go at the next start, and numbers of rows never come back while one is there", () => {
  const { store, arena } = open();
  store.commit({ ...EMPTY, envelopes: [envelope, { ...envelope, id: 2 }], rows: [row(5, arena)] });
  const { envelopes, nextSeq } = store.recover("a");
  assert.deepEqual([envelopes, nextSeq], [[envelope], 6]);
});

test("rows that are removed give their pages back", () => {
  const { store, db, arena } = open();
  store.recover("a");
  store.commit({ ...EMPTY, envelopes: [envelope], rows: [1, 2, 3].map((seq) => row(seq, arena)) });
  const pages = (): number => db.pragma("page_count", { simple: true }) as number;
  const before = pages();
  for (const seq of [1, 2, 3]) assert.equal(store.commit({ ...EMPTY, removed: [seq] }).stored.length, 0);
  assert.ok(pages() < before - 30, `${pages()} of ${before} pages are left`);
  assert.equal(db.pragma("freelist_count", { simple: true }), 0);
});

const envelope = { id: 1, input: "in", path: "/x.log", host: "h", fields: {}, index: "i", policy: "default" };
const source = newSourceId();
const identity = { path: "/x.log", device: "1", inode: "2", birthNs: "3", headLength: 4, headHash: 5 };
const known = { id: source, input: "in", identity, origin: 1, checkpoint: 9, mark: { length: 2, hash: 6 } };
const letter: DeadLetter = {
  ...{ atMs: 1, input: "in", source, path: "/x.log", offset: 0, bytes: 1, index: "i", status: 400, type: "t" },
  ...{ reason: "r", body: undefined },
};

/** Bytes that do not compress. */
function row(seq: number, arena: Arena): NewRow {
  const region = arena.alloc(ROW_BYTES);
  assert.ok(region);
  const bytes = arena.view(region);
  let state = seq;
  for (let i = 0; i < bytes.length; i++) bytes[i] = (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 24;
  const span = { start: (seq - 1) * ROW_BYTES, end: seq * ROW_BYTES, records: 1, bytes: ROW_BYTES };
  const place = { readAtMs: 1, markBefore: NO_MARK, length: ROW_BYTES, tableLength: 0, region, table: undefined };
  return { seq, source, envelope: 1, ...span, ...place };
}
