import assert from "node:assert/strict";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { Sweep } from "../../../src/buffer/spool/sweep.ts";
import { eventually } from "../../helpers/agent-process.ts";

/** An object that only a full garbage collection finds. */
function garbage(): WeakRef<object> {
  return new WeakRef({ zipped: zstdCompressSync(Buffer.alloc(1000)) });
}

test("what compressing leaves behind is collected after so many calls, not before", async () => {
  const sweep = new Sweep();
  const left = garbage();
  // A weak reference keeps its target alive until the end of the event loop turn in which it was made.
  await new Promise((resolve) => setImmediate(resolve));
  sweep.left(63);
  assert.ok(left.deref());
  await new Promise((resolve) => setImmediate(resolve));
  await eventually("a collection", () => {
    sweep.left(64);
    return left.deref() === undefined;
  });
});
