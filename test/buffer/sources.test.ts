import assert from "node:assert/strict";
import { test } from "node:test";
import { takeLease } from "../../src/buffer/lease.ts";
import { answeredFor, identifySource, noticeGone, openSource } from "../../src/buffer/sources.ts";
import { settleRun } from "../../src/buffer/state.ts";
import { type Writing, committed } from "../../src/buffer/writer.ts";
import { DELIVERED } from "../../src/core/fate.ts";
import { NO_MARK } from "../../src/core/source.ts";
import { Held } from "./held.ts";

test("below the size that a known file has, bytes may have been sent before; a new file's were not", () => {
  const held = new Held();
  const identity = { path: "/n", device: "", inode: "n", birthNs: "", headLength: 0, headHash: 0 };
  const known = { input: "in", identity, origin: 0, checkpoint: 0, mark: NO_MARK };
  openSource(held.state, { id: "known", ...known }, 3, true);
  openSource(held.state, { id: "new", ...known }, 3, false);
  const maybes = ["known", "known", "new"].map((source) => held.add("1\n", { source }).maybe);
  assert.deepEqual(maybes, [true, true, false], "2 to 4 begins below 3");
  assert.equal(held.add("1\n", { source: "known" }).maybe, false);
  assert.deepEqual(
    [...held.state.nascent].map(({ id }) => id),
    ["new"],
    "its id must become durable",
  );
  const full = held.commit()?.transaction.full;
  assert.deepEqual([full, held.state.nascent.size], [true, 0]);
});

test("nothing is sent under an id by which any content would be taken for what was sent", () => {
  const held = new Held();
  const source = held.source();
  const { identity } = source;
  identifySource(held.state, source, { ...identity, headLength: 2, headHash: 7 });
  held.add("1\n");
  const leased = (): boolean => takeLease(held.state, { records: 10, bytes: 1000, body: 0 }) !== undefined;
  assert.ok(!leased(), "its head is not durable");
  const writing = held.compose() as Writing;
  assert.ok(writing.transaction.full);
  identifySource(held.state, source, { ...identity, headLength: 4, headHash: 8 });
  committed(held.state, writing, { stored: [], size: 0 });
  assert.deepEqual([leased(), source.changed], [true, true], "a longer one is not waited for");
});

test("a commit that began before its head was known does not make a source durable", () => {
  const held = new Held();
  const identity = { path: "/n", device: "", inode: "n", birthNs: "", headLength: 0, headHash: 0 };
  openSource(held.state, { id: "n", input: "in", identity, origin: 0, checkpoint: 0, mark: NO_MARK }, 3, false);
  const source = held.source("n");
  const writing = held.compose() as Writing;
  identifySource(held.state, source, { ...identity, headLength: 2, headHash: 7 });
  committed(held.state, writing, { stored: [], size: 0 });
  assert.deepEqual([source.durable, held.state.nascent.size], [false, 1]);
  held.commit();
  assert.deepEqual([source.durable, held.state.nascent.size], [true, 0]);
});

test("a file is let go when all of it has its fate or a row, and no power cut can take the row back", () => {
  const held = new Held();
  held.add("1\n");
  assert.ok(!answeredFor(held.state, held.source()));
  held.spill();
  assert.ok(answeredFor(held.state, held.source()), "it can still be read again");
  noticeGone(held.state, held.source());
  assert.ok(!answeredFor(held.state, held.source()), "its row was written without a sync");
  assert.ok(held.commit()?.transaction.full);
  assert.ok(answeredFor(held.state, held.source()));
});

test("the buffer answers for what cannot be read again when it is a synced row, or has its fate", async () => {
  const held = new Held();
  held.add("1\n");
  await Promise.resolve();
  assert.deepEqual(held.answers, [1], "at once while it can be read again");
  noticeGone(held.state, held.source());
  held.add("2\n");
  const third = held.add("3\n");
  await Promise.resolve();
  assert.deepEqual(held.answers, [1]);
  settleRun(held.state, third, 0, 1, DELIVERED);
  await Promise.resolve();
  assert.deepEqual(held.answers, [1, 3]);
  assert.ok(held.commit()?.transaction.full);
  await Promise.resolve();
  assert.deepEqual(held.answers, [1, 3, 2]);
});
