import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { type Limit, charge, fullBucket, take, waitMs } from "../../src/policy/token-bucket.ts";

const limit: Limit = { rate: 1000, burst: 500 };

test("a full bucket gives its burst, then what has flown in", () => {
  const first = take(limit, fullBucket(limit, 0), 0, 800);
  assert.equal(first.granted, 500);
  assert.equal(take(limit, first.bucket, 0, 1).granted, 0);
  assert.equal(take(limit, first.bucket, 100, 800).granted, 100);
  assert.equal(take(limit, first.bucket, 60_000, 800).granted, 500);
});

test("waitMs says when it is worth asking again", () => {
  const { bucket } = take(limit, fullBucket(limit, 0), 0, 500);
  assert.equal(waitMs(limit, bucket, 0, 100), 100);
  assert.equal(waitMs(limit, bucket, 60, 100), 40);
  assert.equal(waitMs(limit, bucket, 0, 10_000), 500, "never more than a burst");
  assert.equal(waitMs(limit, fullBucket(limit, 0), 0, 100), 0);
});

const anyLimit = fc.record({ rate: fc.integer({ min: 1, max: 10_000 }), burst: fc.integer({ min: 1, max: 10_000 }) });
const anyAsks = fc.array(fc.record({ afterMs: fc.nat(3000), wanted: fc.nat(20_000) }), { maxLength: 60 });

test("within any stretch no more than burst + rate * t is granted", () => {
  fc.assert(
    fc.property(anyLimit, anyAsks, (bounds, asks) => {
      let bucket = fullBucket(bounds, 0);
      let now = 0;
      const grants: { at: number; bytes: number }[] = [];
      for (const ask of asks) {
        now += ask.afterMs;
        const taken = take(bounds, bucket, now, ask.wanted);
        assert.ok(Number.isInteger(taken.granted) && taken.granted >= 0 && taken.granted <= ask.wanted);
        bucket = taken.bucket;
        grants.push({ at: now, bytes: taken.granted });
      }
      for (const [i, from] of grants.entries()) {
        let sum = 0;
        for (const grant of grants.slice(i)) {
          sum += grant.bytes;
          assert.ok(sum <= bounds.burst + (bounds.rate * (grant.at - from.at)) / 1000 + 1e-6);
        }
      }
    }),
  );
});

test("after waitMs the bytes are granted", () => {
  fc.assert(
    fc.property(anyLimit, fc.nat(20_000), fc.nat(20_000), (bounds, spent, wanted) => {
      const { bucket } = take(bounds, fullBucket(bounds, 0), 0, spent);
      const later = waitMs(bounds, bucket, 0, wanted);
      assert.equal(take(bounds, bucket, later + 1, wanted).granted, Math.min(wanted, bounds.burst));
    }),
  );
});

test("what is charged beyond the tokens is owed, and the next tokens pay it", () => {
  const bucket = charge(limit, fullBucket(limit, 0), 0, 4500);
  assert.equal(waitMs(limit, bucket, 0, 0), 4000);
  assert.equal(take(limit, bucket, 1000, 10).granted, 0);
  assert.equal(waitMs(limit, charge(limit, bucket, 3000, 100), 3000, 0), 1100);
  assert.equal(waitMs(limit, bucket, 4000, 0), 0);
  assert.equal(waitMs(limit, bucket, 4000, 500), 500, "an empty bucket, not a full one");
});

test("paid before the next: no more than the bucket and the last charge come in", () => {
  fc.assert(
    fc.property(anyLimit, anyAsks, (bounds, asks) => {
      let bucket = fullBucket(bounds, 0);
      let now = 0;
      let before = 0;
      for (const ask of asks) {
        now += ask.afterMs;
        if (waitMs(bounds, bucket, now, 0) > 0) continue;
        assert.ok(before <= bounds.burst + (bounds.rate * now) / 1000 + 1e-6);
        bucket = charge(bounds, bucket, now, ask.wanted);
        before += ask.wanted;
      }
    }),
  );
});
