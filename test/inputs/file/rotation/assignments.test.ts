// Where a source begins, resumes and ends, and what the buffer is told of it.
import assert from "node:assert/strict";
import { openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { Candidate } from "../../../../src/inputs/file/identity/candidate.ts";
import { FINGERPRINT_LENGTH } from "../../../../src/inputs/file/identity/fingerprint.ts";
import { SourceIndex } from "../../../../src/inputs/file/identity/source-index.ts";
import { encodingOf } from "../../../../src/inputs/file/records/text-code.ts";
import { Assignments } from "../../../../src/inputs/file/rotation/assignments.ts";
import type { Shared } from "../../../../src/inputs/file/shared.ts";
import { Descriptors } from "../../../../src/inputs/file/tail/descriptors.ts";
import type { ReadQueue } from "../../../../src/inputs/file/tail/read-queue.ts";
import { CLOSED, Tail } from "../../../../src/inputs/file/tail/tail.ts";
import { ManualClock } from "../../../helpers/manual-clock.ts";
import { directory, options } from "../setup.ts";

const TEXT = Array.from({ length: 500 }, (_, i) => `line ${i}\n`).join("");

function scene(t: TestContext) {
  const dir = directory(t);
  const path = join(dir, "a.log");
  const index = new SourceIndex();
  const told: string[] = [];
  const settled = new Set<string>();
  const tell =
    (what: string) =>
    (first: string | { readonly id: string }): void =>
      void told.push(`${what} ${typeof first === "string" ? first : first.id}`);
  const intake = {
    ...{ open: tell("open"), gone: tell("gone"), found: tell("found"), forget: tell("forget") },
    identify: tell("identify"),
    answered: (source: string) => settled.has(source),
  };
  const reports = { info: (event: string) => void told.push(event) };
  const unread = { skipped: 0, deleted: 0, truncated: 0, abandoned: 0 };
  const shared = {
    options: options(dir),
    mode: "follow",
    clock: new ManualClock(),
    intake,
    reports,
    unread,
    counts: {},
  };
  const descriptors = new Descriptors(shared as unknown as Shared);
  const queue = { remove: () => {} } as unknown as ReadQueue;
  const encoding = encodingOf("utf-8");
  const parts = { shared: shared as unknown as Shared, index, descriptors, queue, encoding, cutBehind: 0 };
  const assignments = new Assignments(parts);
  const candidate = (name = "a.log"): Candidate => {
    const real = join(dir, name);
    return Candidate.of(real, { real, fd: openSync(real, "r") }, statSync(real, { bigint: true }));
  };
  /** A tail that begins with this text in its file. */
  const begun = (text: string | Uint8Array, old = 0): Tail => {
    writeFileSync(path, text);
    const tail = new Tail(path, 0);
    const file = candidate();
    tail.attach(path, path, file.stats);
    index.add(tail);
    descriptors.adopt(tail, { ...file, take: () => file.take() } as Candidate);
    assignments.begin(tail, { fd: tail.fd, form: file.form, size: file.size }, old);
    tail.size = tail.sizeFor(file.size);
    t.after(() => descriptors.close(tail));
    return tail;
  };
  /** The tail has read its file up to this offset. */
  const read = (tail: Tail, to: number): void => {
    assignments.passed(tail, readFileSync(path).subarray(0, to), 0);
    tail.seek(to, { length: 0, hash: 0 });
  };
  const since = (): string[] => told.splice(0).map((line) => line.replace(/ [0-9A-Za-z_-]+$/, ""));
  return { path, index, assignments, candidate, begun, read, since, settled, unread, shared };
}

test("a file begins at its first byte; one that is old, behind its last whole line, and what is skipped is counted", (t) => {
  const { begun, unread, since } = scene(t);
  assert.equal(begun("one\ntwo\nthr").position, 0);
  assert.deepEqual(since(), ["open"]);
  const old = begun("one\ntwo\nthr", 11);
  assert.deepEqual([old.position, unread.skipped], [8, 8]);
});

test("one that is too short to tell whether it is compressed has no source yet", (t) => {
  const { begun, since } = scene(t);
  assert.deepEqual([begun("").source, since()], [undefined, []]);
});

test("a compressed one is counted in bytes of its content, and skipped whole when it is old", (t) => {
  const { begun } = scene(t);
  assert.deepEqual([begun(gzipSync(TEXT)).position, begun(gzipSync(TEXT), 1).position], [0, TEXT.length]);
});

test("a fingerprint grows with what is read until it is full, each time told, and never shrinks", (t) => {
  const { begun, read, since, assignments } = scene(t);
  const tail = begun(TEXT);
  read(tail, 100);
  read(tail, 3000);
  assert.equal(tail.fingerprint.length, FINGERPRINT_LENGTH);
  assert.deepEqual(since(), ["open", "identify", "identify"]);
  assignments.passed(tail, Buffer.from("more\n"), 3000);
  assert.deepEqual([tail.fingerprint.length, since()], [FINGERPRINT_LENGTH, []]);
});

test("a lost source resumes in the file that has its content: same id, same offset, the buffer knows", (t) => {
  const { path, begun, read, assignments, candidate, index, since } = scene(t);
  const tail = begun(TEXT);
  const { source } = tail;
  read(tail, 2000);
  const { fingerprint } = tail;
  assignments.detach(tail, { reason: "deleted", bytes: 0 });
  assert.deepEqual([tail.fd, since().slice(-1)], [CLOSED, ["gone"]]);
  renameSync(path, `${path}.1`);
  assignments.resume(tail, candidate("a.log.1"));
  assert.deepEqual([tail.source, tail.position, tail.fingerprint, tail.path], [source, 2000, fingerprint, `${path}.1`]);
  assert.equal(index.at(`${path}.1`), tail);
  assert.deepEqual(since(), ["found", "identify"], "the same inode is no news to people");
  assignments.detach(tail, { reason: "deleted", bytes: 0 });
  rmSync(`${path}.1`);
  writeFileSync(`${path}.2`, TEXT);
  assignments.resume(tail, candidate("a.log.2"));
  assert.deepEqual(since(), ["gone", "found", "identify", "source_moved"]);
});

test("a truncated file goes on as another source in the same descriptor; the first one is gone, and said once", (t) => {
  const { path, begun, read, assignments, index, since } = scene(t);
  const tail = begun(TEXT);
  read(tail, 2000);
  since();
  const { fd } = tail;
  writeFileSync(path, "new\n");
  const fresh = assignments.truncated(tail, 7);
  assert.deepEqual([fresh.fd, tail.fd, fresh.source, index.at(path)], [fd, CLOSED, undefined, fresh]);
  assert.deepEqual(since(), ["file_truncated", "gone"]);
  assert.deepEqual(tail.loss, { reason: "truncated", bytes: 7 });
  assignments.release(tail);
  assert.deepEqual(since(), [], "gone is not said again");
});

test("a released source counts what was not read, and is forgotten when all its bytes are settled", (t) => {
  const { path, begun, read, assignments, index, unread, settled, since } = scene(t);
  const tail = begun(TEXT);
  read(tail, 2000);
  since();
  rmSync(path);
  index.move(tail);
  assignments.unlink(tail);
  assignments.detach(tail, { reason: "deleted", bytes: TEXT.length - 2000 });
  assert.deepEqual([unread.deleted, since()], [0, ["gone"]], "as long as a copy may be found, nothing is lost");
  assignments.release(tail);
  assert.equal(unread.deleted, TEXT.length - 2000);
  assignments.forgetSettled();
  assert.deepEqual(since(), []);
  settled.add(tail.source as string);
  assignments.forgetSettled();
  assignments.forgetSettled();
  assert.deepEqual(since(), ["forget"]);
});

test("a source of an earlier process whose content is not found is opened first, so that its bytes can be settled", (t) => {
  const { path, index, assignments, since } = scene(t);
  const identity = { path, device: "1", inode: "2", birthNs: "3", headLength: 1024, headHash: 4 };
  const mark = { length: 0, hash: 0 };
  const tail = Tail.expected({ id: "id", input: "app", identity, origin: 0, checkpoint: 9, mark }, 0);
  index.expect(tail);
  assignments.release(tail);
  assert.deepEqual(since(), ["open", "source_gone", "gone"]);
});
