import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answeredFor,
  dropFirst,
  isForgettable,
  sourceRow,
  storedSource,
} from "../../../src/buffer/sources/source-state.ts";
import { identifySource, noticeFound, noticeGone, openSource } from "../../../src/buffer/sources/sources.ts";
import { settleRun } from "../../../src/buffer/settle.ts";
import { DELIVERED } from "../../../src/core/fate.ts";
import { NO_MARK } from "../../../src/core/source.ts";
import { Held, seqs } from "../held.ts";

const identity = { path: "/a", device: "1", inode: "2", birthNs: "3", headLength: 4, headHash: 5 };
const stored = { num: 7, id: "a", input: "a", identity, origin: 1, checkpoint: 9, mark: NO_MARK, chunks: 2 };

test("a source of an earlier process may have been sent to its end, and keeps its rows when its file is found", () => {
  using held = new Held();
  held.state.addSource(storedSource(stored));
  const source = held.state.sources.get("a");
  assert.ok(source);
  assert.equal(held.state.sourceByNum.get(7), source);
  assert.deepEqual([source.rows, source.durable, source.position], [2, true, 9]);
  assert.equal(source.rereadLimit, undefined);
  const renamed = { ...identity, path: "/a.1" };
  assert.equal(openSource(held.state, { ...stored, identity: renamed }, 25), source);
  assert.deepEqual([source.rereadLimit, source.identity, source.identityChanged], [25, renamed, true]);
  assert.equal(held.state.changed.has(source), true);
});

test("a known file that is as it was has nothing to be written", () => {
  using held = new Held();
  held.state.addSource(storedSource(stored));
  const source = held.state.sources.get("a");
  openSource(held.state, source as never, 9);
  assert.equal(held.state.changed.size, 0);
});

test("a new one gets a number and is not durable before a commit", () => {
  using held = new Held();
  const [one, two] = [held.open("a"), held.open("b")];
  assert.deepEqual([one.num, two.num, one.durable, one.rereadLimit], [1, 2, false, 0]);
  assert.ok(held.state.notYetDurable.has(one) && held.state.changed.has(one));
  assert.equal(held.commit()?.transaction.full, true);
  assert.deepEqual([one.durable, held.state.notYetDurable.size], [true, 0]);
});

test("the first fingerprint is waited for, a longer one is not", () => {
  using held = new Held();
  const source = held.source();
  identifySource(held.state, source, { ...source.identity, headLength: 2, headHash: 7 });
  assert.ok(!source.durable && held.state.notYetDurable.has(source));
  held.commit();
  identifySource(held.state, source, { ...source.identity, headLength: 4, headHash: 8 });
  assert.ok(source.durable && source.identityChanged);
  assert.equal(held.commit()?.transaction.full, false);
});

test("what is found again can be read again, and what was noticed gone is still covered by a full commit", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  const source = held.source();
  noticeGone(held.state, source);
  assert.equal(chunk.replayable, false);
  noticeFound(source);
  assert.deepEqual([chunk.replayable, source.needsSync], [true, true]);
  assert.equal(held.commit()?.transaction.full, true);
  assert.deepEqual([source.needsSync, held.state.urgent.has(source)], [false, false]);
});

test("a file is let go when all of it has its fate or a row, and no power cut can take the row back", () => {
  using held = new Held();
  held.add("1\n");
  const source = held.source();
  assert.ok(!answeredFor(source));
  held.spill();
  assert.ok(answeredFor(source), "it can still be read again");
  noticeGone(held.state, source);
  noticeGone(held.state, source);
  assert.ok(!answeredFor(source), "its row was written without a sync");
  assert.ok(held.state.urgent.has(source));
  assert.equal(held.commit()?.transaction.full, true);
  assert.ok(answeredFor(source));
  assert.equal(held.state.urgent.size, 0);
});

test("its state may be forgotten when nothing of it is held in any way", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  const source = held.source();
  source.retired = true;
  assert.ok(!isForgettable(source), "an open chunk");
  held.spill();
  assert.ok(!isForgettable(source), "a row");
  settleRun(held.state, chunk, 0, 1, DELIVERED);
  held.commit();
  assert.ok(isForgettable(source));
  source.retired = false;
  assert.ok(!isForgettable(source), "it may be read again");
  Object.assign(source, { retired: true, durable: false });
  assert.ok(!isForgettable(source), "its fingerprint is not written");
});

test("chunks without a row stand in the order of their spans, the first leaves first", () => {
  using held = new Held();
  const [first, second] = [held.add("1\n"), held.add("2\n")];
  const source = held.source();
  assert.deepEqual([source.first, source.last, first.next], [first, second, second]);
  dropFirst(source);
  assert.deepEqual([source.first, seqs([source.last as never]), first.next], [second, [2], undefined]);
  dropFirst(source);
  assert.deepEqual([source.first, source.last], [undefined, undefined]);
});

test("as a row it is what identifies it and how far it is read", () => {
  using held = new Held();
  const source = held.source();
  const { num, id, input, origin } = source;
  const mark = { length: 1, hash: 2 };
  assert.deepEqual(sourceRow(source, 5, mark), {
    num,
    id,
    input,
    identity: source.identity,
    origin,
    checkpoint: 5,
    mark,
  });
});
