// Which sources an open file is compared with, how each is related to it, and in which state that source is.
import assert from "node:assert/strict";
import { closeSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { Candidate } from "../../../../src/inputs/file/identity/candidate.ts";
import { checksumBefore, fingerprintOf } from "../../../../src/inputs/file/identity/fingerprint.ts";
import { Relations } from "../../../../src/inputs/file/identity/relations.ts";
import { SourceIndex } from "../../../../src/inputs/file/identity/source-index.ts";
import type { Shared } from "../../../../src/inputs/file/shared.ts";
import { Descriptors } from "../../../../src/inputs/file/tail/descriptors.ts";
import { CLOSED, Tail } from "../../../../src/inputs/file/tail/tail.ts";
import { directory } from "../setup.ts";

const TEXT = Array.from({ length: 500 }, (_, i) => `line ${i}\n`).join("");

function scene(t: TestContext) {
  const dir = directory(t);
  const index = new SourceIndex();
  const descriptors = new Descriptors({} as Shared);
  const polled: Tail[] = [];
  let copy: "yes" | "perhaps" | "no" = "no";
  const poll = (tail: Tail): void => void polled.push(tail);
  const relations = new Relations({ index, descriptors, poll, matches: () => true, hasCopy: () => copy });
  const path = (name: string): string => join(dir, name);
  const write = (name: string, text = TEXT): void => writeFileSync(path(name), text);
  /** A log of which everything was read. */
  const source = (name: string, text = TEXT): Tail => {
    write(name, text);
    const tail = new Tail(path(name), 0);
    tail.attach(path(name), path(name), statSync(path(name), { bigint: true }));
    tail.source = name;
    const fd = openSync(path(name), "r");
    tail.fingerprint = fingerprintOf(fd, text.length);
    tail.seek(text.length, checksumBefore(fd, text.length));
    closeSync(fd);
    tail.size = text.length;
    index.add(tail);
    return tail;
  };
  const of = (name: string) => {
    const real = path(name);
    const stats = statSync(real, { bigint: true });
    const candidate = Candidate.of(real, { real, fd: openSync(real, "r") }, stats);
    try {
      return relations
        .of(candidate, new Map())
        .map(({ source: { source: id }, by, state, evidence }) => `${id} by ${by}: ${state}, ${evidence}`);
    } finally {
      candidate.close();
    }
  };
  const say = (now: typeof copy): void => void (copy = now);
  return { path, write, source, of, index, relations, polled, say };
}

test("a lost source with this inode and content: that one alone", (t) => {
  const { source, of, path, index, write } = scene(t);
  index.detach(source("a.log"));
  renameSync(path("a.log"), path("elsewhere"));
  assert.deepEqual(of("elsewhere"), ["a.log by inode: lost, full"]);
  write("elsewhere", TEXT.replace("line 0", "LINE 0"));
  assert.deepEqual(of("elsewhere"), [], "the same inode with another content");
});

test("a source that lost this path: as far as the content goes", (t) => {
  const { source, of, path, index, write } = scene(t);
  const tail = source("a.log");
  renameSync(path("a.log"), path("kept"));
  index.detach(tail);
  write("a.log");
  assert.deepEqual(of("a.log"), ["a.log by path: lost, same"]);
  write("a.log", `${TEXT}more\n`);
  assert.deepEqual(of("a.log"), ["a.log by path: lost, full"]);
  write("a.log", `${TEXT.slice(0, -2)}X\n`);
  assert.deepEqual(of("a.log"), ["a.log by path: lost, different"]);
});

test("one whose file was truncated, or has a copy: equal content is new content", (t) => {
  const { source, of, path, index, write, say } = scene(t);
  const tail = source("a.log");
  renameSync(path("a.log"), path("kept"));
  index.detach(tail);
  write("a.log");
  say("perhaps");
  assert.deepEqual(of("a.log"), ["a.log by path: undecided, same"]);
  say("yes");
  assert.deepEqual(of("a.log"), ["a.log by path: undecided, different"]);
  say("no");
  tail.loss = { reason: "truncated", bytes: 0 };
  assert.deepEqual(of("a.log"), ["a.log by path: lost, different"]);
});

test("a rotated name of a log that is still there: its copy, and the log is polled and closed again", (t) => {
  const { source, of, write, polled } = scene(t);
  const tail = source("a.log");
  write("a.log.1");
  assert.deepEqual(of("a.log.1"), ["a.log by rotation: readable, same"]);
  assert.deepEqual(polled, [tail]);
  assert.equal(tail.fd, CLOSED);
  write("a.log.1", TEXT.slice(0, 2000));
  assert.deepEqual(of("a.log.1"), ["a.log by rotation: readable, older"]);
  write("a.log.1", TEXT.slice(0, 20));
  assert.deepEqual(of("a.log.1"), ["a.log by rotation: readable, partial"], "less than a fingerprint");
  write("a.log.1", TEXT.replace("line 0", "LINE 0"));
  assert.deepEqual(of("a.log.1"), []);
});

test("a log that is being read may be truncated already; one that is gone is lost", (t) => {
  const { source, of, path, index, write } = scene(t);
  const tail = source("a.log");
  write("a.log.1");
  tail.slot = "reading";
  assert.deepEqual(of("a.log.1"), ["a.log by rotation: undecided, partial"]);
  tail.slot = "none";
  rmSync(path("a.log"));
  index.detach(tail);
  assert.deepEqual(of("a.log.1"), ["a.log by rotation: lost, same"]);
});

test("dated siblings, and names that no rotation gives: not related, whatever their content", (t) => {
  const { source, of, write } = scene(t);
  source("job-2026-11-24.log");
  for (const name of ["job-2026-11-25.log", "other.log", "job.log"]) {
    write(name);
    assert.deepEqual(of(name), [], name);
  }
});

test("a path concerns a source that has it, had it, or of whose log it is a rotated name", (t) => {
  const { source, relations, path, index } = scene(t);
  index.detach(source("a.log"));
  source("b.log");
  const concerned = ["a.log", "a.log.1", "b.log", "b.log-20261127", "c.log", "c.log.1"];
  assert.deepEqual(
    concerned.filter((name) => relations.concern(path(name))),
    ["a.log", "a.log.1", "b.log", "b.log-20261127"],
  );
});
