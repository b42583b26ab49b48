import assert from "node:assert/strict";
import { test } from "node:test";
import { sayMemoryConflict } from "../../src/agent/memory-fit.ts";
import { silentLog } from "../../src/core/log.ts";

const MIB = 2 ** 20;

test("a memory that does not fit the limit is warned of, once per start; one that fits is not", () => {
  const said: string[] = [];
  const log = { ...silentLog, warn: (event: string, message: string) => void said.push(`${event} ${message}`) };
  sayMemoryConflict(log, 64 * MIB, undefined);
  sayMemoryConflict(log, 64 * MIB, 194 * MIB);
  assert.deepEqual(said, []);
  sayMemoryConflict(log, 64 * MIB, 160 * MIB);
  assert.equal(said.length, 1);
  assert.match(
    said[0] ?? "",
    /^memory_over_limit .* would kill it\. Use `memory: 30MiB`, or a memory limit of at least 194 MiB$/,
  );
});
