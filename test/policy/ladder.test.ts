import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import type { Ladder } from "../../src/core/options.ts";
import { actionOf, climb, ladderFaults } from "../../src/policy/ladder.ts";
import { DEFAULT, anyLadder, anyUtilization, block, drop, sample } from "./ladders.ts";

const steps: readonly (readonly [rung: number, utilization: number, next: number])[] = [
  [0, 0, 0],
  [0, 0.699, 0],
  [0, 0.7, 1],
  [0, 0.86, 2],
  [0, 1, 3],
  [1, 0.6, 1],
  [1, 0.599, 0],
  [2, 0.7, 2],
  [2, 0.69, 1],
  [3, 0.85, 3],
  [3, 0.84, 2],
  [3, 0.1, 0],
];
for (const [rung, utilization, next] of steps) {
  test(`from rung ${rung} at ${utilization} to ${next}`, () => assert.equal(climb(DEFAULT, rung, utilization), next));
}

test("a ladder without rungs accepts", () => {
  assert.equal(climb([], 0, 1), 0);
  assert.equal(actionOf([], 0), "accept");
  assert.deepEqual(
    [0, 1, 2, 3].map((rung) => actionOf(DEFAULT, rung)),
    ["accept", "block", "sample", "drop-oldest"],
  );
});

const anyRung = (ladder: Ladder) => fc.integer({ min: 0, max: ladder.length });
const ladderAndRungs = anyLadder.chain((ladder) => fc.tuple(fc.constant(ladder), anyRung(ladder), anyRung(ladder)));

test("made ladders have no faults", () => {
  fc.assert(fc.property(anyLadder, (ladder) => assert.deepEqual(ladderFaults(ladder), [])));
});

test("climb is idempotent, and where it ends the marks hold", () => {
  fc.assert(
    fc.property(ladderAndRungs, anyUtilization, ([ladder, rung], utilization) => {
      const at = climb(ladder, rung, utilization);
      assert.equal(climb(ladder, at, utilization), at);
      assert.ok(at >= 0 && at <= ladder.length);
      assert.ok(at === ladder.length || utilization < (ladder[at]?.enter ?? 0));
      assert.ok(at === 0 || utilization >= (ladder[at - 1]?.leave ?? 1));
    }),
  );
});

test("climb is monotone in utilization and in the rung", () => {
  fc.assert(
    fc.property(ladderAndRungs, anyUtilization, anyUtilization, ([ladder, a, b], u, v) => {
      assert.ok(climb(ladder, a, Math.min(u, v)) <= climb(ladder, a, Math.max(u, v)));
      assert.ok(climb(ladder, Math.min(a, b), u) <= climb(ladder, Math.max(a, b), u));
    }),
  );
});

test("no step up and step down for one utilization, from wherever", () => {
  fc.assert(
    fc.property(ladderAndRungs, anyUtilization, ([ladder, rung], utilization) => {
      const next = climb(ladder, rung, utilization);
      if (next > rung) assert.ok(utilization >= (ladder[next - 1]?.enter ?? 1));
      if (next < rung) assert.ok(utilization < (ladder[next]?.leave ?? 0));
    }),
  );
});

const wrong: readonly (readonly [name: string, ladder: Ladder, code: string, at: number, key: string])[] = [
  ["leave at enter", [block(0.7, 0.7)], "leave-not-below-enter", 0, "leave"],
  ["leave above enter", [block(0.7, 0.75)], "leave-not-below-enter", 0, "leave"],
  ["enter falls", [block(0.8, 0.6, { waited: 1 }), sample(0.7, 0.65)], "marks-out-of-order", 1, "enter"],
  ["enter twice", [block(0.8, 0.6, { waited: 1 }), sample(0.8, 0.65)], "marks-out-of-order", 1, "enter"],
  ["leave falls", [block(0.7, 0.6, { waited: 1 }), sample(0.8, 0.5)], "marks-out-of-order", 1, "leave"],
  ["one action twice", [sample(0.7, 0.6), sample(0.8, 0.7, 8)], "duplicate-action", 1, "action"],
  ["above a gate that never opens", [block(0.7, 0.6), drop("oldest", 0.9, 0.8)], "unreachable-rung", 1, "action"],
];
for (const [name, ladder, code, at, key] of wrong) {
  test(`refused: ${name}`, () => {
    const [fault, ...others] = ladderFaults(ladder);
    assert.deepEqual([fault?.code, fault?.at, fault?.key, others.length], [code, at, key, 0]);
  });
}

test("a rung that flaps by itself is not also called out of order", () => {
  const codes = ladderFaults([block(0.7, 0.75, { waited: 1 }), sample(0.72, 0.6)]).map((fault) => fault.code);
  assert.deepEqual(codes, ["leave-not-below-enter"]);
});

test("sentences name values and remedies", () => {
  const [fault] = ladderFaults([block(0.7, 0.75)]);
  assert.equal(fault?.message, "`leave` 75% is not below `enter` 70%: the rung would flap");
  assert.equal(fault?.help, "`leave: 60%`");
});
