import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Meter } from "../../src/pipeline/meter.ts";

const limit = fc.record({ rate: fc.integer({ min: 1, max: 1e6 }), burst: fc.integer({ min: 1, max: 1e6 }) });
const steps = fc.array(fc.record({ ms: fc.integer({ min: 0, max: 5000 }), bytes: fc.integer({ min: 1, max: 3e6 }) }), {
  maxLength: 60,
});

test("what comes in never exceeds the bucket by more than the last chunk", () => {
  fc.assert(
    fc.property(limit, steps, fc.boolean(), (rung, all, waits) => {
      const meter = new Meter(rung, 0);
      let now = 0;
      let before = 0;
      for (const { ms, bytes } of all) {
        now += ms;
        const comes = waits ? meter.waitMs(now) === 0 : meter.takes(now, bytes);
        if (!comes) continue;
        if (waits) meter.charge(now, bytes);
        assert.ok(before <= rung.burst + (rung.rate * now) / 1000 + 1, `${before} bytes at ${now}`);
        before += bytes;
      }
    }),
  );
});

test("a chunk larger than the bucket waits for a full one, and then comes in", () => {
  const rung = { rate: 100, burst: 1000 };
  const dropping = new Meter(rung, 0);
  assert.ok(dropping.takes(0, 600));
  assert.ok(!dropping.takes(0, 5000));
  assert.ok(!dropping.takes(5000, 5000), "900 tokens are not a full bucket");
  assert.ok(dropping.takes(6000, 5000));
  assert.ok(!dropping.takes(45_000, 1), "4000 bytes are owed for 40 s");
  assert.ok(dropping.takes(46_100, 1));
});

test("waiting as long as it says is enough, however much is owed", () => {
  fc.assert(
    fc.property(limit, fc.integer({ min: 1, max: 1e7 }), (rung, bytes) => {
      const meter = new Meter(rung, 0);
      meter.charge(0, bytes);
      let now = 0;
      for (let ms = meter.waitMs(now); ms > 0; ms = meter.waitMs(now)) now += ms;
      const exact = (Math.max(0, bytes - rung.burst) / rung.rate) * 1000;
      assert.ok(now >= exact && now <= exact + bytes / rung.burst + 2, `${now} ms, ${exact} are exact`);
    }),
    { numRuns: 50 },
  );
});
