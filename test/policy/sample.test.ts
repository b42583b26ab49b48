import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { LEVELS } from "../../src/core/options.ts";
import { HASH_VERSION } from "../../src/core/fate.ts";
import { sampleHash, thinning } from "../../src/policy/sample.ts";

const source = "0123456789abcdeffedcba98";

test("parameters come from the source's first 8 bytes and the rung", () => {
  assert.deepEqual(thinning(source, { keep: 4, always: "warn" }), {
    seedHigh: 0x01234567,
    seedLow: 0x89abcdef,
    threshold: 2 ** 30,
    always: LEVELS.indexOf("warn"),
  });
  assert.equal(thinning(source, { keep: 3, always: undefined }).always, LEVELS.length);
});

test("the hash of version 1 is what it was", () => {
  assert.equal(HASH_VERSION, 1);
  // The published first output of splitmix64 for seed 0. Its first state is the golden gamma.
  assert.equal(sampleHash(0x9e3779b9, 0x7f4a7c15, 0), 0xe220a839);
  assert.equal(sampleHash(0, 0, 0), 0);
});

test("kept shares are 1/n, for one source and across sources, for even and odd n", () => {
  const lines = 20_000;
  for (const keep of [2, 3, 10, 100]) {
    const { seedHigh, seedLow, threshold } = thinning(source, { keep, always: undefined });
    let kept = 0;
    for (let i = 0; i < lines; i++) if (sampleHash(seedHigh, seedLow, i * 137) < threshold) kept++;
    const sigma = Math.sqrt((lines / keep) * (1 - 1 / keep));
    assert.ok(Math.abs(kept - lines / keep) < 4 * sigma, `keep ${keep}: ${kept} of ${lines}`);
  }
});

test("what a small share keeps, a larger one keeps too", () => {
  fc.assert(
    fc.property(
      fc.nat(2 ** 31),
      fc.nat(2 ** 31),
      fc.nat(2 ** 40),
      fc.integer({ min: 2, max: 1000 }),
      (high, low, at, keep) => {
        const hash = sampleHash(high, low, at);
        const { threshold } = thinning(source, { keep, always: undefined });
        const wider = thinning(source, { keep: Math.max(2, Math.floor(keep / 2)), always: undefined });
        assert.ok(hash >= threshold || hash < wider.threshold);
      },
    ),
  );
});
