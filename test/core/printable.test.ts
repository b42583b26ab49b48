import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { printable, printableLines } from "../../src/core/printable.ts";

const cases: readonly (readonly [text: string, shown: string])[] = [
  ["plain, \u00fc, \u65e5\u672c, \ud83d\ude00", "plain, \u00fc, \u65e5\u672c, \ud83d\ude00"],
  ["a\tb\r\nc", String.raw`a\tb\r\nc`],
  ["\x1b]0;title\x07", String.raw`\x1b]0;title\x07`],
  ["\u009b31m", String.raw`\x9b31m`],
  ["\u202egpj.exe", String.raw`\u202egpj.exe`],
];
for (const [text, shown] of cases) {
  test(`shown as ${shown}`, () => assert.equal(printable(text), shown));
}

test("a body keeps its lines, and bytes that are no text are shown by number", () => {
  assert.deepEqual(printableLines(Buffer.from("a\n\tb\r\nc")), ["a", String.raw`\tb\r`, "c"]);
  assert.deepEqual(printableLines(Buffer.from([0x61, 0xff, 0x9b, 0x0a, 0x1b])), [
    String.raw`a\xff\x9b`,
    String.raw`\x1b`,
  ]);
});

test("whatever the bytes are, nothing but what prints comes out", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      for (const line of printableLines(Buffer.from(bytes))) assert.doesNotMatch(line, /[\p{Cc}\u202a-\u202e]/u);
    }),
  );
});
