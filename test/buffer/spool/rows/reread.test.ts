import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { crc32 } from "node:zlib";
import { HEAD, HEAD_WIDTH } from "../../../../src/buffer/spool/rows/heads.ts";
import { type RereadSource, reread } from "../../../../src/buffer/spool/rows/reread.ts";

const TEXT = "one\ntwo\nthree\nfour";

function scene(t: TestContext): { path: string; source: RereadSource } {
  const directory = mkdtempSync(join(tmpdir(), "spillway-reread-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "a.log");
  writeFileSync(path, TEXT);
  return { path, source: sourceOf(path) };
}

function sourceOf(path: string): RereadSource {
  const { ino, birthtimeNs } = statSync(path, { bigint: true });
  const head = { head_length: 8, head_hash: crc32(TEXT.slice(0, 8)) };
  return { path, inode: String(ino), birth_ns: String(birthtimeNs), ...head };
}

function span(start: number, end: number, records: number, more: Partial<Record<keyof typeof HEAD, number>> = {}) {
  const head = new Float64Array(HEAD_WIDTH);
  for (const [name, value] of Object.entries({ start, end, records, length: end - start, ...more }))
    head[HEAD[name as keyof typeof HEAD]] = value;
  return head;
}

const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString();

test("a span of whole lines is read again, as long as the file is the one that was read", (t) => {
  const { path, source } = scene(t);
  assert.equal(text(reread(source, span(4, 14, 2))), "two\nthree\n");
  assert.equal(text(reread(source, span(14, 18, 1))), "four", "a last line without its end");
  appendFileSync(path, "teen\n");
  assert.equal(text(reread(source, span(4, 14, 2))), "two\nthree\n");
});

test("not where it may be something else", (t) => {
  const { path, source } = scene(t);
  const whole = span(4, 14, 2);
  assert.equal(reread(undefined, whole), undefined);
  assert.equal(reread({ ...source, head_length: 0 }, whole), undefined, "nothing is known of its content");
  assert.equal(reread({ ...source, head_hash: 1 }, whole), undefined, "another content");
  assert.equal(reread({ ...source, inode: "1" }, whole), undefined, "another file");
  assert.equal(reread(source, span(4, 14, 3)), undefined, "other records");
  assert.equal(reread(source, span(4, 99, 2)), undefined, "truncated");
  assert.equal(reread(source, span(4, 14, 2, { length: 4 })), undefined, "some of it was sampled out");
  assert.equal(reread(source, span(4, 14, 2, { tableLength: 16 })), undefined, "its records are not its lines");
  rmSync(path);
  assert.equal(reread(source, whole), undefined, "gone");
});

test("under the name that it has by now", (t) => {
  const { path, source } = scene(t);
  renameSync(path, `${path}.1`);
  assert.equal(reread(source, span(0, 4, 1)), undefined);
  assert.equal(text(reread({ ...source, path: `${path}.1` }, span(0, 4, 1))), "one\n");
});
