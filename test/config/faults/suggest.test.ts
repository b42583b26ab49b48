import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { distance, nearestWord } from "../../../src/config/faults/suggest.ts";

test("the nearest word: slips of the hand, case, dash for underscore, something appended", () => {
  const known = ["memory", "disk", "max_record", "paths", "index"];
  const near = (word: string): string | undefined => nearestWord(word, known);
  assert.deepEqual(["memroy", "Memory", "dsk", "max-record", "path", "index_name"].map(near), [
    "memory",
    "memory",
    "disk",
    "max_record",
    "paths",
    "index",
  ]);
  assert.deepEqual(["", "x", "size", "compression"].map(near), [undefined, undefined, undefined, undefined]);
});

test("the distance is symmetric, zero for equal words, one for a swap, and bounded", () => {
  const word = fc.string({ maxLength: 8 });
  fc.assert(
    fc.property(
      word,
      word,
      (a, b) => distance(a, b, 9) === distance(b, a, 9) && (distance(a, b, 9) === 0) === (a === b),
    ),
  );
  assert.equal(distance("ab", "ba", 3), 1);
  assert.equal(distance("abcdef", "uvwxyz", 2), 3);
});
