import assert from "node:assert/strict";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { growHead, HEAD_LENGTH, markBefore, markWithin, NO_HEAD, readHead } from "../../../src/inputs/file/identity.ts";
import { MARK_LENGTH } from "../../../src/core/source.ts";
import { directory } from "./setup.ts";

test("heads and marks made from reads equal those made from the file, wherever the reads were cut", (t) => {
  const file = join(directory(t), "f");
  const content = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 31 + (i >> 3)) & 0xff));
  writeFileSync(file, content);
  const fd = openSync(file, "r");
  t.after(() => closeSync(fd));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 12 }), (sizes) => {
      let [at, head] = [0, NO_HEAD];
      for (const size of sizes) {
        const bytes = content.subarray(at, at + size);
        if (bytes.length === 0) break;
        const before = content.subarray(Math.max(0, at - MARK_LENGTH), at);
        head = growHead(head, bytes, at);
        assert.deepEqual(markWithin(before, bytes, bytes.length), markBefore(fd, at + bytes.length));
        at += bytes.length;
        assert.deepEqual(head, readHead(fd, at));
        assert.ok(head.length <= HEAD_LENGTH);
      }
    }),
  );
});
