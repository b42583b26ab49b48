import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chunk } from "../../../src/buffer/chunk.ts";
import { settleEach, settleRun } from "../../../src/buffer/settle.ts";
import { identifySource, noticeGone } from "../../../src/buffer/sources/sources.ts";
import { HEAD, headAt, headCount } from "../../../src/buffer/spool/rows/heads.ts";
import type { Writing } from "../../../src/buffer/commit/writer.ts";
import { DELIVERED, OPEN, SAMPLED } from "../../../src/core/fate.ts";
import { Held, seqs } from "../held.ts";
import { Spilling } from "../spilling.ts";

test("the checkpoint is where the first open chunk without a row begins, else the read position", () => {
  using held = new Held();
  const [first, second, third] = ["1\n", "22\n", "333\n"].map((text) => held.add(text)) as [Chunk, Chunk, Chunk];
  const checkpoint = (): unknown => (held.commit(), held.source().checkpoint);
  settleRun(held.state, second, 0, 1, DELIVERED);
  assert.equal(checkpoint(), 0);
  settleRun(held.state, first, 0, 1, DELIVERED);
  assert.equal(checkpoint(), 5);
  settleRun(held.state, third, 0, 1, DELIVERED);
  assert.equal(checkpoint(), 9);
  assert.deepEqual(held.source().mark, { length: 1, hash: 9 }, "with the mark of the bytes before it");
  assert.deepEqual(held.disk.rows("SELECT checkpoint, mark_hash FROM sources"), [[9, 9]]);
});

test("rows lie before the checkpoint, memory behind it, in every mode", () => {
  using held = new Spilling({ quotas: { sliceRows: 1 } });
  for (const text of ["1\n", "22\n", "333\n"]) held.add(text);
  held.commit();
  assert.equal(held.source().checkpoint, 2);
  held.sound();
  held.commit();
  held.commit();
  assert.equal(held.source().checkpoint, 9);
  held.sound();
});

test("what is settled between chunks that become rows is passed with them", () => {
  using held = new Spilling();
  const [, between] = [held.add("1\n"), held.add("22\n", { counted: new Map([[SAMPLED, { records: 1, bytes: 5 }]]) })];
  held.add("333\n");
  settleRun(held.state, between, 0, 1, DELIVERED);
  const writing = held.commit();
  assert.deepEqual([seqs(writing?.added), held.source().checkpoint, held.state.fresh.size], [[1, 3], 14, 0]);
  assert.deepEqual(held.disk.rows("SELECT fate, records FROM ledger ORDER BY fate"), [
    ["delivered", 1],
    ["read", 4],
    ["sampled", 1],
  ]);
  held.sound();
});

test("a row brings what was read and counted out, and its other fates when it goes", () => {
  using held = new Spilling();
  const chunk = held.add("1\n22\n", { counted: new Map([[SAMPLED, { records: 1, bytes: 5 }]]) });
  settleEach(held.state, chunk, Uint8Array.of(DELIVERED, OPEN));
  held.commit();
  const ledger = (): unknown => held.disk.rows("SELECT fate, records FROM ledger ORDER BY fate");
  assert.deepEqual(ledger(), [
    ["read", 3],
    ["sampled", 1],
  ]);
  held.sound();
  settleEach(held.state, chunk, Uint8Array.of(OPEN, DELIVERED));
  held.commit();
  assert.deepEqual(ledger(), [
    ["delivered", 2],
    ["read", 3],
    ["sampled", 1],
  ]);
  held.sound();
});

