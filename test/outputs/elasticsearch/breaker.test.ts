import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { CircuitBreaker } from "../../../src/outputs/elasticsearch/breaker.ts";

/** A breaker that failed so often in a row that it is open. */
function opened(random = 0.5): CircuitBreaker {
  const breaker = new CircuitBreaker(() => random);
  for (const at of [0, 10, 20]) breaker.failed(at, at + 5);
  assert.equal(breaker.circuit, "open");
  return breaker;
}

test("opens after three failures in a row, not before", () => {
  const breaker = new CircuitBreaker(() => 0.5);
  breaker.failed(0, 5);
  breaker.failed(10, 15);
  assert.equal(breaker.circuit, "closed");
  breaker.succeeded();
  breaker.failed(20, 25);
  breaker.failed(30, 35);
  assert.equal(breaker.circuit, "closed");
  breaker.failed(40, 45);
  assert.equal(breaker.circuit, "open");
});

test("requests that fail together count once", () => {
  const breaker = new CircuitBreaker(() => 0.5);
  for (let i = 0; i < 16; i++) breaker.failed(0, 90_000 + i);
  assert.equal(breaker.circuit, "closed");
});

test("while open nothing goes; then exactly one tries", () => {
  const breaker = opened();
  assert.equal(breaker.admit(breaker.retryAt - 1), false);
  assert.equal(breaker.admit(breaker.retryAt), true);
  assert.equal(breaker.circuit, "half-open");
  assert.equal(breaker.admit(breaker.retryAt + 1), false);
});

test("the trial closes it, or opens it for longer", () => {
  const good = opened();
  good.admit(good.retryAt);
  good.succeeded();
  assert.equal(good.circuit, "closed");

  const bad = opened();
  const first = bad.retryAt - 25;
  const trial = bad.retryAt;
  bad.admit(trial);
  bad.failed(trial, trial + 1);
  assert.equal(bad.circuit, "open");
  assert.ok(bad.retryAt - (trial + 1) > first);
});

test("a straggler from before does not decide for the trial", () => {
  const breaker = opened();
  breaker.admit(breaker.retryAt);
  breaker.failed(1, breaker.retryAt + 1);
  assert.equal(breaker.circuit, "half-open");
});

test("a trial given up at shutdown leaves room for the next", () => {
  const breaker = opened();
  const now = breaker.retryAt;
  breaker.admit(now);
  breaker.abandoned(now + 1);
  assert.equal(breaker.admit(now + 1), true);
});

test("a denial opens at once, and Retry-After is kept", () => {
  const denied = new CircuitBreaker(() => 0.5);
  denied.denied(100);
  assert.equal(denied.circuit, "open");
  assert.ok(denied.retryAt > 100);

  const asked = opened();
  asked.admit(asked.retryAt);
  const now = asked.retryAt;
  asked.failed(now, now, 60_000);
  assert.ok(asked.retryAt >= now + 60_000);
});

test("never more than one trial at a time, and open is left only by it", () => {
  const step = fc.constantFrom("admit", "succeed", "fail", "deny");
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.integer({ min: 1, max: 40_000 })), { maxLength: 200 }), (steps) => {
      const breaker = new CircuitBreaker(() => 0.5);
      let now = 0;
      const underWay: number[] = [];
      for (const [action, ms] of steps) {
        now += ms;
        const before = breaker.circuit;
        if (action === "admit") {
          if (!breaker.admit(now)) continue;
          assert.notEqual(before, "half-open");
          if (before === "open") assert.ok(now >= breaker.retryAt);
          underWay.push(now);
          continue;
        }
        const startedAt = underWay.shift();
        if (startedAt === undefined) continue;
        if (action === "succeed") breaker.succeeded();
        else if (action === "deny") breaker.denied(now);
        else breaker.failed(startedAt, now);
        if (before === "open" && action !== "succeed") assert.equal(breaker.circuit, "open");
      }
    }),
  );
});
