import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HostRing } from "../../../src/outputs/elasticsearch/hosts.ts";

test("hosts take turns", () => {
  const ring = new HostRing(3);
  assert.deepEqual(
    [0, 1, 2, 3, 4].map(() => ring.pick(0)),
    [0, 1, 2, 0, 1],
  );
});

test("a host that failed is passed over for a while, longer each time", () => {
  const ring = new HostRing(2);
  ring.failed(0, 0);
  assert.deepEqual(
    [1, 2, 3].map((now) => ring.pick(now)),
    [1, 1, 1],
  );
  assert.equal(ring.pick(1000), 0);
  ring.failed(0, 1000);
  assert.deepEqual(
    [2500, 2999].map((now) => ring.pick(now)),
    [1, 1],
  );
  assert.equal(ring.pick(3000), 0);
  ring.succeeded(0);
  ring.failed(0, 4000);
  assert.equal(ring.pick(5000), 1);
  assert.equal(ring.pick(5000), 0);
});

test("with all of them failing there is still an answer: the one whose time comes first", () => {
  const ring = new HostRing(3);
  ring.failed(1, 0);
  ring.failed(2, 100);
  ring.failed(0, 200);
  assert.equal(ring.pick(300), 1);
});

test("always a host of the ring", () => {
  const step = fc.tuple(fc.constantFrom("pick", "fail", "succeed"), fc.nat(4), fc.nat(5000));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step), (size, steps) => {
      const ring = new HostRing(size);
      let now = 0;
      for (const [action, host, ms] of steps) {
        now += ms;
        if (action === "fail") ring.failed(host % size, now);
        else if (action === "succeed") ring.succeeded(host % size);
        const picked = ring.pick(now);
        assert.ok(Number.isInteger(picked) && picked >= 0 && picked < size);
      }
    }),
  );
});
