import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { BACKOFF, backoff } from "../../src/pipeline/backoff.ts";

const failures = fc.integer({ min: 1, max: 10_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("a wait lies between nothing and the doubled base, and never above the cap", () => {
  fc.assert(
    fc.property(failures, random, (n, r) => {
      const wait = backoff(n, r);
      assert.ok(wait >= 0 && wait <= Math.min(BACKOFF.cap, BACKOFF.base * 2 ** Math.min(n - 1, 60)));
    }),
  );
});

test("the bound grows with the failures until it reaches the cap", () => {
  const bounds = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => backoff(n, 1));
  assert.deepEqual(bounds, [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
});

test("the jitter is full: the whole span is used", () => {
  assert.equal(backoff(5, 0), 0);
  assert.equal(backoff(5, 0.5), 4000);
});

test("no wait is shorter than what the server asked for, and none is endless", () => {
  fc.assert(
    fc.property(failures, random, fc.integer({ min: 0, max: 2 ** 40 }), (n, r, asked) => {
      const wait = backoff(n, r, asked);
      assert.ok(wait >= Math.min(asked, BACKOFF.cap) && wait <= 2 * BACKOFF.cap);
    }),
  );
});
