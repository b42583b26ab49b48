import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import type { Ladder } from "../../src/core/options.ts";
import { HOLD_MS, type Standing, count, decide, standing, transition } from "../../src/policy/keeper.ts";
import { climb } from "../../src/policy/ladder.ts";
import { DEFAULT, anyLadder, block, drop, sample } from "./ladders.ts";

const calm = (utilization: number) => ({ utilization, atRiskBytes: 0 });

function run(
  ladder: Ladder,
  looks: readonly (readonly [atMs: number, utilization: number, atRisk?: number])[],
): Standing {
  return looks.reduce(
    (state, [atMs, utilization, atRiskBytes = 0]) => decide(ladder, state, { utilization, atRiskBytes }, atMs),
    standing(0),
  );
}

test("the same object comes back when nothing changed", () => {
  const before = run(DEFAULT, [[1000, 0.75]]);
  assert.equal(decide(DEFAULT, before, calm(0.72), 2000), before);
});

test("up at once and as far as it goes, down after the hold and as far as it goes", () => {
  const up = run(DEFAULT, [[1000, 0.99]]);
  assert.equal(up.rung, 3);
  assert.equal(decide(DEFAULT, up, calm(0.01), 1000 + HOLD_MS - 1).rung, 3);
  const down = decide(DEFAULT, up, calm(0.01), 1000 + HOLD_MS);
  assert.equal(down.rung, 0);
  assert.equal(down.sinceMs, 1000 + HOLD_MS);
});

test("what is empty is not held: a record that is larger than the first mark keeps the next one waiting for nothing", () => {
  const up = run(DEFAULT, [[1000, 0.99]]);
  assert.deepEqual([decide(DEFAULT, up, calm(0.001), 1001).rung, decide(DEFAULT, up, calm(0), 1001).rung], [3, 0]);
});

test("a step up begins the hold again; a rung reached from above owes none", () => {
  const looks = [
    [0, 0.75],
    [4900, 0.86],
    [5100, 0.5],
  ] as const;
  assert.equal(run(DEFAULT, looks).rung, 2, "sample was entered 200 ms ago");
  assert.equal(run(DEFAULT, [...looks, [9900, 0.65]]).rung, 1);
  assert.equal(run(DEFAULT, [...looks, [9900, 0.65], [9901, 0.5]]).rung, 0);
});

test("transitions are values", () => {
  const up = run(DEFAULT, [[3000, 0.86]]);
  const step = { from: "accept", to: "sample", atMs: 3000, utilization: 0.86, stoodMs: 3000 };
  assert.deepEqual(transition(DEFAULT, standing(0), up, 0.86), step);
  assert.equal(transition(DEFAULT, up, decide(DEFAULT, up, calm(0.8), 4000), 0.8), undefined);
});

test("seconds per action and seconds of waiting add up", () => {
  const looks = [
    [1000, 0.75],
    [4000, 0.86, 2 ** 30],
    [20_000, 0.5],
  ] as const;
  const end = count(DEFAULT, run(DEFAULT, looks), 30_000);
  assert.deepEqual(end.msPerAction, { accept: 11_000, block: 3000, sample: 16_000 });
  assert.equal(end.blockedMs, 3000, "the gate opened at 4 s");
});

test("the gate stays open until the ladder accepts again, also below `block`", () => {
  const ladder = [sample(0.5, 0.4), block(0.7, 0.6, { atRisk: 1000 }), drop("oldest", 0.95, 0.85)];
  const open = run(ladder, [[0, 0.75, 5000]]);
  assert.equal(open.gate, "at-risk");
  const below = decide(ladder, open, calm(0.55), 6000);
  assert.deepEqual([below.rung, below.gate], [1, "at-risk"]);
  const again = decide(ladder, below, calm(0.75), 12_000);
  assert.deepEqual([again.rung, again.gate], [2, "at-risk"]);
  const accepts = decide(ladder, again, calm(0.1), 20_000);
  assert.deepEqual([accepts.rung, accepts.gate], [0, "shut"]);
  assert.equal(decide(ladder, accepts, calm(0.75), 30_000).gate, "shut");
});

test("`waited` counts from the moment at which block was entered, through the rungs above", () => {
  const ladder = [block(0.7, 0.6, { waited: 10_000 }), sample(0.85, 0.7)];
  const looks = [
    [1000, 0.75],
    [6000, 0.9],
  ] as const;
  assert.equal(run(ladder, [...looks, [10_999, 0.75]]).gate, "shut");
  assert.equal(run(ladder, [...looks, [11_000, 0.75]]).gate, "open");
});

