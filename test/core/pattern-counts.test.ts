import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { systemClock } from "../../src/core/clock.ts";
import { writeOutCounts } from "../../src/core/pattern-counts.ts";
import { faultOfPattern, Pattern } from "../../src/core/pattern.ts";

for (const [source, written] of [
  [String.raw`\d{13,19}`, String.raw`\d{13}\d{0,6}`],
  ["x{17}", "x{16}x"],
  ["x{20,}?", "x{16}x{4}x*?"],
  ["x{3,16}", "x{3,16}"],
  ["(?:ab){20}", "(?:ab){16}(?:ab){4}"],
  ["(?:a{4}){5}", "(?:a{4}){4}(?:a{4})"],
  ["(?<name>a){17}", "(?:a){16}(?:a)"],
  ["[x{17}]{2}", "[x{17}]{2}"],
  [String.raw`\(x{17}\)`, String.raw`\(x{16}x\)`],
  [String.raw`(a)\1{20}`, String.raw`(a)\1{20}`],
] as const)
  test(`${source} is written as ${written}`, () => assert.equal(writeOutCounts(source), written));

/** Patterns with counts above the linear engine's limit. */
const atom = fc.constantFrom("a", "b", ".", String.raw`\d`, "[ab]", "[^a{3}]", String.raw`\{`, "(?:ab)", "(a|b)");
const counts = fc.constantFrom("", "{2}", "{17}", "{20,}", "{3,19}", "{0,33}?", "{17,18}", "*", "+?");
const piece = fc.tuple(atom, counts).map((parts) => parts.join(""));
const sequence = fc.array(piece, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(""));
const anySource = fc.oneof(
  sequence,
  fc.tuple(sequence, fc.constantFrom("{2}", "{0,5}", "{5}", "?")).map(([inner, count]) => `(?:${inner})${count}b`),
);
const anyText = fc
  .array(fc.tuple(fc.constantFrom("a", "b", "ab", "{", "1", "{3}"), fc.nat(40)), { maxLength: 4 })
  .map((parts) => parts.map(([part, count]) => part.repeat(count)).join(""));

// The seed is fixed: with some random patterns, the backtracking engine used for comparison runs for hours.
test("large counts are written out so that the pattern means the same", () => {
  fc.assert(
    fc.property(anySource, anyText, (source, text) => {
      assert.equal(faultOfPattern(source), undefined);
      const pattern = new Pattern(source, systemClock.now);
      const mark = (match: string): string => `<${match.length}>`;
      assert.equal(pattern.test(text), new RegExp(source).test(text));
      assert.equal(pattern.replace(text, mark, Infinity), text.replace(new RegExp(source, "g"), mark));
    }),
    { numRuns: 500, seed: 3 },
  );
});
