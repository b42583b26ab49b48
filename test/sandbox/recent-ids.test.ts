import assert from "node:assert/strict";
import { test } from "node:test";
import { RecentIds, seedOf } from "../../src/sandbox/recent-ids.ts";

function add(ids: RecentIds, id: string, index = "a"): boolean {
  const bytes = Buffer.from(`xx${id}yy`);
  return ids.add(bytes, 2, 2 + id.length, seedOf(index));
}

test("an id is new once, in each index", () => {
  const ids = new RecentIds();
  assert.equal(add(ids, "s-1"), true);
  assert.equal(add(ids, "s-1"), false);
  assert.equal(add(ids, "s-2"), true);
  assert.equal(add(ids, "s-1", "b"), true);
  assert.equal(add(ids, "s-1", "b"), false);
});

test("the last quarter of a million are known, however many came before, and none is mistaken for another", () => {
  const ids = new RecentIds();
  const total = 700_000;
  let repeats = 0;
  for (let i = 0; i < total; i++) if (!add(ids, `0123456789abcdef01234567-${i * 216}`)) repeats++;
  assert.equal(repeats, 0);
  for (let i = total - 262_144; i < total; i += 97)
    assert.equal(add(ids, `0123456789abcdef01234567-${i * 216}`), false);
});
