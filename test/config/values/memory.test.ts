import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultMemory, memoryConflict } from "../../../src/config/values/memory.ts";

const MIB = 2 ** 20;

test("the default is what the limit leaves beside 130 MiB, from 8 to 64 MiB", () => {
  assert.equal(defaultMemory(undefined), 64 * MIB);
  assert.equal(defaultMemory(200_000_000), 200_000_000 - 130 * MIB);
  assert.equal(defaultMemory(0), 8 * MIB);
  assert.equal(defaultMemory(2 ** 40), 64 * MIB);
});

test("a conflict says both figures, and what to do about either", () => {
  assert.equal(memoryConflict(64 * MIB, undefined), undefined);
  assert.equal(memoryConflict(64 * MIB, 194 * MIB), undefined);
  const { message, help } = memoryConflict(64 * MIB, 194 * MIB - 1) ?? assert.fail();
  assert.match(message, /^`buffer.memory` is 64MiB and .* limit of its cgroup is 194 MiB: /);
  assert.equal(help, "`memory: 63MiB`, or a memory limit of at least 194 MiB");
  // If no memory setting fits, only a larger limit helps.
  assert.equal(memoryConflict(8 * MIB, 137 * MIB)?.help, "a memory limit of at least 138 MiB");
});