test("rows of a transaction are grouped by queue and input, as blocks are", () => {
  using held = new Spilling();
  held.spilling("j");
  held.source("b");
  for (const [source, target] of ["a i", "b j", "b i", "a i"].map((both) => both.split(" ") as [string, string])) {
    held.add("1\n", { source, target });
  }
  const { transaction } = held.commit() as Writing;
  assert.deepEqual(transaction.groups, [
    { queue: 1, input: "a", rows: 2 },
    { queue: 1, input: "b", rows: 1 },
    { queue: 2, input: "b", rows: 1 },
  ]);
  const heads = Array.from({ length: headCount(transaction.rows) }, (_, i) => headAt(transaction.rows, i));
  assert.deepEqual(
    heads.map((h) => h[HEAD.seq]),
    [1, 4, 3, 2],
  );
  assert.deepEqual(
    transaction.queues.map(({ target }) => target),
    ["i", "j"],
  );
  assert.deepEqual(
    transaction.envelopes.map(({ input }) => input),
    ["a", "b"],
  );
  held.add("5\n");
  const queues = (held.commit() as Writing).transaction.queues.map(({ id }) => id);
  assert.deepEqual(
    queues,
    [1],
    "each time: a start forgets those without rows, also the one of a thread that is replaced",
  );
});

test("a head says where a chunk belongs and where its bytes are", () => {
  using held = new Spilling();
  const chunk = held.add("one\ntwo\n", { table: true, actions: "xy" });
  chunk.possiblyStored = true;
  const { transaction } = held.commit() as Writing;
  const h = headAt(transaction.rows, 0);
  const column = (name: keyof typeof HEAD): number => h[HEAD[name]] as number;
  for (const name of [
    "seq",
    "start",
    "end",
    "records",
    "bytes",
    "readAtMs",
    "agedMs",
    "length",
    "tableLength",
  ] as const) {
    assert.equal(column(name), chunk[name], name);
  }
  assert.deepEqual([column("queue"), column("source"), column("envelope"), column("possiblyStored")], [1, 1, 1, 1]);
  assert.deepEqual([column("actionsLength"), column("data")], [2, chunk.region?.ptr]);
  assert.deepEqual([column("table"), column("actions")], [chunk.table?.ptr, chunk.actions?.ptr]);
});

test("durable through a power cut is what new ids, what cannot be read again and what was noticed gone stand in", () => {
  using held = new Spilling();
  const full = (): boolean | undefined => held.commit()?.transaction.full;
  held.add("1\n");
  assert.equal(full(), false);
  held.open("b");
  assert.equal(full(), true);
  held.add("2\n", { ended: "cut" });
  assert.equal(full(), true);
  noticeGone(held.state, held.source());
  assert.equal(full(), true, "its rows were written without a sync");
  held.add("3\n");
  assert.equal(full(), true);
  held.state.newStarts.push({ input: "x", atMs: 1 });
  assert.equal(full(), true);
  identifySource(held.state, held.source("b"), { ...held.source("b").identity, path: "/renamed" });
  assert.equal(full(), false);
  assert.equal(held.commit(), undefined, "nothing is due");
});

test("a transaction says how numbers and clocks stand", () => {
  using held = new Spilling();
  held.add("1\n");
  held.clock.advance(500);
  held.state.fitted = { default: 5 };
  const { meta } = (held.commit() as Writing).transaction;
  assert.deepEqual(meta, { nextSeq: 2, age: held.state.age.stamp(), limits: { default: 5 } });
});

test("of thousands of renamed files each transaction writes some", () => {
  using held = new Held();
  for (let i = 0; i < 3000; i++) held.open(`s${i}`);
  while (held.commit());
  const sizes: number[] = [];
  for (const source of held.state.sources.values())
    identifySource(held.state, source, { ...source.identity, path: "/x" });
  for (let writing = held.commit(); writing; writing = held.commit()) sizes.push(writing.sources.length);
  assert.deepEqual(sizes, [2000, 1000]);
});

test("thousands of files that are gone at once need a sync, not a row each", () => {
  using held = new Held();
  for (let i = 0; i < 3000; i++) held.open(`s${i}`);
  while (held.commit());
  for (const source of held.state.sources.values()) noticeGone(held.state, source);
  const { transaction } = held.commit() as Writing;
  assert.deepEqual([transaction.full, transaction.sources, transaction.moves.length], [true, [], 0]);
  assert.deepEqual([held.state.urgent.size, held.compose()], [0, undefined]);
});

