import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { ConcurrencyLimiter, MAX_CONCURRENCY } from "../../src/pipeline/concurrency.ts";
import type { Finished } from "../../src/pipeline/concurrency.ts";

const BATCH = 5 * 1024 * 1024;

/** Runs rounds of as many requests as the limit allows. `latency` gives their duration for that many at once. */
function rounds(limiter: ConcurrencyLimiter, count: number, latency: (atOnce: number) => number, from = 0): number {
  let now = from;
  for (let i = 0; i < count; i++) {
    const atOnce = limiter.limit;
    const startedAt = now;
    now += latency(atOnce);
    for (let k = 0; k < atOnce; k++)
      limiter.finished({ load: "taken", bytes: BATCH, startedAt, endedAt: now, inFlight: atOnce });
  }
  return now;
}

test("rises by about one a round while requests cost what they always did", () => {
  const limiter = new ConcurrencyLimiter("auto");
  const before = limiter.limit;
  rounds(limiter, 3, () => 100);
  assert.ok(limiter.limit >= before + 2 && limiter.limit <= before + 4, `${before} -> ${limiter.limit}`);
});

test("stops rising where more requests only queue", () => {
  // A server that handles four requests at once. With more, latency grows with their number.
  const limiter = new ConcurrencyLimiter("auto");
  rounds(limiter, 200, (atOnce) => 100 * Math.max(1, atOnce / 4));
  assert.ok(limiter.limit >= 4 && limiter.limit <= 9, `${limiter.limit}`);
});

test("does not rise while less is used than allowed", () => {
  const limiter = new ConcurrencyLimiter("auto");
  const before = limiter.limit;
  for (let i = 0; i < 100; i++)
    limiter.finished({ load: "taken", bytes: BATCH, startedAt: i, endedAt: i + 1, inFlight: 1 });
  assert.equal(limiter.limit, before);
});

test("small batches of a quiet hour set no minimum that full ones cannot meet", () => {
  const limiter = new ConcurrencyLimiter("auto");
  for (let i = 0; i < 50; i++)
    limiter.finished({ load: "taken", bytes: 1000, startedAt: i * 10, endedAt: i * 10 + 2, inFlight: 1 });
  const before = limiter.limit;
  rounds(limiter, 5, () => 400, 1000);
  assert.ok(limiter.limit > before);
});

test("believes a server that became slower for good", () => {
  const limiter = new ConcurrencyLimiter("auto");
  const then = rounds(limiter, 2, () => 50);
  const before = limiter.limit;
  rounds(limiter, 300, () => 500, then);
  assert.ok(limiter.limit > before);
});

test("one overload that many requests have met halves once", () => {
  const limiter = new ConcurrencyLimiter("auto");
  rounds(limiter, 100, () => 100);
  assert.equal(limiter.limit, MAX_CONCURRENCY);
  for (let i = 0; i < 16; i++)
    limiter.finished({ load: "overloaded", bytes: BATCH, startedAt: 20_000 + i, endedAt: 20_100 + i, inFlight: 16 });
  assert.equal(limiter.limit, MAX_CONCURRENCY / 2);
  limiter.finished({ load: "overloaded", bytes: BATCH, startedAt: 20_200, endedAt: 20_300, inFlight: 8 });
  assert.equal(limiter.limit, MAX_CONCURRENCY / 4);
});

test("a fixed number stays", () => {
  const limiter = new ConcurrencyLimiter(3);
  limiter.finished({ load: "overloaded", bytes: BATCH, startedAt: 0, endedAt: 1, inFlight: 3 });
  rounds(limiter, 10, () => 1);
  assert.equal(limiter.limit, 3);
});

test("whatever happens the limit is a whole number between 1 and the maximum", () => {
  const request: fc.Arbitrary<Finished> = fc.record({
    load: fc.constantFrom("taken", "overloaded"),
    bytes: fc.integer({ min: 1, max: 2 ** 27 }),
    startedAt: fc.integer({ min: 0, max: 200_000 }),
    endedAt: fc.integer({ min: 200_000, max: 400_000 }),
    inFlight: fc.integer({ min: 1, max: 64 }),
  });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 200 }), (requests) => {
      const limiter = new ConcurrencyLimiter("auto");
      for (const one of requests) {
        limiter.finished(one);
        assert.ok(Number.isInteger(limiter.limit) && limiter.limit >= 1 && limiter.limit <= MAX_CONCURRENCY);
      }
    }),
  );
});
