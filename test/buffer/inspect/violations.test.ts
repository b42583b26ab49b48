import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockCheck, type RowFacts, RowCheck, SumCheck, checkInput } from "../../../src/buffer/inspect/violations.ts";
import { emptyAccount } from "../../../src/buffer/ledger/ledger.ts";
import type { StoredSource } from "../../../src/buffer/spool/spool.ts";
import { source } from "../spool/rows.ts";

const stored = (more: Partial<StoredSource> = {}): StoredSource => ({ ...source(1, "in", 100), chunks: 1, ...more });
const row = (more: Partial<RowFacts> = {}): RowFacts => ({
  ...{ queue: 1, seq: 1, source: 1, envelope: 1, block: 1, start: 0, end: 10, records: 1, bytes: 10, readAtMs: 1 },
  ...more,
});
const said = (rows: readonly RowFacts[], sources = [stored()]): string[] => {
  const check = new RowCheck(sources, new Map([[1, "in"]]));
  for (const one of rows) check.add(one);
  return check.violations().map(({ rule, message }) => `${rule}: ${message}`);
};

test("what was read is what has a fate or a row, and what lies before the checkpoints", () => {
  const account = { ...emptyAccount(), read: { records: 1, bytes: 9 } };
  const books = { input: "in", account, retired: 9, buffered: { records: 1, bytes: 9 } };
  assert.deepEqual(checkInput(books, []), []);
  const [records] = checkInput({ ...books, buffered: { records: 3, bytes: 9 } }, []);
  assert.equal(records?.message, "1 records were read, 3 have a fate or a row: -2 are unaccounted for");
  const [bytes] = checkInput({ ...books, retired: 1 }, [stored({ checkpoint: 5 }), stored({ input: "other" })]);
  assert.equal(bytes?.message, "9 bytes were read, the checkpoints of its sources stand for 6");
});

test("a row lies between its source's origin and its checkpoint, and behind the one before it in its queue", () => {
  assert.deepEqual(said([row(), row({ seq: 2, start: 10, end: 100 })]), []);
  assert.match(
    said([row({ end: 101 })])[0] ?? "",
    /^row-span: row 1 of \/x\.log holds bytes 0 to 101, .* from 0 to 100$/,
  );
  assert.match(said([row({ start: 10, end: 9 })])[0] ?? "", /^row-span/);
  assert.match(said([row({ start: 0 })], [stored({ origin: 1 })])[0] ?? "", /^row-span/);
  assert.deepEqual(said([row(), row({ seq: 2, start: 9, end: 20 })]), [
    "row-overlap: row 2 of /x.log holds bytes 9 to 20, an earlier row reaches to 10",
  ]);
  assert.deepEqual(said([row(), row({ queue: 2, seq: 2 })]), [], "each queue has its own order");
});

test("a row without its source or its envelope belongs to whoever is known", () => {
  const check = new RowCheck([], new Map([[1, "in"]]));
  assert.equal(check.add(row()), "in");
  assert.equal(check.add(row({ envelope: 2 })), "unknown");
  assert.deepEqual(said([row({ envelope: 2 })]), ["row-orphan: row 1 refers to envelope 2, which is not there"]);
});

test("a fault is said once per source, with how often", () => {
  assert.deepEqual(said([1, 2, 3].map((seq) => row({ seq, source: 7 }))), [
    "row-orphan: row 1 refers to source 7, which is not there; and 2 more of this source",
  ]);
});

test("sums that are kept beside the rows are what the rows add up to", () => {
  const total = { queue: 1, input: "in", chunks: 1, records: 1, bytes: 10, stored: 200 };
  const said = (
    change: { readonly totals?: Partial<typeof total>; readonly chunks?: number; readonly live?: number } = {},
    rows = [row()],
  ): string[] => {
    const sums = new SumCheck(new BlockCheck(1, [[1, change.live ?? 1]]));
    for (const one of rows) sums.add(one, "in");
    const sources = [stored({ chunks: change.chunks ?? 1 })];
    return sums.violations([{ ...total, ...change.totals }], sources).map(({ message }) => message);
  };
  assert.deepEqual(said(), []);
  assert.deepEqual(said({ totals: { records: 2 } }), ["queue 1 is said to hold 2 records, its rows have 1"]);
  assert.deepEqual(said({ totals: { bytes: 9 } }), ["queue 1 is said to hold 9 bytes, its rows have 10"]);
  assert.deepEqual(said({ chunks: 2 }), ["/x.log is said to have 2 rows, and has 1"]);
  const blocks = "1 blocks do not have as many rows as they say, or are not there";
  assert.deepEqual(said({ live: 2 }), [blocks]);
  assert.deepEqual(said({}, [row({ block: 5 })]), [blocks.replace("1", "2")]);
  assert.equal(said({}, []).length, 5);
});

test("blocks are found whatever their ids are, and what they state is compared with each row once", () => {
  const stated = [
    [-4, 1],
    [2, 2],
    [9, 1],
  ] as const;
  const wrong = (...rows: readonly number[]): number => {
    const check = new BlockCheck(stated.length, stated);
    for (const block of rows) check.add(block);
    return check.wrong();
  };
  assert.equal(wrong(-4, 2, 9, 2), 0);
  assert.equal(wrong(-4, 2, 9), 1);
  assert.equal(wrong(-4, 2, 2, 2, 9), 1);
  assert.equal(wrong(-4, 2, 2, 9, 5, 5, 10), 2);
});
