import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { Fold } from "../../src/ops/fold.ts";

const LIMIT = 3;
const WINDOW = 100;

const calls = fc.array(fc.record({ event: fc.constantFrom("a", "b", "c"), wait: fc.nat(40) }), { maxLength: 200 });

test("every repeat is passed or counted in exactly one summary", () => {
  fc.assert(
    fc.property(calls, (script) => {
      const fold = new Fold(LIMIT, WINDOW);
      let now = 0;
      let accounted = 0;
      for (const { event, wait } of script) {
        now += wait;
        for (const folded of fold.ended(now)) accounted += folded.count;
        if (fold.admit(event, `m${now}`, now) === "pass") accounted++;
      }
      for (const folded of fold.ended(Infinity)) accounted += folded.count;
      assert.equal(accounted, script.length);
      assert.deepEqual(fold.ended(Infinity), []);
    }),
  );
});

test("no event is written more often than the limit in any window that it starts", () => {
  fc.assert(
    fc.property(calls, (script) => {
      const fold = new Fold(LIMIT, WINDOW);
      const passed = new Map<string, number[]>();
      let now = 0;
      for (const { event, wait } of script) {
        now += wait;
        fold.ended(now);
        if (fold.admit(event, "", now) === "fold") continue;
        const times = passed.get(event) ?? [];
        passed.set(event, [...times, now]);
        // A span of this length overlaps at most two windows of the fold.
        assert.ok(times.filter((time) => time > now - WINDOW).length < 2 * LIMIT);
      }
    }),
  );
});

test("the summary tells the last of what was folded, and one event does not fold another", () => {
  const fold = new Fold(1, WINDOW);
  assert.equal(fold.admit("a", "first", 0), "pass");
  assert.equal(fold.admit("a", "second", 1), "fold");
  assert.equal(fold.admit("a", "third", 2), "fold");
  assert.equal(fold.admit("b", "other", 3), "pass");
  assert.deepEqual(fold.ended(WINDOW - 1), []);
  assert.deepEqual(fold.ended(WINDOW + 3), [{ event: "a", count: 2, last: "third", subjects: [] }]);
  assert.equal(fold.admit("a", "again", WINDOW + 4), "pass");
});

test("a summary names what the folded messages were about, each once", () => {
  const fold = new Fold(1, WINDOW);
  for (const about of ["a", "b", "c", "b", undefined]) fold.admit("x", "m", 0, about);
  assert.deepEqual(fold.ended(WINDOW), [{ event: "x", count: 4, last: "m", subjects: ["b", "c"] }]);
  for (let i = 0; i < 1000; i++) fold.admit("x", "m", WINDOW, `${i}`);
  assert.equal(fold.ended(Infinity)[0]?.subjects.length, 64);
});
