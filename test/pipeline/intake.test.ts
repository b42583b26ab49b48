import assert from "node:assert/strict";
import { test } from "node:test";
import type { Region } from "../../src/core/arena.ts";
import type { Urgency } from "../../src/core/intake.ts";
import type { Ladder, RateLimitRung } from "../../src/core/options.ts";
import { Admission } from "../../src/pipeline/admission.ts";
import { PipelineIntake } from "../../src/pipeline/intake.ts";
import { Ladders } from "../../src/pipeline/ladders.ts";
import { HOLD_MS } from "../../src/policy/keeper.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { block, drop, rateLimit } from "../policy/ladders.ts";
import { Line, lines } from "./line.ts";

const BUDGET = 100_000;
const never = new AbortController().signal;

class Rig {
  readonly clock = new ManualClock();
  readonly line = new Line({ clock: this.clock, rowBudget: BUDGET });
  readonly intake: PipelineIntake;
  risk = 0;

  constructor(ladder: Ladder) {
    const { clock, line } = this;
    const { buffer, arena, kernel } = line;
    const atRisk = (): number => this.risk;
    const ladders = new Ladders({ clock, buffer, policies: new Map([["default", ladder]]), atRisk, changed: () => {} });
    const admission = new Admission(arena, kernel, clock);
    this.intake = new PipelineIntake({ buffer, ladders, admission, policyOf: new Map([["in", "default"]]), atRisk });
  }

  /** Asks for room; the answer is looked at when everything that can happen now has happened. */
  ask(urgency?: Urgency, signal = never): { granted: () => boolean; region: Promise<Region> } {
    let granted = false;
    const region = this.intake.room("in", 100, signal, urgency);
    region.then(
      () => (granted = true),
      () => {},
    );
    return { granted: () => granted, region };
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left >= 0; left -= 250) {
      this.clock.advance(Math.min(250, Math.max(0, left)));
      for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test("a shut gate makes readers wait until the rung is left", async () => {
  const rig = new Rig([block(0.5, 0.3)]);
  const chunk = rig.line.add("x".repeat(60_000));
  const { granted } = rig.ask();
  await rig.pass(10 * HOLD_MS);
  assert.ok(!granted());
  assert.equal(rig.line.arena.count, 1, "nothing is taken for it");
  chunk.share.disk -= 60_000;
  await rig.pass(1000);
  assert.ok(granted());
});

test("what is at risk is read through a gate that opened for it, the rest waits on", async () => {
  const rig = new Rig([block(0.5, 0.3, { atRisk: 1000 })]);
  rig.line.add("x".repeat(60_000));
  const [named, nameless] = [rig.ask("none"), rig.ask("at-risk")];
  await rig.pass(1000);
  assert.deepEqual([named.granted(), nameless.granted()], [false, false]);
  rig.risk = 1001;
  await rig.pass(1000);
  assert.deepEqual([named.granted(), nameless.granted()], [false, true]);
  rig.risk = 1000;
  const again = rig.ask("at-risk");
  await rig.pass(1000);
  assert.ok(!again.granted(), "only what exceeds the limit");
});

test("a gate with a patience opens for all", async () => {
  const rig = new Rig([block(0.5, 0.3, { waited: 3000 })]);
  rig.line.add("x".repeat(60_000));
  const { granted } = rig.ask();
  await rig.pass(2500);
  assert.ok(!granted());
  await rig.pass(1000);
  assert.ok(granted());
});

test("who gives up waiting is told his own reason", async () => {
  const rig = new Rig([block(0.5, 0.3)]);
  rig.line.add("x".repeat(60_000));
  const impatient = new AbortController();
  const { region } = rig.ask("none", impatient.signal);
  impatient.abort(new Error("enough"));
  await assert.rejects(region, /enough/);
});

test("rate-limit with excess: wait holds readers until what came in is paid for", async () => {
  const rig = new Rig([{ ...(rateLimit(0.1, 0.05, "wait") as RateLimitRung), rate: 1000, burst: 1000 }]);
  rig.line.add("x".repeat(20_000));
  const first = rig.ask();
  await rig.pass(0);
  assert.ok(first.granted());
  await rig.intake.admit(rig.line.draft(lines(0, 500)));
  const owed = lines(0, 500).length - 1000;
  const second = rig.ask();
  await rig.pass(owed - 300);
  assert.ok(!second.granted());
  await rig.pass(600);
  assert.ok(second.granted());
});

test("what is admitted stands in the books at once, and what is turned away too", async () => {
  const rig = new Rig([drop("newest", 0.5, 0.3)]);
  const region = await rig.ask().region;
  const before = rig.line.draft("kept\n");
  const draft = { ...before, region: region as Region };
  rig.line.arena.release(before.region as Region);
  rig.line.arena.view(region).write("kept\n");
  rig.line.arena.shrink(region, 5);
  rig.line.arena.unpin(region);
  await rig.intake.admit(draft);
  const { state } = rig.line.buffer;
  assert.deepEqual([state.open, state.pool, state.ledger.of("in").read.records], [1, region.size, 1]);
  await rig.intake.admit(rig.line.draft(`${"x".repeat(60_000)}\n`));
  await rig.intake.admit(rig.line.draft("late\n"));
  assert.deepEqual([state.open, state.ledger.of("in").read.records], [2, 3]);
  assert.equal(
    state.ledger.of("in").fates.reduce((sum, count) => sum + count.records, 0),
    1,
  );
});
