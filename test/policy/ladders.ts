// Ladders for the policy tests: named ones, and an arbitrary that generates any valid ladder.
import fc from "../helpers/fc.ts";
import type { Ladder, Rung } from "../../src/core/options.ts";

const MIB = 2 ** 20;
const marks = (enter: number, leave: number) => ({ enter, leave, notify: undefined });

export const block = (enter: number, leave: number, until?: { waited?: number; atRisk?: number }): Rung => ({
  action: "block",
  ...marks(enter, leave),
  until: until && { waited: until.waited, atRisk: until.atRisk },
});
export const sample = (enter: number, leave: number, keep = 4): Rung => ({
  action: "sample",
  ...marks(enter, leave),
  keep,
  always: "warn",
});
export const rateLimit = (enter: number, leave: number, excess: "wait" | "drop" = "wait"): Rung => ({
  action: "rate-limit",
  ...marks(enter, leave),
  rate: 1e6,
  burst: 2e6,
  excess,
});
export const drop = (how: "oldest" | "newest" | "random", enter: number, leave: number): Rung => ({
  action: `drop-${how}`,
  ...marks(enter, leave),
});

/** The ladder of the shipped configuration. */
export const DEFAULT: Ladder = [block(0.7, 0.6, { atRisk: 256 * MIB }), sample(0.85, 0.7), drop("oldest", 0.95, 0.85)];

const MAKERS: readonly ((enter: number, leave: number) => Rung)[] = [
  (enter, leave) => block(enter, leave, { atRisk: 100 }),
  (enter, leave) => block(enter, leave, { waited: 20_000 }),
  (enter, leave) => sample(enter, leave),
  (enter, leave) => rateLimit(enter, leave),
  (enter, leave) => rateLimit(enter, leave, "drop"),
  (enter, leave) => drop("newest", enter, leave),
  (enter, leave) => drop("random", enter, leave),
  (enter, leave) => drop("oldest", enter, leave),
];

/** Marks are in whole percent, so that equal marks occur too. */
export const anyLadder: fc.Arbitrary<Ladder> = fc
  .record({
    makers: fc.shuffledSubarray([...MAKERS], { minLength: 0, maxLength: 5 }),
    enters: fc.uniqueArray(fc.integer({ min: 2, max: 100 }), { minLength: 5, maxLength: 5 }),
    gaps: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 5, maxLength: 5 }),
  })
  .map(({ makers, enters, gaps }) => {
    const rising = enters.toSorted((a, b) => a - b);
    let leave = 0;
    const rungs = makers.map((make, i) => {
      const enter = rising[i] as number;
      leave = Math.max(leave, Math.min(enter - 1, enter - (gaps[i] as number)));
      return make(enter / 100, leave / 100);
    });
    return rungs.filter((rung, i) => rungs.findIndex((other) => other.action === rung.action) === i);
  });

export const anyUtilization = fc.integer({ min: 0, max: 110 }).map((n) => n / 100);
