import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
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
  ring.succeeded(0, 3000);
  ring.failed(0, 4000);
  assert.equal(ring.pick(5000), 1);
  assert.equal(ring.pick(5000), 0);
});

test("a host whose time has come is tried by one request, and by others only when that has ended", () => {
  const ring = new HostRing(2);
  ring.failed(0, 0);
  assert.deepEqual(
    [1000, 1001, 1002].map((now) => ring.pick(now)),
    [0, 1, 1].toSorted((a, b) => a - b),
  );
  ring.succeeded(0, 1002);
  assert.deepEqual([ring.pick(1003), ring.pick(1004)].toSorted(), [0, 1]);
  ring.failed(1, 2000);
  ring.pick(3000);
  ring.pick(3000);
  ring.failed(1, 4000);
  assert.equal(ring.pick(5999), 0);
});

test("a host that answers nothing for five seconds is passed over while others answer", () => {
  const ring = new HostRing(2);
  assert.deepEqual([ring.pick(0), ring.pick(0)], [0, 1]);
  ring.succeeded(1, 100);
  assert.deepEqual([ring.pick(4000), ring.pick(4000)], [0, 1]);
  ring.succeeded(1, 4100);
  for (const now of [5000, 6000, 7000]) {
    assert.equal(ring.pick(now), 1);
    ring.succeeded(1, now);
  }
  ring.succeeded(0, 8000);
  assert.deepEqual([ring.pick(8000), ring.pick(8000)].toSorted(), [0, 1], "late is better than never");
});

test("with all of them failing there is still an answer: the one whose time comes first", () => {
  const ring = new HostRing(3);
  ring.failed(1, 0);
  ring.failed(2, 100);
  ring.failed(0, 200);
  assert.equal(ring.pick(300), 1);
});

test("a host that asks for a pause gets it, a minute at most, and the others go on", () => {
  const ring = new HostRing(2);
  assert.equal(ring.hold(0, 5000, 0), 0, "the other may be asked now");
  assert.deepEqual([ring.pick(0), ring.pick(4999)], [1, 1]);
  assert.equal(ring.hold(1, 3_600_000, 1000), 4000, "until the first pause ends");
  assert.equal(ring.pick(5000), 0);
  assert.equal(ring.hold(0, 3_600_000, 5000), 56_000, "the pause of the other ends after a minute");
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
        else if (action === "succeed") ring.succeeded(host % size, now);
        const picked = ring.pick(now);
        assert.ok(Number.isInteger(picked) && picked >= 0 && picked < size);
      }
    }),
  );
});

test("a host that suits is preferred to the next one, as long as it may be asked", () => {
  const ring = new HostRing(3);
  const suits = (host: number): boolean => host === 2;
  assert.deepEqual(
    [1, 2].map((now) => ring.pick(now, suits)),
    [2, 2],
  );
  assert.ok(ring.has(3, suits));
  ring.failed(2, 3);
  assert.ok(!ring.has(4, suits));
  assert.deepEqual(
    [4, 5].map((now) => ring.pick(now, suits)),
    [0, 1],
  );
});

test("if no host has answered for long, the one that answered last is asked", () => {
  const ring = new HostRing(2);
  assert.deepEqual(
    [0, 0, 0, 0].map((now) => ring.pick(now)),
    [0, 1, 0, 1],
  );
  ring.succeeded(1, 1000);
  assert.deepEqual(
    [7000, 7001, 7002].map((now) => ring.pick(now)),
    [1, 1, 1],
  );
});

test("requests that were given up do not make a host silent, unless it answered nothing all the while", () => {
  const ring = new HostRing(2);
  for (const host of [0, 1]) assert.equal(ring.pick(0), host);
  for (const host of [0, 1]) ring.cancelled(host, 4999);
  assert.deepEqual([ring.pick(60_000), ring.has(60_000, (host) => host === 1)], [0, true]);
  ring.cancelled(0, 65_000);
  assert.ok(!ring.has(65_999, (host) => host === 0));
  assert.ok(ring.has(66_000, (host) => host === 0));
});
