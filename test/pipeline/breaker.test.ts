import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { CircuitBreaker, type Pass } from "../../src/pipeline/breaker.ts";

/** Reports a failed request that began and ended at these times. */
function failed(breaker: CircuitBreaker, startedAt: number, endedAt: number, askedMs = 0): void {
  breaker.ended({ startedAt, trial: false }, "failed", endedAt, askedMs);
}

/** A breaker that is open after failures in a row. */
function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker(() => 0.5);
  for (const at of [0, 10, 20]) failed(breaker, at, at + 5);
  assert.equal(breaker.circuit, "open");
  return breaker;
}

const pass = (breaker: CircuitBreaker, now = breaker.retryAt): Pass => {
  const given = breaker.pass(now);
  assert.ok(given);
  return given;
};

test("opens after three failures in a row, not before", () => {
  const breaker = new CircuitBreaker(() => 0.5);
  failed(breaker, 0, 5);
  failed(breaker, 10, 15);
  assert.equal(breaker.circuit, "closed");
  breaker.ended({ startedAt: 16, trial: false }, "answered", 17);
  failed(breaker, 20, 25);
  failed(breaker, 30, 35);
  assert.equal(breaker.circuit, "closed");
  failed(breaker, 40, 45);
  assert.equal(breaker.circuit, "open");
});

test("requests that fail together count once", () => {
  const breaker = new CircuitBreaker(() => 0.5);
  for (let i = 0; i < 16; i++) failed(breaker, 0, 90_000 + i);
  assert.equal(breaker.circuit, "closed");
});

test("while open nothing goes; then exactly one tries", () => {
  const breaker = opened();
  assert.equal(breaker.pass(breaker.retryAt - 1), undefined);
  assert.ok(!breaker.wouldPass(breaker.retryAt - 1) && breaker.wouldPass(breaker.retryAt));
  assert.equal(breaker.circuit, "open", "asking is not passing");
  assert.equal(pass(breaker).trial, true);
  assert.equal(breaker.circuit, "half-open");
  assert.equal(breaker.pass(breaker.retryAt + 1), undefined);
});

test("the trial closes it, or opens it for longer", () => {
  const good = opened();
  good.ended(pass(good), "answered", good.retryAt + 1);
  assert.equal(good.circuit, "closed");
  assert.equal(pass(good, 0).trial, false);

  const bad = opened();
  const first = bad.retryAt - 25;
  const trial = bad.retryAt;
  bad.ended(pass(bad), "failed", trial + 1);
  assert.equal(bad.circuit, "open");
  assert.ok(bad.retryAt - (trial + 1) > first);
});

test("a straggler from before does not open it anew, and its answer closes it", () => {
  const breaker = opened();
  pass(breaker);
  failed(breaker, 1, breaker.retryAt + 1);
  assert.equal(breaker.circuit, "half-open");
  breaker.ended({ startedAt: 2, trial: false }, "answered", breaker.retryAt + 2);
  assert.equal(breaker.circuit, "closed");
});

test("a trial given up at a stop leaves room for the next, at once", () => {
  const breaker = opened();
  const now = breaker.retryAt;
  breaker.ended(pass(breaker), "abandoned", now + 1);
  assert.ok(breaker.pass(now + 1)?.trial);
  const closed = new CircuitBreaker(() => 0.5);
  for (let i = 0; i < 5; i++) closed.ended({ startedAt: 10 * i, trial: false }, "abandoned", 10 * i + 5);
  assert.equal(closed.circuit, "closed");
});

test("what the server asked for is kept, by the failure that opens it and by the trial", () => {
  const breaker = new CircuitBreaker(() => 0.5);
  for (const at of [0, 10, 20]) failed(breaker, at, at + 5, 12_000);
  assert.ok(breaker.retryAt >= 12_025);
  const now = breaker.retryAt;
  breaker.ended(pass(breaker), "failed", now, 12_000);
  assert.ok(breaker.retryAt >= now + 12_000);
});

test("half-open lasts as long as its request: never more than one trial, and open is left only by it or an answer", () => {
  const step = fc.constantFrom("pass", "answered", "failed", "abandoned");
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.integer({ min: 1, max: 40_000 })), { maxLength: 200 }), (steps) => {
      const breaker = new CircuitBreaker(() => 0.5);
      let now = 0;
      const underWay: Pass[] = [];
      for (const [action, ms] of steps) {
        now += ms;
        const before = breaker.circuit;
        if (action === "pass") {
          const given = breaker.pass(now);
          if (!given) continue;
          assert.notEqual(before, "half-open");
          if (before === "open") assert.ok(now >= breaker.retryAt && given.trial);
          underWay.push(given);
        } else {
          const ended = underWay.shift();
          if (ended === undefined) continue;
          breaker.ended(ended, action, now);
          if (before === "open" && action !== "answered") assert.equal(breaker.circuit, "open");
        }
        if (breaker.circuit === "half-open") assert.equal(underWay.filter(({ trial }) => trial).length >= 1, true);
      }
    }),
  );
});

test("while one request tries, its end is waited for and no time", () => {
  const breaker = new CircuitBreaker(() => 0.5);
  for (const at of [0, 1000, 2000]) breaker.ended({ startedAt: at, trial: false }, "failed", at + 1);
  const from = breaker.retryAt;
  assert.equal(breaker.waitMs(from - 10), 10);
  const pass = breaker.pass(from);
  assert.equal(breaker.waitMs(from + 5), Infinity);
  assert.ok(pass);
  breaker.ended(pass, "answered", from + 6);
  assert.ok(breaker.waitMs(from + 7) <= 0);
});
