import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DELIVERED, DROPPED_OLDEST, DROPPED_RANDOM } from "../../src/core/fate.ts";
import type { Ladder } from "../../src/core/options.ts";
import { Ladders } from "../../src/pipeline/ladders.ts";
import { HOLD_MS } from "../../src/policy/keeper.ts";
import { Running, type RunningOptions } from "../buffer/running.ts";
import type { ManualClock } from "../helpers/manual-clock.ts";
import { block, drop, sample } from "../policy/ladders.ts";

const BUDGET = 100_000;
const SHED: Ladder = [sample(0.5, 0.3), drop("oldest", 0.8, 0.6)];

class Climbing extends Running {
  readonly said: string[] = [];
  readonly risk = new Map<string, number>();
  readonly ladders: Ladders;

  constructor(policies: Readonly<Record<string, Ladder>>, options: RunningOptions = {}) {
    super({ rows: BUDGET, ...options });
    this.ladders = new Ladders({
      ...{ clock: this.clock, buffer: this.buffer, policies: new Map(Object.entries(policies)) },
      changed: ({ policy }, { from, to, utilization }) =>
        this.said.push(`${policy}: ${from} to ${to} at ${utilization.toFixed(1)}`),
      limitChanged: ({ policy, limited }, { occupied, budget }) =>
        this.said.push(`${policy}: limited ${limited}, ${Math.round(occupied / 1000)} of ${budget / 1000}`),
    });
  }

  turn(): void {
    this.ladders.turn((policy) => this.risk.get(policy) ?? 0);
  }

  advance(ms: number): void {
    (this.clock as ManualClock).advance(ms);
  }

  /** Adds lines that take 10 % of the budget each. @param tenths number of lines */
  fill(tenths: number, where: Parameters<Running["add"]>[1] = {}): void {
    for (let i = 0; i < tenths; i++) this.add(filler(10_000), where);
  }

  deliverAll(): void {
    for (let lease = this.lease(); lease; lease = this.lease()) {
      for (const chunk of [...lease.chunks]) this.buffer.outbox.settleRun(chunk, 0, chunk.records, DELIVERED);
      this.buffer.outbox.endLease(lease);
    }
  }
}

/** One line that takes about so many bytes of the budget. */
const filler = (bytes: number): string => `${"x".repeat(bytes - 129)}\n`;

test("a ladder climbs as its share fills, tells of each step once, and sheds down to its mark", async () => {
  await using climbing = new Climbing({ default: SHED });
  const { ladders, said } = climbing;
  climbing.turn();
  assert.deepEqual(said, []);
  climbing.fill(6);
  climbing.turn();
  climbing.turn();
  assert.deepEqual(said, ["default: accept to sample at 0.6"]);
  assert.ok(ladders.acting("default").sample);
  climbing.fill(4);
  ladders.update("default");
  assert.equal(said.at(-1), "default: sample to drop-oldest at 1.0");
  assert.ok(Math.abs(ladders.utilization("default") - 0.8) < 0.01);
  assert.equal(climbing.fate(DROPPED_OLDEST), 2);
});

test("a ladder sheds at random where its rung says so", async () => {
  await using climbing = new Climbing({ default: [drop("random", 0.8, 0.6)] });
  climbing.fill(10);
  climbing.turn();
  assert.equal(climbing.fate(DROPPED_RANDOM), 2);
});

test("a ladder sheds of its own share and its utilization is of its own part", async () => {
  const shares = { default: [0.75, 1], audit: [0.25, 1] } as const;
  await using climbing = new Climbing({ default: SHED, audit: SHED }, { shares });
  climbing.fill(3, { input: "audited", policy: "audit" });
  climbing.fill(1);
  climbing.turn();
  assert.deepEqual(climbing.said, ["audit: accept to drop-oldest at 1.2"]);
  assert.deepEqual([climbing.fate(DROPPED_OLDEST, "audited"), climbing.fate(DROPPED_OLDEST)], [1, 0]);
});

test("a rung is held for a while before it is left", async () => {
  await using climbing = new Climbing({ default: SHED });
  climbing.fill(6);
  climbing.turn();
  climbing.buffer.evict("default", BUDGET, "oldest");
  climbing.fill(1);
  climbing.advance(HOLD_MS - 1);
  climbing.turn();
  assert.equal(climbing.said.length, 1);
  const entered = climbing.ladders.of("default").sinceWallMs;
  climbing.advance(1);
  climbing.turn();
  assert.equal(climbing.said.at(-1), "default: sample to accept at 0.1");
  assert.equal(climbing.ladders.of("default").sinceWallMs - entered, HOLD_MS);
});

