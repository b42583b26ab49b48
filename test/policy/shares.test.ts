import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { laddersInUse, shareBytes, shareFault, shareRatios } from "../../src/policy/shares.ts";

test("one ladder has the whole", () => {
  assert.deepEqual([...shareRatios({}, ["default"])], [["default", 1]]);
});

test("named shares first, the rest equally, ladders out of use not at all", () => {
  const ratios = shareRatios({ audit: 0.3, unused: 0.5 }, ["default", "audit", "debug"]);
  assert.deepEqual(
    [...ratios],
    [
      ["default", 0.35],
      ["audit", 0.3],
      ["debug", 0.35],
    ],
  );
});

test("named shares alone are scaled to the whole", () => {
  assert.deepEqual(
    [...shareRatios({ a: 0.2, b: 0.6 }, ["a", "b"])].map(([, r]) => Number(r.toFixed(6))),
    [0.25, 0.75],
  );
});

test("ladders in use come once, in the order of the inputs", () => {
  assert.deepEqual(laddersInUse([{ policy: "b" }, { policy: "a" }, { policy: "b" }]), ["b", "a"]);
});

test("shares that leave nothing, or exceed the whole, are refused", () => {
  assert.equal(shareFault({ a: 0.3 }, ["a", "b"]), undefined);
  assert.equal(shareFault({ a: 0.5, b: 0.5 }, ["a", "b"]), undefined);
  assert.match(shareFault({ a: 0.7, b: 0.5 }, ["a", "b"]) ?? "", /120%, more than the whole/);
  assert.match(shareFault({ a: 1 }, ["a", "b"]) ?? "", /nothing is left for `b`/);
});

const anyShares = fc.integer({ min: 1, max: 6 }).chain((n) =>
  fc.record({
    inUse: fc.constant(Array.from({ length: n }, (_, i) => `p${i}`)),
    named: fc.array(fc.integer({ min: 1, max: 15 }), { minLength: 0, maxLength: n }),
    budget: fc.integer({ min: 0, max: 2 ** 40 }),
  }),
);

test("shares are whole bytes, none negative, and add up to the budget", () => {
  fc.assert(
    fc.property(anyShares, ({ inUse, named, budget }) => {
      const ratios = shareRatios(Object.fromEntries(named.map((n, i) => [`p${i}`, n / 100])), inUse);
      const shares = [...shareBytes(ratios, budget).values()];
      assert.ok(shares.every((bytes) => Number.isInteger(bytes) && bytes >= 0));
      assert.equal(
        shares.reduce((sum, bytes) => sum + bytes, 0),
        budget,
      );
      for (const [i, ratio] of [...ratios.values()].entries()) {
        assert.ok(Math.abs((shares[i] as number) - ratio * budget) <= 1 + budget * 1e-9);
      }
    }),
  );
});
