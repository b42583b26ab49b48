import assert from "node:assert/strict";
import { test } from "node:test";
import { newSourceId } from "../../src/core/source.ts";

test("a source id is 24 hex digits and never the same twice", () => {
  const ids = new Set(Array.from({ length: 1000 }, newSourceId));
  assert.equal(ids.size, 1000);
  for (const id of ids) assert.match(id, /^[0-9a-f]{24}$/);
});
