import assert from "node:assert/strict";
import { test } from "node:test";
import { envelopeOf } from "../../src/buffer/envelopes.ts";
import { emptyAccount } from "../../src/buffer/ledger.ts";
import { restore, shareOf } from "../../src/buffer/restore.ts";
import { openSource } from "../../src/buffer/sources.ts";
import type { Recovered, StoredRow } from "../../src/buffer/spool.ts";
import { NO_MARK } from "../../src/core/source.ts";
import { Held } from "./held.ts";

const identity = { path: "/a", device: "", inode: "1", birthNs: "", headLength: 0, headHash: 0 };
const known = { id: "a", input: "in", identity, origin: 0, checkpoint: 20, mark: NO_MARK };
const envelope = { id: 7, input: "in", path: "/a", host: "h", fields: { k: 1 }, index: "i", policy: "old" };
const row = (seq: number, start: number, end: number): StoredRow => ({
  ...{ seq, source: "a", envelope: 7, start, end, records: 1, bytes: end - start, readAtMs: 5, markBefore: NO_MARK },
  ...{ length: end - start, tableLength: 0, stored: 200 },
});
const found: Recovered = {
  sources: [known],
  rows: [row(3, 0, 10), row(5, 10, 20)],
  envelopes: [envelope],
  ledger: [{ input: "in", account: emptyAccount(), retired: 0 }],
  starts: [],
  nextSeq: 9,
  size: 0,
};

test("rows come back as open chunks in their order, not loaded, perhaps sent before", () => {
  const { state } = new Held();
  restore(state, found);
  assert.equal(state.mode, "spill");
  assert.deepEqual(
    [...state.unloaded].map(({ seq, maybe, row: is }) => [seq, maybe, is]),
    [
      [3, true, "yes"],
      [5, true, "yes"],
    ],
  );
  assert.deepEqual([state.open, state.rowBytes, state.nextSeq, state.nextEnvelope, state.pool], [2, 400, 9, 8, 0]);
  const { id: _, ...facts } = envelope;
  assert.equal(envelopeOf(state, { ...facts, fields: { k: 1 } }), envelope, "the same facts give the same envelope");
  const share = shareOf(state, "old");
  assert.deepEqual([share.disk, share.memory, share.ratio], [400, 0, 0], "a ladder of old has no part of the budget");
});

test("a source with rows is there before its file is found, and keeps them when it is", () => {
  const { state } = new Held();
  restore(state, found);
  const source = state.sources.get("a");
  assert.ok(source?.durable && source.rereadLimit === Number.MAX_SAFE_INTEGER && source.unloaded.size === 2);
  const renamed = { ...identity, path: "/a.1" };
  openSource(state, { ...known, identity: renamed }, 25, true);
  assert.equal(state.sources.get("a"), source);
  assert.deepEqual([source.rereadLimit, source.changed, source.identity], [25, true, renamed]);
});

test("without rows the buffer starts in memory", () => {
  const { state } = new Held();
  restore(state, { ...found, rows: [], envelopes: [] });
  assert.deepEqual([state.mode, state.nextSeq, state.sources.size], ["memory", 9, 0]);
});

test("a row without its envelope is a fault that is said", () => {
  assert.throws(() => restore(new Held().state, { ...found, envelopes: [] }), /row 3 without its envelope/);
});
