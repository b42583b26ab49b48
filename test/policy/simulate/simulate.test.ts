import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import type { Ladder } from "../../../src/core/options.ts";
import { type Result, type SimulateOptions, balance, dropped } from "../../../src/policy/simulate/result.ts";
import { simulate } from "../../../src/policy/simulate/simulate.ts";
import { DEFAULT, anyLadder, block, drop, rateLimit, sample } from "../ladders.ts";
import { ARTICLE } from "./scene.ts";
import { cpuMs } from "../../helpers/cpu.ts";

const MIB = 2 ** 20;
const run = (ladder: Ladder, more: Partial<SimulateOptions> = {}): Result => simulate({ ...ARTICLE, ladder, ...more });
const lost = ({ account }: Result) => account.sampled + dropped(account) + account.abandoned;

test("the article's hour: 36 million come, 18 million go, whatever the strategy", () => {
  const strategies = [
    block(0.8, 0.7),
    rateLimit(0.7, 0.6),
    rateLimit(0.7, 0.6, "drop"),
    sample(0.7, 0.6),
    drop("oldest", 0.95, 0.85),
    drop("newest", 0.95, 0.85),
    drop("random", 0.95, 0.85),
  ];
  for (const rung of strategies) {
    const { account } = run([rung]);
    assert.equal(account.written, 36_000_000);
    assert.equal(account.delivered, 18_000_000, rung.action);
    assert.equal(balance(account), 0);
  }
});

test("block loses nothing: the rest waits", () => {
  const result = run([block(0.8, 0.7)]);
  assert.equal(lost(result), 0);
  assert.equal(result.account.buffered + result.account.waiting, 18_000_000);
  assert.ok(result.peak < 0.81);
  assert.ok(result.blockedMs > 0);
});

test("each drop rung loses by its own reason, and no more than has no room", () => {
  for (const how of ["oldest", "newest", "random"] as const) {
    const result = run([drop(how, 0.95, 0.85)]);
    assert.equal(lost(result), result.account[how]);
    assert.ok(result.series.at(-1)!.utilization > 0.94, "the buffer stays full");
  }
});

test("drop-oldest delivers younger lines than drop-newest", () => {
  const oldest = run([drop("oldest", 0.95, 0.85)]).latency;
  const newest = run([drop("newest", 0.95, 0.85)]).latency;
  assert.ok(oldest.p50Ms < 0.6 * newest.p50Ms, `${oldest.p50Ms} against ${newest.p50Ms}`);
});

test("sampling keeps its share and what matches `always`", () => {
  const { account } = run([sample(0.1, 0, 4)], { consume: [{ rate: 0, forMs: Infinity }], forMs: 60_000 });
  const all = run([], { consume: [{ rate: 0, forMs: Infinity }], forMs: 60_000 });
  const before = Math.ceil((0.1 * ARTICLE.budget) / 200 / 10_000) * 10_000;
  const share = (account.buffered - before) / (all.account.written - before);
  assert.ok(Math.abs(share - (0.02 + 0.98 / 4)) < 0.02, `${share} is kept`);
});

test("files that keep their name are never shed; beyond `at_risk` the default ladder climbs", () => {
  assert.equal(lost(run(DEFAULT)), 0);
  const risky = run(DEFAULT, { named: 64 * MIB });
  assert.ok(risky.account.sampled > 0);
  const atRisk = Math.max(...risky.series.map((point) => point.atRiskBytes));
  assert.ok(atRisk < 258 * MIB, `${atRisk} at risk: the gate lets in what exceeds 256 MiB`);
  assert.deepEqual([...new Set(risky.transitions.map(({ to }) => to))], ["block", "accept", "sample"]);
});

test("what is held open beyond its limit is abandoned, and counted", () => {
  const { account } = run([block(0.7, 0.6)], { named: 64 * MIB, held: 128 * MIB });
  assert.ok(account.abandoned > 0);
  assert.equal(balance(account), 0);
});

test("without bounds the process dies with all it holds, again and again", () => {
  const result = run([], { mode: "unbounded", budget: 1024 * MIB, memory: 1024 * MIB });
  assert.equal(result.crashes, 3);
  assert.ok(result.account.crashed > 15_000_000);
  assert.equal(balance(result.account), 0);
});

test("an outage is caught up with and the ladder comes back to accept", () => {
  const outage = [
    { rate: 5000, forMs: 60_000 },
    { rate: 0, forMs: 300_000 },
    { rate: 20_000, forMs: Infinity },
  ] as const;
  const result = run(DEFAULT, { produce: [{ rate: 4000, forMs: Infinity }], consume: outage, forMs: 900_000 });
  assert.equal(lost(result), 0);
  assert.equal(result.account.buffered + result.account.waiting, 0);
  assert.equal(result.transitions.at(-1)?.to, "accept");
  assert.ok(result.latency.maxMs > 250_000);
});

test("the same options give the same result", () => {
  const ladder = [drop("random", 0.9, 0.8)];
  assert.deepEqual(run(ladder, { forMs: 600_000 }), run(ladder, { forMs: 600_000 }));
});

test("an hour takes well under a second of CPU; a day has as many points", () => {
  const ms = cpuMs(() => run(DEFAULT, { named: 64 * MIB }));
  assert.ok(ms < 900, `${ms} ms`);
  assert.equal(run([drop("oldest", 0.9, 0.8)], { forMs: 86_400_000 }).series.length, 360);
});

const anyProfile = fc.array(fc.record({ rate: fc.noBias(fc.nat(20_000)), forMs: fc.noBias(fc.nat(120_000)) }), {
  minLength: 1,
  maxLength: 4,
});
const anyOptions = fc.record({
  ladder: anyLadder,
  produce: anyProfile,
  consume: anyProfile,
  budget: fc.noBias(fc.integer({ min: MIB, max: 64 * MIB })),
  memoryShare: fc.constantFrom(0.1, 0.6, 1),
  stored: fc.constantFrom(0.2, 0.5, 1),
  lineBytes: fc.constantFrom(1, 37, 200, 5000),
  named: fc.constantFrom(0, 10 * MIB, Infinity),
  held: fc.constantFrom(0, 10 * MIB, 1024 * MIB),
});

test("the account adds up at every size, rate and ladder, and no budget is passed", () => {
  fc.assert(
    fc.property(anyOptions, ({ memoryShare, produce, consume, ...more }) => {
      const result = simulate({
        ...ARTICLE,
        ...more,
        memory: memoryShare * more.budget,
        produce: produce as unknown as SimulateOptions["produce"],
        consume: consume as unknown as SimulateOptions["consume"],
        forMs: 120_000,
      });
      const { account, series } = result;
      assert.equal(balance(account), 0);
      for (const [name, records] of Object.entries(account)) assert.ok(Number.isInteger(records) && records >= 0, name);
      const sum = (of: (point: (typeof series)[number]) => number) =>
        series.reduce((total, point) => total + of(point), 0);
      assert.equal(
        sum((point) => point.written),
        account.written,
      );
      assert.equal(
        sum((point) => point.delivered),
        account.delivered,
      );
      assert.equal(
        sum((point) => point.sampled),
        account.sampled,
      );
      assert.equal(
        sum((point) => point.dropped),
        dropped(account),
      );
      assert.ok(result.peak <= 1 + 1e-9, `${result.peak}`);
      const times = Object.values(result.msPerAction).reduce((total, ms) => total + ms, 0);
      assert.equal(Math.round(times), 120_000);
    }),
    { numRuns: 150 },
  );
});
