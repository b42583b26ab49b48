import assert from "node:assert/strict";
import { test } from "node:test";
import { DROPPED_OLDEST } from "../../src/core/fate.ts";
import type { Ladder } from "../../src/core/options.ts";
import { Ladders } from "../../src/pipeline/ladders.ts";
import { HOLD_MS } from "../../src/policy/keeper.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { block, drop, sample } from "../policy/ladders.ts";
import { Line } from "./line.ts";

const BUDGET = 100_000;
const SHED: Ladder = [sample(0.5, 0.3), drop("oldest", 0.8, 0.6)];

function made(
  policies: Record<string, Ladder>,
  shares: Record<string, number>,
): {
  line: Line;
  clock: ManualClock;
  ladders: Ladders;
  said: string[];
  risk: Map<string, number>;
} {
  const clock = new ManualClock();
  const line = new Line({ clock, rowBudget: BUDGET, shares });
  const said: string[] = [];
  const risk = new Map<string, number>();
  const ladders = new Ladders({
    ...{ clock, buffer: line.buffer, policies: new Map(Object.entries(policies)) },
    atRisk: (policy) => risk.get(policy) ?? 0,
    changed: ({ policy }, { from, to, utilization }) =>
      said.push(`${policy}: ${from} to ${to} at ${utilization.toFixed(1)}`),
  });
  return { line, clock, ladders, said, risk };
}

/** One line that takes about so many bytes of the budget. */
const filler = (bytes: number): string => `${"x".repeat(bytes - 49)}\n`;

test("a ladder climbs as its share fills, tells of each step once, and sheds down to its mark", () => {
  const { line, ladders, said } = made({ default: SHED }, { default: 1 });
  ladders.turn();
  assert.deepEqual(said, []);
  for (let i = 0; i < 6; i++) line.add(filler(10_000));
  ladders.turn();
  ladders.turn();
  assert.deepEqual(said, ["default: accept to sample at 0.6"]);
  assert.ok(ladders.acting("default").sample);
  for (let i = 0; i < 4; i++) line.add(filler(10_000));
  ladders.turn();
  assert.equal(said.at(-1), "default: sample to drop-oldest at 1.0");
  const left = ladders.utilization(ladders.of("default").share);
  assert.ok(left <= 0.8 && left > 0.69, `${left} is left`);
  assert.equal(line.fate(DROPPED_OLDEST), 2);
});

test("a ladder sheds of its own share and its utilization is of its own part", () => {
  const { line, ladders, said } = made({ default: SHED, audit: SHED }, { default: 0.75, audit: 0.25 });
  for (let i = 0; i < 3; i++) line.add(filler(10_000), { input: "audited", policy: "audit" });
  line.add(filler(10_000));
  ladders.turn();
  assert.deepEqual(said, ["audit: accept to drop-oldest at 1.2"]);
  assert.deepEqual([line.fate(DROPPED_OLDEST, "audited"), line.fate(DROPPED_OLDEST)], [1, 0]);
  assert.equal(ladders.budget(ladders.of("audit").share), BUDGET / 4);
});

test("without a disk that takes it, memory is what binds", () => {
  const { line, ladders } = made({ default: SHED }, { default: 1 });
  const { state } = line.buffer;
  line.add(filler(10_000));
  const { share } = ladders.of("default");
  assert.ok(Math.abs(ladders.utilization(share) - 0.1) < 0.01);
  state.mode = "degraded";
  const budget = state.quotas.pool - state.quotas.page;
  assert.deepEqual([ladders.budget(share), ladders.utilization(share)], [budget, share.memory / budget]);
});

test("a rung is held for a while before it is left, and what is at risk opens a gate", () => {
  const { line, clock, ladders, said, risk } = made({ default: [block(0.5, 0.3, { atRisk: 100 })] }, { default: 1 });
  const chunk = line.add(filler(60_000));
  ladders.turn();
  assert.equal(ladders.acting("default").intake, "wait");
  risk.set("default", 101);
  ladders.turn();
  assert.equal(ladders.acting("default").intake, "at-risk");
  const { share } = ladders.of("default");
  share.disk = 0;
  clock.advance(HOLD_MS - 1);
  ladders.turn();
  assert.equal(said.length, 1);
  const entered = ladders.of("default").sinceWallMs;
  clock.advance(1);
  ladders.turn();
  assert.equal(said.at(-1), "default: block to accept at 0.0");
  assert.equal(ladders.of("default").sinceWallMs - entered, HOLD_MS);
  assert.equal(ladders.acting("default").intake, "open");
  assert.ok(chunk.open);
});

test("a ladder without a share, or one that nobody uses, is a fault", () => {
  assert.throws(() => made({ other: SHED }, { default: 1 }), /ladder other has no share/);
  const { ladders } = made({ default: SHED }, { default: 1 });
  assert.throws(() => ladders.acting("other"), /ladder other is not in use/);
});
