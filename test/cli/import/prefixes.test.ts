import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { Prefixes } from "../../../src/cli/import/prefixes.ts";

test("the files that begin so, whatever the bytes and their number", (t) => {
  const root = mkdtempSync(join(tmpdir(), "spillway-prefixes-"));
  t.after(() => rmSync(root, { recursive: true }));
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 5, max: 3 }),
    fc.uint8Array({ maxLength: 5 }),
    fc.constantFrom(1023, 1024, 1025, 2000).map((length) => new Uint8Array(length).fill(7)),
  );
  const property = fc.property(fc.array(bytes, { maxLength: 8 }), bytes, (contents, head) => {
    const files = contents.map((content, i) => ({ path: join(root, String(i)), content }));
    for (const { path, content } of files) writeFileSync(path, content);
    const found = new Prefixes(files).find(Buffer.from(head));
    const expected = files.filter(({ content }) => Buffer.from(content.subarray(0, head.length)).equals(head));
    assert.deepEqual(new Set(found), new Set(expected));
  });
  fc.assert(property, { numRuns: 300 });
});