test("a shut gate opens for what is at risk, per ladder, and grants that much and no more", async () => {
  const gate: Ladder = [block(0.5, 0.3, { atRisk: 100 })];
  const shares = { default: [0.5, 1], other: [0.5, 1] } as const;
  await using climbing = new Climbing({ default: gate, other: gate }, { shares });
  const { ladders } = climbing;
  climbing.fill(4);
  climbing.fill(4, { input: "b", policy: "other" });
  climbing.turn();
  assert.equal(ladders.acting("default").intake, "wait");
  climbing.risk.set("default", 150);
  climbing.turn();
  assert.deepEqual([ladders.acting("default").intake, ladders.acting("other").intake], ["at-risk", "wait"]);
  assert.deepEqual([ladders.mayGrantAtRisk("default"), ladders.mayGrantAtRisk("other")], [true, false]);
  ladders.grantAtRisk("default", 49);
  assert.ok(ladders.mayGrantAtRisk("default"));
  ladders.grantAtRisk("default", 1);
  assert.ok(!ladders.mayGrantAtRisk("default"), "what exceeds the limit was granted");
  climbing.turn();
  assert.ok(ladders.mayGrantAtRisk("default"), "what is at risk is counted anew");
});

test("a limit that shrinks sheds nothing and says so: intake waits until the backlog has fitted once", async () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-ladders-"));
  const first = new Climbing({ default: SHED }, { directory });
  first.fill(4);
  first.turn();
  await first.pass(8000);
  await first.stop();
  for (let i = 0; i < 2; i++) {
    const climbing = new Climbing({ default: SHED }, { directory, rows: 1000 });
    climbing.turn();
    const { limited, intake, drop: dropping, sample: sampling } = climbing.ladders.acting("default");
    assert.deepEqual([limited, intake, dropping, sampling], [true, "wait", undefined, undefined]);
    assert.match(climbing.said.join(), /^default: limited true, \d+ of 1/);
    assert.equal(climbing.fate(DROPPED_OLDEST), 0, "over a further restart too");
    await climbing.stop();
  }
  const climbing = new Climbing({ default: SHED }, { directory, rows: 1000 });
  climbing.source();
  await climbing.pass(500);
  climbing.deliverAll();
  climbing.turn();
  assert.match(climbing.said.at(-1) ?? "", /^default: limited false, 0 of 1$/);
  assert.equal(climbing.ladders.acting("default").limited, false);
  await climbing.stop();
  rmSync(directory, { recursive: true });
});

test("rows of a time with a disk wait without one, however few they are", async () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-ladders-"));
  const first = new Climbing({ default: SHED }, { directory });
  first.fill(1);
  await first.pass(8000);
  await first.stop();
  const climbing = new Climbing({ default: SHED }, { directory, rows: 0 });
  assert.match(climbing.said.join(), /^default: limited true/);
  climbing.source();
  await climbing.pass(500);
  climbing.deliverAll();
  climbing.turn();
  assert.match(climbing.said.at(-1) ?? "", /^default: limited false/);
  await climbing.stop();
  rmSync(directory, { recursive: true });
});

test("a limit that shrinks while there is room is none, and one that grows is taken at once", async () => {
  await using climbing = new Climbing({ default: SHED });
  climbing.fill(2);
  climbing.buffer.resize(BUDGET / 2);
  climbing.turn();
  assert.equal(climbing.ladders.acting("default").limited, false);
  climbing.buffer.resize(BUDGET);
  climbing.turn();
  assert.deepEqual([climbing.said, climbing.buffer.fitted], [[], { default: BUDGET }]);
  climbing.fill(4);
  climbing.buffer.resize(BUDGET / 2);
  climbing.turn();
  assert.deepEqual(climbing.said, ["default: limited true, 60 of 50", "default: accept to drop-oldest at 1.2"]);
  assert.equal(climbing.fate(DROPPED_OLDEST), 0);
});

test("a backlog for which nobody knows a limit sheds nothing before it has fitted once", async () => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-ladders-"));
  const first = new Climbing({ default: SHED }, { directory });
  // The state as an earlier version leaves it.
  first.state.fitted = {};
  first.fill(4);
  await first.pass(8000);
  await first.stop();
  const climbing = new Climbing({ default: SHED }, { directory, rows: 500 });
  climbing.turn();
  assert.match(climbing.said.join(), /^default: limited true/);
  assert.equal(climbing.fate(DROPPED_OLDEST), 0);
  await climbing.stop();
  rmSync(directory, { recursive: true });
});

test("the forecast is looked at once in a while, and with each step", async () => {
  await using climbing = new Climbing({ default: SHED });
  climbing.fill(1);
  climbing.ladders.look();
  climbing.advance(10_000);
  climbing.fill(2);
  climbing.ladders.look();
  const { trend } = climbing.ladders.of("default");
  assert.notEqual(trend.forecast, undefined);
  assert.deepEqual(
    [...climbing.ladders.all()].map(({ policy }) => policy),
    ["default"],
  );
});

test("without any budget what is held is a full share", async () => {
  await using climbing = new Climbing({ default: SHED });
  assert.equal(climbing.ladders.utilization("default"), 0);
  climbing.buffer.resize(1);
  climbing.fill(1, { policy: "gone", input: "b" });
  climbing.fill(1);
  assert.equal(climbing.ladders.utilization("default"), 1);
});

test("a ladder that nobody uses is a bug", async () => {
  await using climbing = new Climbing({ default: SHED });
  assert.throws(() => climbing.ladders.acting("other"), /BUG: ladder other is not in use/);
});
