// How a source can be found in each of its states, and which changes of state are not allowed.
import assert from "node:assert/strict";
import { renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { SourceIndex } from "../../../../src/inputs/file/identity/source-index.ts";
import { CLOSED, Tail } from "../../../../src/inputs/file/tail/tail.ts";
import { directory } from "../setup.ts";

function scene(t: TestContext) {
  const dir = directory(t);
  const index = new SourceIndex();
  const path = (name: string): string => join(dir, name);
  const stats = (name: string) => statSync(path(name), { bigint: true });
  const add = (name: string): Tail => {
    writeFileSync(path(name), `${name}\n`);
    const tail = new Tail(path(name), 0);
    tail.attach(path(name), path(name), stats(name));
    index.add(tail);
    return tail;
  };
  return { index, path, stats, add };
}

test("a named one: by its path, its inode and its file; not as one that was there", (t) => {
  const { index, path, stats, add } = scene(t);
  const tail = add("a");
  assert.equal(index.at(path("a")), tail);
  assert.equal(index.withFile(stats("a")), tail);
  assert.deepEqual(index.withInode(tail.ino), [tail]);
  assert.ok(!index.wasAt(path("a")));
  assert.deepEqual([...index.attached], [tail]);
});

test("a moved one: its path is free, and leads to it as to one that was there", (t) => {
  const { index, path, stats, add } = scene(t);
  const tail = add("a");
  index.move(tail);
  assert.equal(index.at(path("a")), undefined);
  assert.deepEqual([...index.formerlyAt(path("a"))], [tail]);
  assert.equal(index.withFile(stats("a")), tail, "it still has its file");
  assert.deepEqual(index.takeFreed(), [path("a")]);
  assert.deepEqual(index.takeFreed(), [], "told once");
});

test("a path that was taken again is not told as free", (t) => {
  const { index, path, add } = scene(t);
  index.move(add("a"));
  renameSync(path("a"), path("a.1"));
  add("a");
  assert.deepEqual(index.takeFreed(), []);
});

test("a renamed one: by its new path; the one that had it has to look for another", (t) => {
  const { index, path, stats, add } = scene(t);
  const [first, second] = [add("a"), add("b")];
  renameSync(path("a"), path("b"));
  index.rename(first, path("b"), path("b"));
  assert.equal(index.at(path("b")), first);
  assert.equal(index.at(path("a")), undefined);
  assert.deepEqual([second.mode, [...index.moved]], ["moved", [second]]);
  assert.equal(index.withFile(stats("b")), first);
  assert.ok(index.reused.has(path("a")), "another file may come under the name that it was found by");
});

test("content that is replaced: the new tail has the file and the path, the old one neither", (t) => {
  const { index, path, stats, add } = scene(t);
  const tail = add("a");
  const fresh = tail.successor();
  index.replace(tail, fresh);
  assert.equal(index.at(path("a")), fresh);
  assert.equal(index.withFile(stats("a")), fresh);
  assert.equal(tail.mode, "detached");
  assert.deepEqual([...index.detached], [tail]);
  assert.deepEqual([...index.formerlyAt(path("a"))], [tail]);
});

test("several with one inode, as on two devices: each is found, and one that goes takes no other with it", (t) => {
  const { index, path, stats, add } = scene(t);
  const [first, second, third] = [add("a"), new Tail(path("b"), 0), new Tail(path("c"), 0)];
  for (const other of [second, third]) {
    Object.assign(other, { ino: first.ino, dev: first.dev + 1, birthMs: first.birthMs });
    index.add(other);
  }
  assert.deepEqual(index.withInode(first.ino), [first, second, third]);
  assert.equal(index.withFile(stats("a")), first);
  index.release(second);
  assert.deepEqual(index.withInode(first.ino), [first, third]);
  index.release(first);
  index.release(third);
  assert.deepEqual(index.withInode(first.ino), []);
  assert.equal(index.attached.size, 0);
});

test("a released one is found by nothing, however it was found before", (t) => {
  const { index, path, add } = scene(t);
  const [named, moved, detached] = [add("a"), add("b"), add("c")];
  index.move(moved);
  index.detach(detached);
  for (const tail of [named, moved, detached]) index.release(tail);
  for (const name of ["a", "b", "c"]) {
    assert.equal(index.at(path(name)), undefined);
    assert.ok(!index.wasAt(path(name)));
  }
  const { attached, expected, moved: others, unlinked, detached: lost } = index;
  for (const set of [attached, expected, others, unlinked, lost]) assert.equal(set.size, 0);
});

test("states that are left by no such way are refused", (t) => {
  const { index, add } = scene(t);
  const tail = add("a");
  assert.throws(() => index.unlink(tail), /only a moved tail/);
  tail.fd = 3;
  assert.throws(() => index.detach(tail), /holds its file/);
  tail.fd = CLOSED;
  assert.throws(() => index.expect(tail), /only a known source/);
  index.move(tail);
  assert.throws(() => index.move(tail), /only a named tail/);
  assert.throws(() => index.unlink(tail), /only a moved tail with a descriptor/);
});
