import assert from "node:assert/strict";
import { test } from "node:test";
import type { Region } from "../../src/core/arena.ts";
import { DROPPED_NEWEST } from "../../src/core/fate.ts";
import type { Urgency } from "../../src/core/intake.ts";
import type { Ladder, RateLimitRung } from "../../src/core/options.ts";
import { NO_MARK } from "../../src/core/source.ts";
import { Admission } from "../../src/pipeline/admission.ts";
import { PipelineIntake } from "../../src/pipeline/intake.ts";
import { Ladders } from "../../src/pipeline/ladders.ts";
import { HOLD_MS } from "../../src/policy/keeper.ts";
import { settled } from "../buffer/disk.ts";
import { type RunningOptions, lines } from "../buffer/running.ts";
import { noise } from "../buffer/spool/rows.ts";
import { block, drop, rateLimit } from "../policy/ladders.ts";
import { Line } from "./line.ts";

const BUDGET = 100_000;
/** Takes 60 % of the budget before it is a row, and most of that as a row. */
const HELD = Buffer.from(noise(45_000)).toString("base64");
const never = new AbortController().signal;

class Reading extends Line {
  readonly intake: PipelineIntake;
  readonly ladders: Ladders;
  risk = 0;

  constructor(ladder: Ladder, options: RunningOptions = {}) {
    super({ rows: BUDGET, ...options });
    const { clock, buffer, arena, kernel } = this;
    const policies = new Map([["default", ladder]]);
    this.ladders = new Ladders({ clock, buffer, policies, changed: () => {}, limitChanged: () => {} });
    const admission = new Admission(arena, kernel, clock);
    const policyOf = new Map(["in", "other"].map((input) => [input, "default"]));
    const targetOf = ({ input, index }: { readonly input: string; readonly index: string }): string =>
      index === "logs-test-default" ? `logs-${input}` : index;
    this.intake = new PipelineIntake({ clock, buffer, ladders: this.ladders, admission, targetOf, policyOf });
  }

  /** Requests room. `granted` is valid once everything has happened that can. */
  ask(urgency?: Urgency, input = "in", signal = never): { granted: () => boolean; region: Promise<Region> } {
    let granted = false;
    const region = this.intake.room(input, 100, signal, urgency);
    region.then(
      () => (granted = true),
      () => {},
    );
    return { granted: () => granted, region };
  }

  /** Advances time as the engine does: the ladders take their steps, and the read queue is served. */
  async live(ms: number): Promise<void> {
    for (let left = ms; left >= 0; left -= 250) {
      await this.pass(Math.min(250, left), 250);
      this.ladders.turn(() => this.risk);
      this.intake.serve();
      await settled();
    }
  }
}

test("a shut gate makes readers wait until the rung is left", async () => {
  await using reading = new Reading([block(0.5, 0.3)]);
  reading.add(HELD);
  await reading.live(0);
  const { granted } = reading.ask();
  await reading.live(10 * HOLD_MS);
  assert.ok(!granted());
  assert.deepEqual([...reading.intake.waiting()], [["in", "gate"]]);
  reading.buffer.evict("default", BUDGET, "oldest");
  await reading.live(1000);
  assert.ok(granted());
});

test("what is at risk is read through a gate that opened for it, the rest waits on", async () => {
  await using reading = new Reading([block(0.5, 0.3, { atRisk: 1000 })]);
  reading.add(HELD);
  await reading.live(0);
  const [named, nameless] = [reading.ask("none"), reading.ask("at-risk")];
  await reading.live(1000);
  assert.deepEqual([named.granted(), nameless.granted()], [false, false]);
  reading.risk = 1001;
  await reading.live(1000);
  assert.deepEqual([named.granted(), nameless.granted()], [false, true]);
  reading.risk = 1000;
  await reading.live(0);
  const again = reading.ask("at-risk");
  await reading.live(1000);
  assert.ok(!again.granted(), "only what exceeds the limit");
});

test("of what is at risk no more is granted in one look than exceeds the limit", async () => {
  await using reading = new Reading([block(0.5, 0.3, { atRisk: 1000 })]);
  reading.add(HELD);
  reading.risk = 1150;
  await reading.live(0);
  const all = Array.from({ length: 4 }, () => reading.ask("at-risk"));
  const granted = (): number => all.filter((one) => one.granted()).length;
  await settled();
  assert.equal(granted(), 2, "100 bytes each, 150 exceed");
  await reading.live(0);
  assert.equal(granted(), 4, "still as many, says the next look");
});

test("a gate with a patience opens for all", async () => {
  await using reading = new Reading([block(0.5, 0.3, { waited: 3000 })]);
  reading.add(HELD);
  await reading.live(0);
  const { granted } = reading.ask();
  await reading.live(2500);
  assert.ok(!granted());
  await reading.live(1000);
  assert.ok(granted());
});

test("while a limit has shrunk below what is buffered, readers wait and say so", async () => {
  await using reading = new Reading([drop("oldest", 0.9, 0.8)]);
  reading.add(HELD);
  await reading.live(0);
  reading.buffer.resize(BUDGET / 2);
  await reading.live(0);
  const { granted } = reading.ask();
  assert.deepEqual([granted(), [...reading.intake.waiting()]], [false, [["in", "limit"]]]);
});

test("one who gives up waiting is told his own reason", async () => {
  await using reading = new Reading([block(0.5, 0.3)]);
  reading.add(HELD);
  await reading.live(0);
  const impatient = new AbortController();
  const { region } = reading.ask("none", "in", impatient.signal);
  impatient.abort(new Error("enough"));
  await assert.rejects(region, /enough/);
});

