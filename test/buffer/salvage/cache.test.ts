import assert from "node:assert/strict";
import { test } from "node:test";
import { Cache } from "../../../src/buffer/salvage/cache.ts";

test("what was found, or not found, is looked up once, until it is forgotten or there is too much", () => {
  let lookups = 0;
  const cache = new Cache<number>((id) => {
    lookups++;
    return id < 0 ? undefined : id;
  });
  assert.deepEqual(
    [cache.get(1), cache.get(1), cache.get(-1), cache.get(-1), lookups],
    [1, 1, undefined, undefined, 2],
  );
  cache.forget(1);
  assert.deepEqual([cache.get(1), lookups], [1, 3]);
  for (let id = 0; id < 10_000; id++) cache.get(id);
  const before = lookups;
  cache.get(2);
  assert.equal(lookups, before + 1, "it was dropped, so memory is bounded");
});
