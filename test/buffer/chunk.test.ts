import assert from "node:assert/strict";
import { test } from "node:test";
import { settleEach } from "../../src/buffer/settle.ts";
import { noticeGone } from "../../src/buffer/sources/sources.ts";
import { DELIVERED, OPEN } from "../../src/core/fate.ts";
import { Held } from "./held.ts";

test("a chunk that is being loaded is not in memory yet", () => {
  using held = new Held();
  const chunk = held.add("1\n");
  assert.ok(chunk.isLoaded);
  chunk.loading = true;
  assert.ok(!chunk.isLoaded && chunk.memory > 0);
});

test("it can be read again unless its file is gone, or time has ended it", () => {
  using held = new Held();
  const [chunk, cut] = [held.add("1\n"), held.add("2\n", { ended: "cut" })];
  assert.deepEqual([chunk.replayable, cut.replayable], [true, false]);
  noticeGone(held.state, held.source());
  assert.ok(!chunk.replayable);
});

test("it has a history from the first fate, or from the first request that may have stored some of it", () => {
  using held = new Held();
  const [settled, sent, read] = [held.add("1\n2\n"), held.add("1\n"), held.add("1\n")];
  read.possiblyStored = true;
  assert.ok(!settled.hasHistory && !sent.hasHistory && !read.hasHistory, "what a row says is none");
  settleEach(held.state, settled, Uint8Array.of(DELIVERED, OPEN));
  sent.mayBeStored();
  assert.ok(settled.hasHistory && sent.hasHistory && sent.possiblyStored);
});
