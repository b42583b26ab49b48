import assert from "node:assert/strict";
import { test } from "node:test";
import { Progress, progressLine } from "../../src/ops/progress.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

const half = { records: 4120, bytes: 2_000_000, totalBytes: 4_000_000 };

test("says what is done, of what, how fast and how long it will take", () => {
  const line = progressLine("delivering", half, 10_000);
  assert.equal(line, "delivering 2.0 MB of 4.0 MB (50 %), 4,120 records, 200.0 kB/s, 10 s left");
});

test("says nothing about a rate that it cannot know", () => {
  assert.equal(progressLine("delivering", half, 400), "delivering 2.0 MB of 4.0 MB (50 %), 4,120 records");
  const stuck = { records: 0, bytes: 0, totalBytes: 10 };
  assert.equal(progressLine("delivering", stuck, 60_000), "delivering 0 B of 10 B (0 %), 0 records, 0 B/s");
  const nothing = { records: 0, bytes: 0, totalBytes: 0 };
  assert.equal(progressLine("delivering", nothing, 10), "delivering 0 B of 0 B (100 %), 0 records");
});

test("without a terminal there is a line every ten seconds and one at the end", () => {
  const clock = new ManualClock();
  let written = "";
  const progress = new Progress({ verb: "delivering", clock, surface: "plain", write: (text) => (written += text) });
  for (let i = 0; i < 250; i++) {
    clock.advance(100);
    progress.update(half);
  }
  progress.end(half);
  assert.equal(written.trimEnd().split("\n").length, 3);
  assert.ok(!written.includes("\x1b") && !written.includes("\r"));
});

test("on a terminal the line is redrawn at most five times a second", () => {
  const clock = new ManualClock();
  let drawn = 0;
  const progress = new Progress({ verb: "delivering", clock, surface: "terminal", write: () => drawn++ });
  for (let i = 0; i < 100; i++) {
    progress.update(half);
    clock.advance(10);
  }
  assert.equal(drawn, 5);
});