test("rate-limit with excess: wait holds readers until what came in is paid for", async () => {
  const rung = rateLimit(0.1, 0.05, "wait") as RateLimitRung;
  await using reading = new Reading([{ ...rung, rate: 1000, burst: 1000 }]);
  reading.add("x".repeat(20_000));
  const first = reading.ask();
  await reading.live(0);
  assert.ok(first.granted());
  await reading.intake.admit(reading.draft(lines(0, 500)));
  const owed = lines(0, 500).length - 1000;
  const second = reading.ask();
  await reading.live(owed - 400);
  assert.deepEqual([second.granted(), [...reading.intake.waiting()]], [false, [["in", "rate"]]]);
  await reading.live(800);
  assert.ok(second.granted());
});

test("an input whose target is stuck waits, another of the ladder goes on", async () => {
  await using reading = new Reading([], { shares: { default: [1, 2] } });
  await reading.intake.admit(reading.draft("x".repeat(60_000)));
  await reading.intake.admit(reading.draft(lines(0, 1), { input: "other" }));
  reading.buffer.outbox.setTarget("logs-in", "stuck");
  const [own, other] = [reading.ask("none", "in"), reading.ask("none", "other")];
  await settled();
  assert.deepEqual([own.granted(), other.granted()], [false, true]);
  assert.deepEqual([...reading.intake.waiting()], [["in", "target"]]);
  reading.buffer.outbox.setTarget("logs-in", "takes");
  await settled();
  assert.ok(own.granted(), "as soon as it takes again");
});

test("an input waits for a stuck target to which its records went lately, though the last one went elsewhere", async () => {
  await using reading = new Reading([], { shares: { default: [1, 2] } });
  await reading.intake.admit(reading.draft(Buffer.from(noise(60_000)).toString("base64"), { index: "yesterday" }));
  await reading.intake.admit(reading.draft(lines(0, 1), { index: "today" }));
  reading.buffer.outbox.setTarget("yesterday", "stuck");
  const [own, other] = [reading.ask("none", "in"), reading.ask("none", "other")];
  await settled();
  assert.deepEqual([own.granted(), other.granted()], [false, true]);
  assert.deepEqual([...reading.intake.waiting()], [["in", "target"]]);
  await reading.live(29_000);
  assert.ok(!own.granted());
  await reading.live(2000);
  assert.ok(own.granted(), "its records go elsewhere by now");
});

test("what is admitted stands in the books at once, and what is turned away too", async () => {
  await using reading = new Reading([drop("newest", 0.5, 0.3)]);
  const region = await reading.ask().region;
  const before = reading.draft("kept\n");
  reading.arena.release(before.region as Region);
  reading.arena.view(region).write("kept\n");
  reading.arena.shrink(region, 5);
  reading.arena.unpin(region);
  await reading.intake.admit({ ...before, region });
  assert.deepEqual([reading.buffer.open, reading.state.pool, reading.state.unwritten], [1, region.size, region.size]);
  await reading.intake.admit(reading.draft(`${"x".repeat(60_000)}\n`));
  await reading.intake.admit(reading.draft("late\n"));
  assert.deepEqual([reading.buffer.open, reading.fate(DROPPED_NEWEST)], [2, 1]);
  assert.equal(reading.buffer.figures().accounts.get("in")?.read.records, 3);
});

test("a region into which nothing was read goes back, and whoever waited for it goes on", async () => {
  await using reading = new Reading([], { rows: 0, shares: { default: [1, 1] } });
  const { pool, page } = reading.state.quotas;
  const large = await reading.intake.room("in", pool - page - 100, never);
  const small = reading.ask();
  await settled();
  assert.deepEqual([small.granted(), [...reading.intake.waiting()]], [false, [["in", "ahead"]]]);
  reading.intake.release(large);
  await settled();
  assert.ok(small.granted());
});

test("what inputs say of their sources reaches the buffer", async () => {
  await using reading = new Reading([]);
  const { intake } = reading;
  const identity = { path: "/x", device: "", inode: "1", birthNs: "", headLength: 2, headHash: 3 };
  const known = { id: "s", input: "in", identity, origin: 0, checkpoint: 0, mark: NO_MARK };
  assert.deepEqual([intake.known("in"), intake.started("in")], [[], undefined]);
  intake.start("in", 5);
  intake.open(known, 0);
  intake.identify("s", { ...identity, path: "/y" });
  assert.deepEqual([intake.started("in"), reading.buffer.sources.of("s").identity.path], [5, "/y"]);
  const facts = { input: "in", path: "/x", host: "h", fields: {}, index: "i", policy: "default" };
  assert.equal(intake.envelope(facts), intake.envelope(facts));
  assert.equal(intake.answered("s"), true);
  intake.gone("s");
  assert.equal(intake.answered("s"), false);
  await reading.pass(100);
  assert.equal(intake.answered("s"), true);
  intake.forget("s");
  await reading.pass(3000);
  assert.throws(() => reading.buffer.sources.of("s"), /not open/);
});

test("at a stop readers that wait are turned away, an input without a ladder is a bug", async () => {
  await using reading = new Reading([block(0.5, 0.3)]);
  reading.add(HELD);
  await reading.live(0);
  const { region } = reading.ask();
  reading.intake.close();
  await assert.rejects(region, { code: "stopping" });
  await assert.rejects(reading.intake.room("nobody", 1, never), /BUG: input nobody has no ladder/);
});
