import assert from "node:assert/strict";
import { test } from "node:test";
import { Unread } from "../../../../src/buffer/spool/rows/unread.ts";

/** @returns the number of the try at which the block counted as damaged; undefined: not within 100 tries */
function triesOf(unread: Unread, before: (n: number) => void): number | undefined {
  for (let n = 1; n <= 100; n++) {
    before(n);
    if (unread.failed(7)) return n;
  }
  return undefined;
}

test("a block is taken for damaged after twelve tries, if the disk has worked for others meanwhile", () => {
  const unread = new Unread();
  unread.works();
  assert.equal(
    triesOf(unread, (n) => n === 3 && unread.works()),
    12,
  );
});

test("a disk that fails as a whole costs nothing, however long, and a block that was read begins anew", () => {
  const unread = new Unread();
  unread.works();
  assert.equal(
    triesOf(unread, () => {}),
    undefined,
  );
  unread.forget(7);
  assert.equal(
    triesOf(unread, (n) => n === 2 && unread.works()),
    12,
  );
});

test("pages that cannot be freed are left where they are at the second try, or when the block is known already", () => {
  const unread = new Unread();
  assert.deepEqual([unread.leaves(1), unread.leaves(1)], [false, true]);
  unread.failed(2);
  assert.ok(unread.leaves(2));
});
