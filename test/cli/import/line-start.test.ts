import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { lineStart } from "../../../src/cli/import/line-start.ts";

const root = mkdtempSync(join(tmpdir(), "spillway-line-start-"));
after(() => rmSync(root, { recursive: true }));

function startOf(bytes: Buffer, offset: number, encoding = "utf-8"): number {
  const path = join(root, "log");
  writeFileSync(path, bytes);
  const fd = openSync(path, "r");
  try {
    return lineStart(fd, offset, encoding);
  } finally {
    closeSync(fd);
  }
}

test("an offset inside of a line goes back to its start, one at a start stays", () => {
  const bytes = Buffer.from("one\ntwo\nthree");
  const starts = Array.from({ length: bytes.length + 1 }, (_, offset) => startOf(bytes, offset));
  assert.deepEqual(starts, [0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8]);
});

test("a line longer than what is read at once is gone back over, whatever its length", () => {
  for (const length of [65_535, 65_536, 65_537, 200_000]) {
    const bytes = Buffer.concat([Buffer.from("a\n"), Buffer.alloc(length, "x")]);
    assert.equal(startOf(bytes, bytes.length), 2);
    assert.equal(startOf(Buffer.alloc(length, "x"), length), 0);
  }
});

test("of UTF-16 only whole units end a line", () => {
  for (const encoding of ["utf-16le", "utf-16", "utf-16be"]) {
    // U+0A0A and U+0A00 hold a byte 10 and end nothing.
    const le = Buffer.from("a\u0a0a\nb\u0a00c", "utf16le");
    const bytes = encoding !== "utf-16be" ? le : Buffer.from(le).swap16();
    const starts = Array.from({ length: bytes.length + 1 }, (_, offset) => startOf(bytes, offset, encoding));
    assert.deepEqual(starts, [0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6], encoding);
  }
});
