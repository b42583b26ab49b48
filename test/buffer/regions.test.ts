import assert from "node:assert/strict";
import { test } from "node:test";
import { pinRegions, releaseRegions, sizeOf, unpinRegions } from "../../src/buffer/regions.ts";
import { Held } from "./held.ts";

test("regions are pinned, unpinned and released together, those that are there", () => {
  using held = new Held();
  const plain = held.add("1\n2\n");
  const full = held.add("1\n2\n", { table: true, actions: "xy" });
  assert.equal(plain.memory, plain.region?.size);
  assert.deepEqual([sizeOf(plain), sizeOf(full)], [plain.memory, full.memory], "what loading it will take");
  assert.equal(full.memory, 3 * 32 + full.length + 2 * 24 + 2 + padding(full.length, 48, 2));
  for (const chunk of [plain, full]) {
    pinRegions(held.arena, chunk);
    assert.throws(() => releaseRegions(held.arena, chunk), /pinned/);
    unpinRegions(held.arena, chunk);
    releaseRegions(held.arena, chunk);
    assert.deepEqual([chunk.memory, chunk.isLoaded], [0, false]);
  }
  assert.equal(held.arena.count, 0);
});

/** Bytes that alignment adds to regions of these lengths. */
function padding(...lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + ((16 - ((length + 32) % 16)) % 16), 0);
}
