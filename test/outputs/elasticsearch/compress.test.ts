import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "../../helpers/fc.ts";
import { compress } from "../../../src/outputs/elasticsearch/compress.ts";

test("what is packed from shared memory unpacks to the same", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300_000, size: "max" }), async (bytes) => {
      const view = Buffer.from(new SharedArrayBuffer(bytes.length));
      view.set(bytes);
      assert.ok(gunzipSync(await compress(view, "gzip")).equals(bytes));
    }),
    { numRuns: 20 },
  );
});

test("without compression the view itself goes out", async () => {
  const view = Buffer.from("x");
  assert.equal(await compress(view, "none"), view);
});