test("of thousands of sources that are forgotten at once each transaction removes some", () => {
  using held = new Held();
  for (let i = 0; i < 5000; i++) held.open(`s${i}`);
  while (held.commit());
  for (const source of held.state.sources.values()) {
    source.retired = true;
    held.state.changed.add(source);
  }
  const sizes: number[] = [];
  for (let writing = held.commit(); writing; writing = held.commit()) sizes.push(writing.forgotten.length);
  assert.deepEqual(sizes, [4000, 1000]);
  assert.deepEqual([held.state.sources.size, held.disk.value("SELECT count(*) FROM sources")], [0, 0]);
});

test("a known file that only goes on costs four numbers", () => {
  using held = new Held();
  settleRun(held.state, held.add("1\n"), 0, 1, DELIVERED);
  held.commit();
  settleRun(held.state, held.add("22\n"), 0, 1, DELIVERED);
  const { transaction } = held.commit() as Writing;
  assert.deepEqual([transaction.sources, [...transaction.moves]], [[], [1, 5, 1, 5]]);
  assert.deepEqual(held.disk.rows("SELECT checkpoint, mark_length, mark_hash FROM sources"), [[5, 1, 5]]);
});

test("a transaction that fails never was: everything is due again, and nothing of it twice", () => {
  using held = new Spilling();
  const retired = held.source("c");
  held.source("b");
  const chunk = held.add("1\n");
  const gone = held.add("2\n");
  held.add("", { counted: new Map([[SAMPLED, { records: 1, bytes: 9 }]]), source: "b" });
  retired.retired = true;
  held.state.changed.add(retired);
  const writing = held.compose() as Writing;
  assert.deepEqual([chunk.row, chunk.region?.pins, writing.forgotten.length], ["writing", 1, 1]);
  settleRun(held.state, gone, 0, 1, DELIVERED);
  held.fail(writing);
  assert.deepEqual([chunk.row, chunk.region?.pins, gone.region], ["no", 0, undefined]);
  const again = held.commit() as Writing;
  assert.deepEqual([seqs(again.added), again.forgotten.length], [[1], 1]);
  assert.deepEqual(held.disk.rows("SELECT input, fate, records FROM ledger WHERE records > 0 ORDER BY input, fate"), [
    ["a", "delivered", 1],
    ["a", "read", 2],
    ["b", "read", 1],
    ["b", "sampled", 1],
  ]);
  held.sound();
});

test("what is settled while a transaction is under way that then fails is in the next", () => {
  using held = new Held();
  held.source("b");
  const first = held.add("1\n");
  settleRun(held.state, first, 0, 1, DELIVERED);
  const writing = held.compose() as Writing;
  settleRun(held.state, held.add("2\n", { source: "b" }), 0, 1, DELIVERED);
  held.fail(writing);
  held.commit();
  assert.deepEqual(held.disk.rows("SELECT input, records FROM ledger WHERE fate = 'delivered' ORDER BY input"), [
    ["a", 1],
    ["b", 1],
  ]);
});

test("while the disk fails nothing is composed but a probe, which tries even with nothing", () => {
  using held = new Spilling();
  held.state.disk = "failed";
  const probe = held.compose();
  assert.deepEqual([probe?.added, probe?.transaction.sources], [[], []]);
});

test("so many rows are removed at once", () => {
  using held = new Spilling({ quotas: { sliceRows: 10_000 } });
  const chunks = Array.from({ length: 5000 }, () => held.add("1\n"));
  held.commit();
  for (const chunk of chunks) settleRun(held.state, chunk, 0, 1, DELIVERED);
  assert.equal(held.commit()?.removed.length, 4000);
  assert.equal(held.commit()?.removed.length, 1000);
  held.sound();
});
