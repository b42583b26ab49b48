// What stat shows of a file that was read, and whether its content changed.
import assert from "node:assert/strict";
import { closeSync, openSync, statSync, truncateSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { checksumBefore, fingerprintOf } from "../../../../src/inputs/file/identity/fingerprint.ts";
import { needsComparison, isOverwritten, isWritten } from "../../../../src/inputs/file/tail/rewritten.ts";
import { Tail } from "../../../../src/inputs/file/tail/tail.ts";
import { directory } from "../setup.ts";

const TEXT = "one\ntwo\nthree\n";
const READ = 8;

/** A file that was read up to byte 8. Its last poll found it at rest. */
function scene(t: TestContext, read = READ) {
  const file = join(directory(t), "a.log");
  writeFileSync(file, TEXT);
  utimesSync(file, 1000, 1000);
  const fd = openSync(file, "r+");
  t.after(() => closeSync(fd));
  const tail = new Tail(file, 0);
  Object.assign(tail, { fd, size: TEXT.length, mtimeMs: 1_000_000, fingerprint: fingerprintOf(fd, read) });
  tail.seek(read, checksumBefore(fd, read));
  return { file, fd, tail, stats: () => statSync(file) };
}

test("nothing happened", (t) => {
  const { tail, stats } = scene(t);
  assert.ok(!isWritten(tail, stats()) && !needsComparison(tail, stats()) && !isOverwritten(tail));
});

test("it has grown: no doubt, whatever its time", (t) => {
  const { fd, tail, stats } = scene(t);
  writeSync(fd, "four\n", TEXT.length);
  assert.ok(!needsComparison(tail, stats()));
});

test("the same size at another time, or so soon that the time may be the same: only the content tells", (t) => {
  const { fd, file, tail, stats } = scene(t);
  writeSync(fd, "ONE\n", 0);
  assert.ok(needsComparison(tail, stats()) && isOverwritten(tail));
  utimesSync(file, 1000, 1000);
  assert.ok(!needsComparison(tail, stats()));
  tail.mtime = "fresh";
  assert.ok(needsComparison(tail, stats()));
});

test("written behind what was read: still what was read", (t) => {
  const { fd, tail, stats } = scene(t);
  writeSync(fd, "THREE\n", READ);
  assert.ok(needsComparison(tail, stats()) && !isOverwritten(tail));
});

test("the beginning is as it was, and the bytes before the position are not", (t) => {
  const long = "x".repeat(5000);
  const { fd, file, tail } = scene(t);
  writeFileSync(file, long);
  Object.assign(tail, { fingerprint: fingerprintOf(fd, 4000), size: long.length });
  tail.seek(4000, checksumBefore(fd, 4000));
  assert.ok(!isOverwritten(tail));
  writeSync(fd, "y", 3999);
  assert.ok(isOverwritten(tail));
});

test("cut behind the position: a doubt; before it: none, that is a truncation for sure", (t) => {
  const { file, tail, stats } = scene(t);
  truncateSync(file, READ + 1);
  assert.ok(needsComparison(tail, stats()) && !isOverwritten(tail));
  truncateSync(file, READ - 1);
  assert.ok(!needsComparison(tail, stats()) && isOverwritten(tail));
});

test("of what nothing was read nothing can be overwritten", (t) => {
  const { fd, tail, stats } = scene(t, 0);
  writeSync(fd, "ONE\n", 0);
  assert.ok(!needsComparison(tail, stats()) && !isOverwritten(tail));
});
