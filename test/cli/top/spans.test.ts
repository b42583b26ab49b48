import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { test } from "node:test";
import { fit, paint, span, widthOf } from "../../../src/cli/top/spans.ts";

test("what would move the cursor is shown, not done", () => {
  assert.equal(span("a\x1b[2Jb\nc").text, String.raw`a\x1b[2Jb\nc`);
});

test("a line is cut across its spans, and padded when it is asked to be", () => {
  const line = [span("abc", "strong"), span("def")];
  assert.deepEqual(fit(line, 4), [
    { text: "abc", style: "strong" },
    { text: "d", style: "plain" },
  ]);
  assert.equal(widthOf(fit(line, 10, true)), 10);
  assert.deepEqual(fit(line, 0), []);
});

test("colours add nothing that the words do not say", () => {
  const line = [span("a ", "drop"), span("b", "plain"), span("c  ", "dim")];
  assert.equal(paint(line, false), "a bc");
  const painted = paint(line, true);
  assert.notEqual(painted, "a bc");
  assert.equal(stripVTControlCharacters(painted).trimEnd(), "a bc");
});
