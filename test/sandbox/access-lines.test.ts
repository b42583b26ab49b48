import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessLines, BLOCK_LINES } from "../../src/sandbox/access-lines.ts";

const AT = Date.parse("2026-11-24T08:05:09.700Z");

test("each line has its number and its time, and looks like an access log's", () => {
  const lines = new AccessLines();
  lines.lines(5, BLOCK_LINES, 0);
  const text = lines.lines(999_999_999, BLOCK_LINES, AT).toString();
  const all = text.split("\n");
  assert.equal(all.pop(), "");
  assert.equal(all.length, BLOCK_LINES);
  for (const [i, line] of all.entries()) {
    const match = /^[\d.]+ - - \[([^\]]+)\] "GET \S+\?seq=(\d{12}) HTTP\/1\.1" \d{3} \d+ "-" "[^"]+"$/.exec(line);
    assert.equal(match?.[1], "24/Nov/2026:08:05:09 +0000", line);
    assert.equal(Number(match?.[2]), 999_999_999 + i);
  }
});

test("fewer lines are a part of the block", () => {
  const text = new AccessLines().lines(0, 3, AT).toString();
  assert.equal(text.split("\n").length, 4);
});
