import assert from "node:assert/strict";
import { test } from "node:test";
import { ASCII, BLOCKS } from "../../../src/cli/terminal/glyphs.ts";
import { bar, sparkline } from "../../../src/cli/top/bars.ts";

test("a bar is as wide as asked, with its marks", () => {
  assert.equal(bar(0.5, [0.7, 0.9], 20, ASCII), "##########....|...|.");
  assert.equal(bar(0.8, [0.7], 10, ASCII), "#######|..");
  assert.equal(bar(0, [], 4, ASCII), "....");
  assert.equal(bar(7, [1], 4, ASCII), "###|");
});

test("a graph ends now; gaps are gaps, and little is more than nothing", () => {
  assert.equal(sparkline([0, null, 1, 50, 100], 100, 6, BLOCKS), "   ▁▄█".padStart(6));
  assert.equal(sparkline([1, 2, 3, 4], 4, 2, ASCII), "*@".padStart(2));
  assert.equal(sparkline([1], 0, 3, ASCII), "   ");
});
