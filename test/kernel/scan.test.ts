import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { anyText, kernel, ROUNDS, withText } from "./rig.ts";
import * as references from "./references.ts";

function check(text: Uint8Array, shift = 0): void {
  const result = withText(text, (src, from) => kernel.scan(src, from, text.length), shift);
  assert.deepEqual(result, references.scan(text));
}

test("counts lines, not empty ones", () => {
  const cases: [string, { records: number; end: number; longest: number }][] = [
    ["", { records: 0, end: 0, longest: 0 }],
    ["\n", { records: 0, end: 1, longest: 0 }],
    ["\r\n", { records: 0, end: 2, longest: 0 }],
    ["\r\r\n", { records: 1, end: 3, longest: 1 }],
    ["a", { records: 0, end: 0, longest: 0 }],
    ["a\r\nbcd\n\n\r\nlonger but open", { records: 2, end: 10, longest: 3 }],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(references.scan(Buffer.from(text)), expected, JSON.stringify(text));
    check(Buffer.from(text));
  }
});

test("empty lines on every border between blocks", () => {
  for (let length = 0; length < 140; length++)
    for (const end of ["\n", "\r\n", "\n\n", "\n\r\n", "\r\n\r\n", "\r\r\n", "\n\r\r\n"])
      check(Buffer.from(`${"x".repeat(length)}${end}${"y".repeat(70)}\n`));
});

test("the same as its reference on any text", () => {
  fc.assert(
    fc.property(anyText, fc.nat(40), (text, shift) => check(text, shift)),
    { numRuns: 2000 * ROUNDS },
  );
});

test("the same as its reference on long texts of few kinds of bytes", () => {
  const dense = fc
    .uint8Array({ maxLength: 400, max: 3 })
    .map((bytes) => bytes.map((byte) => [10, 13, 97, 98][byte] ?? 0));
  fc.assert(
    fc.property(dense, fc.nat(40), (text, shift) => check(text, shift)),
    { numRuns: 2000 * ROUNDS },
  );
});
