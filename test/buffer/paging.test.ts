import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chunk } from "../../src/buffer/chunk.ts";
import { takeLease } from "../../src/buffer/lease.ts";
import { type PageIn, beginPageIn, endPageIn } from "../../src/buffer/paging.ts";
import { dropOpen } from "../../src/buffer/state.ts";
import { DROPPED_CORRUPT, DROPPED_OLDEST } from "../../src/core/fate.ts";
import { Held, QUOTAS } from "./held.ts";

function rows(held: Held, ...texts: string[]): Chunk[] {
  const chunks = texts.map((text) => held.add(text));
  held.spill();
  for (const chunk of chunks) held.pageOut(chunk);
  return chunks;
}
const begin = (held: Held): PageIn => {
  const page = beginPageIn(held.state);
  assert.ok(page);
  return page;
};

test("rows are loaded by rising number, also one that was listed later", () => {
  const held = new Held();
  const [first, second] = rows(held, "1\n", "2\n") as [Chunk, Chunk];
  const page = begin(held);
  assert.equal(page.chunk, first);
  endPageIn(held.state, page, "failed");
  assert.equal(held.state.reading, "failing");
  assert.equal(begin(held).chunk, first, "again, before the second");
  assert.equal(begin(held).chunk, second);
  assert.equal(beginPageIn(held.state), undefined);
});

test("a loaded row may be leased once it is there", () => {
  const held = new Held();
  const [row] = rows(held, "1\n") as [Chunk];
  held.add("2\n");
  const page = begin(held);
  const lease = (): number[] | undefined =>
    takeLease(held.state, { bytes: 1e6, records: 10, body: 1 })?.chunks.map(({ seq }) => seq);
  assert.equal(lease(), undefined, "it bars the younger one while it is loaded");
  endPageIn(held.state, page, "loaded");
  assert.deepEqual(lease(), [row.seq, row.seq + 1]);
});

test("a row that can never be read is lost by name, the others of its source go on", () => {
  const held = new Held();
  const [row] = rows(held, "1\n") as [Chunk];
  const younger = held.add("2\n");
  endPageIn(held.state, begin(held), "corrupt");
  assert.equal(row.open, 0);
  assert.deepEqual(held.state.ledger.of("a").fates[DROPPED_CORRUPT], { records: 1, bytes: 2 });
  assert.deepEqual([held.state.pool, row.region], [younger.region?.size, undefined]);
  assert.ok(takeLease(held.state, { bytes: 1e6, records: 10, body: 1 }));
  held.commit();
  assert.ok(!held.state.rows.has(row));
});

test("what is evicted while it is loaded keeps its region until the load has ended", () => {
  const held = new Held();
  const [row] = rows(held, "1\n") as [Chunk];
  const page = begin(held);
  dropOpen(held.state, row, DROPPED_OLDEST);
  assert.ok(!page.region.released);
  endPageIn(held.state, page, "loaded");
  assert.ok(page.region.released);
  assert.deepEqual([held.state.pool, held.state.ready.size, held.state.loading], [0, 0, 0]);
});

test("loaded rows leave the stage to the readers, but one row is always loaded", () => {
  const most = QUOTAS.pool - QUOTAS.stage;
  const held = new Held();
  rows(held, "x".repeat(most - 5000), "y".repeat(6000));
  begin(held);
  assert.equal(beginPageIn(held.state), undefined);
  const large = new Held({ quotas: { stage: QUOTAS.pool - 100 } });
  rows(large, "x".repeat(5000));
  begin(large);
});

test("where a region cannot be had nothing is changed", () => {
  const held = new Held();
  rows(held, "1\n");
  held.arena.alloc(held.arena.free - 64);
  held.arena.alloc(8);
  const { pool } = held.state;
  assert.equal(beginPageIn(held.state), undefined);
  assert.deepEqual([held.state.pool, held.state.unloaded.size, held.state.loading], [pool, 1, 0]);
});