/** Uniform numbers. By default, fast-check prefers numbers near the ends, so that marks are hardly ever crossed. */
const evenly = (min: number, max: number) => fc.noBias(fc.integer({ min, max }));

/** A buffer that alternately fills and drains, at most at the given rates, observed every `tickMs`. */
const anyWorld = fc.record({
  ladder: anyLadder,
  /** Share of the budget per second. */
  fill: evenly(5, 500).map((n) => n / 1000),
  drain: evenly(5, 500).map((n) => n / 1000),
  tickMs: evenly(20, 2000),
  phases: fc.array(fc.record({ ticks: evenly(1, 60), pace: evenly(10, 100), atRiskBytes: evenly(0, 150) }), {
    minLength: 6,
    maxLength: 20,
  }),
});

interface World {
  readonly ladder: Ladder;
  readonly fill: number;
  readonly drain: number;
  readonly tickMs: number;
  readonly phases: readonly { readonly ticks: number; readonly pace: number; readonly atRiskBytes: number }[];
}
interface Look {
  readonly now: number;
  readonly utilization: number;
  readonly before: Standing;
  readonly after: Standing;
}

function* walk({ ladder, fill, drain, tickMs, phases }: World): Generator<Look> {
  let state = standing(0);
  let utilization = 0;
  let now = 0;
  for (const [i, { ticks, pace, atRiskBytes }] of phases.entries()) {
    const growth = ((i % 2 === 0 ? fill : -drain) * pace * tickMs) / 100_000;
    for (let tick = 0; tick < ticks; tick++) {
      now += tickMs;
      utilization = Math.min(1, Math.max(0, utilization + growth));
      const after = decide(ladder, state, { utilization, atRiskBytes }, now);
      yield { now, utilization, before: state, after };
      state = after;
    }
  }
}

test("no flapping: opposite transitions are as far apart as the gap between the marks takes to drain or fill", () => {
  let turns = 0;
  fc.assert(
    fc.property(anyWorld, (world) => {
      const { ladder, fill, drain } = world;
      let last: { at: number; direction: number; to: number } | undefined;
      for (const { now, utilization, before, after } of walk(world)) {
        if (after.rung === before.rung) continue;
        const direction = Math.sign(after.rung - before.rung);
        if (last && last.direction !== direction) {
          turns++;
          // The mark of the rung between the two: entered and then left, or left and then entered.
          const mark = ladder[direction > 0 ? last.to : last.to - 1];
          assert.ok(mark);
          const gapMs = ((mark.enter - mark.leave) / (direction > 0 ? fill : drain)) * 1000;
          assert.ok(now - last.at >= gapMs - 1e-6, `${now - last.at} ms after, the gap takes ${gapMs} ms`);
          if (direction < 0 && utilization > 0) assert.ok(now - last.at >= HOLD_MS);
        }
        last = { at: now, direction, to: after.rung };
      }
    }),
    { numRuns: 500 },
  );
  assert.ok(turns > 500, `the walk has to turn to prove anything: ${turns}`);
});

test("the way up never waits, the way down waits for nothing but the hold", () => {
  fc.assert(
    fc.property(anyWorld, (world) => {
      for (const { now, utilization, before, after } of walk(world)) {
        const free = climb(world.ladder, before.rung, utilization);
        if (free >= before.rung || utilization === 0 || now - before.raisedMs >= HOLD_MS)
          assert.equal(after.rung, free);
        else assert.equal(after.rung, before.rung);
      }
    }),
  );
});

test("the gate never shuts before accept, and is shut at accept", () => {
  let opened = 0;
  fc.assert(
    fc.property(anyWorld, (world) => {
      for (const { before, after } of walk(world)) {
        if (before.gate !== "shut") opened++;
        if (before.gate !== "shut" && after.rung > 0) assert.notEqual(after.gate, "shut");
        if (after.rung === 0) assert.equal(after.gate, "shut");
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(opened > 100);
});

test("times per action add up to the time that has passed", () => {
  fc.assert(
    fc.property(anyWorld, (world) => {
      let end = { now: 0, after: standing(0) };
      for (const look of walk(world)) end = look;
      const counted = count(world.ladder, end.after, end.now);
      const sum = Object.values(counted.msPerAction).reduce((total, ms) => total + ms, 0);
      assert.ok(Math.abs(sum - end.now) < 1e-6);
      assert.ok(counted.blockedMs <= sum);
    }),
  );
});
