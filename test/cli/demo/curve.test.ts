import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { curveStart, levels, renderAxis, renderCurve } from "../../../src/cli/demo/curve.ts";
import { ASCII } from "../../../src/cli/terminal/glyphs.ts";
import { LADDER } from "./played.ts";

const FRAME = { width: 20, height: 10, spanMs: 20_000, glyphs: ASCII };

test("levels fall from 100 % through every mark, and there are as many as asked for", () => {
  const mark = fc.integer({ min: 5, max: 99 }).map((n) => n / 100);
  fc.assert(
    fc.property(fc.uniqueArray(mark, { maxLength: 5 }), (marks) => {
      const all = levels(marks, 10);
      assert.equal(all.length, 10);
      assert.deepEqual(
        all,
        [...new Set(all)].sort((a, b) => b - a),
      );
      for (const one of [1, ...marks]) assert.ok(all.includes(one));
    }),
  );
});

test("a column is as high as the highest utilization of its time", () => {
  const points = [
    { atMs: 0, utilization: 0.1 },
    { atMs: 5000, utilization: 0.96 },
    { atMs: 5500, utilization: 0.2 },
  ];
  const lines = renderCurve(points, LADDER, 7000, FRAME);
  const heights = Array.from({ length: 20 }, (_, i) => lines.filter((line) => line[5 + i] === "#").length);
  assert.deepEqual(heights.slice(0, 9), [1, 1, 1, 1, 1, 9, 9, 9, 0]);
});

test("the picture slides when its time is over", () => {
  assert.equal(curveStart(19_000, 20_000), 0);
  assert.equal(curveStart(50_000, 20_000), 30_000);
  const lines = renderCurve([{ atMs: 1000, utilization: 1 }], LADDER, 50_000, FRAME);
  assert.ok(lines.every((line) => !line.includes("#")));
  assert.match(renderAxis(50_000, FRAME)[1], /^ {5}30s +40s +50s $/);
});
