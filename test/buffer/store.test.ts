// What a transaction writes, on a real database in this thread.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { openForWriting } from "../../src/buffer/database.ts";
import type { NewRow, Transaction } from "../../src/buffer/spool.ts";
import { Store } from "../../src/buffer/store.ts";
import { Arena } from "../../src/core/arena.ts";
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
};

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

test("rows that are removed give their pages back", () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-store-"));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  const { db, lock } = openForWriting(directory);
  cleanups.push(() => lock.close());
  const arena = new Arena(1 << 20);
  const store = new Store(db, directory, arena.bytes, { letters: 1 << 20 });
  cleanups.push(() => store.close());
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
