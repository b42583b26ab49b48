import assert from "node:assert/strict";
import { test } from "node:test";
import { countDeadLetters, readDeadLetter, readDeadLetters } from "../../../src/buffer/inspect/dead-letters.ts";
import { Arena } from "../../../src/core/arena.ts";
import { Disk } from "../disk.ts";
import { NOTHING } from "../spool/rows.ts";

const letter = (offset: number, input = "in", body?: Uint8Array) => ({
  ...{
    atMs: 7,
    input,
    source: "s",
    path: "/x",
    offset,
    bytes: 3,
    index: "i",
    status: 400,
    type: "t",
    reason: "r",
    body,
    document: "{}",
  },
});

test("a letter is as the buffer wrote it, its body only where it is asked for", () => {
  using disk = new Disk(new Arena(65_536));
  disk.store.commit({ ...NOTHING, deadLetters: [letter(5, "in", Buffer.from("abc")), letter(6)] }, 1);
  const { body: _, document: _document, ...facts } = letter(6);
  assert.deepEqual([...readDeadLetters(disk.db, { input: undefined, limit: 1 })], [{ id: 2, ...facts }]);
  assert.equal(readDeadLetter(disk.db, 1)?.body?.toString(), "abc");
  assert.equal(readDeadLetter(disk.db, 2)?.body, null);
  assert.equal(readDeadLetter(disk.db, 3), undefined);
});

test("the newest first, page by page, of one input or all, as many as are asked for", () => {
  using disk = new Disk(new Arena(65_536), undefined, 4 << 20);
  const deadLetters = Array.from({ length: 1200 }, (_, i) => letter(i, i % 3 ? "other" : "third"));
  disk.store.commit({ ...NOTHING, deadLetters }, 1);
  const ids = (limit: number, input?: string): number[] =>
    [...readDeadLetters(disk.db, { input, limit })].map(({ id }) => id);
  assert.deepEqual(
    ids(0),
    Array.from({ length: 1200 }, (_, i) => 1200 - i),
  );
  assert.deepEqual(ids(2, "third"), [1198, 1195]);
  assert.equal(ids(700).length, 700);
  assert.deepEqual(
    [undefined, "third", "nobody"].map((input) => countDeadLetters(disk.db, input)),
    [1200, 400, 0],
  );
});
