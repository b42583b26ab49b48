import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import type { DropRung, Ladder } from "../../src/core/options.ts";
import { acting, admissible, excess, turnsAway } from "../../src/policy/acting.ts";
import type { Gate } from "../../src/policy/gate.ts";
import { standing } from "../../src/policy/keeper.ts";
import { DEFAULT, anyLadder, block, drop, rateLimit, sample } from "./ladders.ts";

const at = (ladder: Ladder, rung: number, gate: Gate = "shut") => acting(ladder, { ...standing(0), rung, gate });
const names = (now: ReturnType<typeof acting>) =>
  [now.block, now.sample, now.rate, now.drop].flatMap((rung) => (rung ? [rung.action] : []));

const cases: readonly (readonly [name: string, Ladder, rung: number, Gate, intake: string, acts: readonly string[]])[] =
  [
    ["accept", DEFAULT, 0, "shut", "open", []],
    ["block", DEFAULT, 1, "shut", "wait", ["block"]],
    ["an open gate", DEFAULT, 1, "at-risk", "at-risk", ["block"]],
    ["sample above the gate", DEFAULT, 2, "at-risk", "at-risk", ["block", "sample"]],
    ["drop-oldest keeps sample going", DEFAULT, 3, "open", "open", ["block", "sample", "drop-oldest"]],
    ["a shut gate silences what is above it", DEFAULT, 3, "shut", "wait", ["block"]],
    [
      "a shut gate leaves what is below it",
      [sample(0.5, 0.4), block(0.7, 0.6)],
      2,
      "shut",
      "wait",
      ["block", "sample"],
    ],
    [
      "shedding without a block",
      [rateLimit(0.5, 0.4), drop("random", 0.9, 0.8)],
      2,
      "shut",
      "open",
      ["rate-limit", "drop-random"],
    ],
    ["the highest drop acts", [drop("newest", 0.8, 0.7), drop("oldest", 0.9, 0.8)], 2, "shut", "open", ["drop-oldest"]],
  ];
for (const [name, ladder, rung, gate, intake, acts] of cases) {
  test(name, () => {
    const now = at(ladder, rung, gate);
    assert.equal(now.intake, intake);
    assert.deepEqual(names(now), acts);
  });
}

test("cumulative: a higher rung never takes a lower one's shedding away", () => {
  const gates = fc.constantFrom<Gate>("shut", "at-risk", "open");
  fc.assert(
    fc.property(anyLadder, gates, (ladder, gate) => {
      for (let rung = 1; rung <= ladder.length; rung++) {
        const above = names(at(ladder, rung, gate));
        const below = names(at(ladder, rung - 1, gate));
        for (const action of below) {
          assert.ok(above.includes(action) || (action.startsWith("drop-") && above.some((a) => a.startsWith("drop-"))));
        }
      }
    }),
  );
});

test("what may be read: everything, what exceeds the limit at risk, nothing", () => {
  const ladder = [block(0.7, 0.6, { atRisk: 1000 })];
  assert.equal(admissible(at(ladder, 0), 5000), Infinity);
  assert.equal(admissible(at(ladder, 1), 5000), 0);
  assert.equal(admissible(at(ladder, 1, "at-risk"), 5000), 4000);
  assert.equal(admissible(at(ladder, 1, "open"), 0), Infinity);
});

test("evicting takes what lies above `enter` and no more", () => {
  const oldest = drop("oldest", 0.95, 0.85) as DropRung;
  assert.equal(excess(oldest, 970, 1000), 20);
  assert.equal(excess(oldest, 940, 1000), 0);
  assert.equal(excess(drop("newest", 0.95, 0.85) as DropRung, 1000, 1000), 0);
  assert.equal(turnsAway(drop("newest", 0.95, 0.85) as DropRung, 0.95), true);
  assert.equal(turnsAway(drop("newest", 0.95, 0.85) as DropRung, 0.94), false, "there is room");
  assert.equal(turnsAway(oldest, 1), false);
});
