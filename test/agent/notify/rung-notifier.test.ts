// When receivers are told about rungs, in virtual time. `entered` is sent after 60 s in force, and at most once in 10 minutes per
// rung. `left` is sent only after `entered`. One notification is under way at a time. In the end each receiver knows the current
// state.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import type { Outcome } from "../../../src/agent/notify/outcome.ts";
import { DELAYS, RungNotifier } from "../../../src/agent/notify/rung-notifier.ts";
import type { Ladder, NotifyTarget } from "../../../src/core/options.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";
import { sampleFacts } from "../../ops/sample-facts.ts";

const MINUTE = 60_000;
const [BLOCK, SAMPLE, OTHER] = ["block", "sample", "other"].map((name): NotifyTarget => ({ url: `http://${name}/` }));
const YES: Outcome = { arrived: "yes", says: "answered 200" };
const NO: Outcome = { arrived: "no", says: "answered 500" };
const PERHAPS: Outcome = { arrived: "perhaps", says: "not done within 10 s" };

function ladder(block: NotifyTarget | undefined, sample?: NotifyTarget): Ladder {
  return [
    { action: "block", enter: 0.7, leave: 0.6, notify: block, until: { waited: 1, atRisk: undefined } },
    { action: "sample", enter: 0.85, leave: 0.7, notify: sample, keep: 4, always: undefined },
  ];
}

interface Told {
  readonly atMs: number;
  readonly to: string;
  readonly event: string;
  readonly policy: string;
  readonly seconds: number;
}

/** A notifier whose receivers return the outcome that the scene sets, at once or when the scene releases them. */
class Scene {
  readonly clock = new ManualClock();
  readonly told: Told[] = [];
  readonly log: string[] = [];
  /** The states that each receiver may believe. There are several where it is uncertain whether a notification arrived. */
  readonly believe = new Map<string, ReadonlySet<string>>();
  /** The outcome of each notification; undefined: the receiver hangs. */
  answer: Outcome | undefined = YES;
  readonly notifier: RungNotifier;
  underWay = 0;
  private atATime = 0;
  private release: ((outcome: Outcome) => void) | undefined;

  constructor() {
    const say =
      (level: string) =>
      (event: string, message: string): void =>
        void this.log.push(`${level} ${event} ${message}`);
    this.notifier = new RungNotifier({
      clock: this.clock,
      log: { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") },
      delays: DELAYS,
      host: "web-1",
      facts: () => sampleFacts(),
      deliver: (target, body, signal) => this.deliver(target, body, signal),
      hide: (text) => text.replaceAll("hunter2", "***"),
    });
  }

  private async deliver(target: NotifyTarget, body: string, signal: AbortSignal): Promise<Outcome> {
    const { event, policy, seconds } = JSON.parse(body) as Told;
    const to = "url" in target ? new URL(target.url).hostname : target.command[0];
    this.told.push({ atMs: this.clock.now(), to: to as string, event: event.replace("rung_", ""), policy, seconds });
    this.atATime = Math.max(this.atATime, ++this.underWay);
    const hangs = new Promise<Outcome>((resolve) => {
      this.release = resolve;
      signal.addEventListener("abort", () => resolve({ arrived: "perhaps", says: String(signal.reason) }));
    });
    const outcome = this.answer ?? (await hangs);
    this.underWay--;
    const before = this.believe.get(to as string) ?? new Set(["left"]);
    const after = outcome.arrived === "no" ? [] : [event.replace("rung_", "")];
    this.believe.set(to as string, new Set([...(outcome.arrived === "yes" ? [] : before), ...after]));
    return outcome;
  }

  /** Lets the hanging receiver return this outcome. */
  async answers(outcome: Outcome): Promise<void> {
    this.release?.(outcome);
    await settled();
  }

  async stands(rung: number, of = ladder(BLOCK), policy = "p"): Promise<void> {
    this.notifier.changed({ policy, ladder: of, standing: { rung } });
    await settled();
  }

  /** An agent has started after a reload, with its ladder at `rung`. */
  async reloaded(rung: number, of = ladder(BLOCK)): Promise<void> {
    this.notifier.started({ p: of }, new Map([["p", { rung }]]));
    await settled();
  }

  /** Advances the clock in steps, so that work started by a timer finishes before time goes on. */
  async passes(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1000) {
      this.clock.advance(Math.min(1000, left));
      await settled();
    }
  }

  /** The notifications so far as event, receiver and second, for example `entered block 60`. */
  said(): readonly string[] {
    assert.ok(this.atATime <= 1, `${this.atATime} at a time`);
    return this.told.map(({ event, to, atMs }) => `${event} ${to} ${atMs / 1000}`);
  }
}

/** Waits until outcomes have been processed. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("entered is told after 60 s in force, left at once", async () => {
  const it = new Scene();
  await it.stands(1);
  await it.passes(59_000);
  assert.deepEqual(it.said(), []);
  await it.passes(1000);
  assert.deepEqual(it.said(), ["entered block 60"]);
  await it.passes(30 * MINUTE);
  await it.stands(0);
  assert.deepEqual(it.said(), ["entered block 60", "left block 1860"]);
  assert.deepEqual(
    it.told.map(({ seconds }) => seconds),
    [60, 1860],
  );
  assert.deepEqual(it.notifier.counts, { sent: 2, failed: 0 });
  assert.deepEqual(it.log, [
    "info notify_sent p: http://block/ was told that block stays in force: answered 200",
    "info notify_sent p: http://block/ was told that block was left: answered 200",
  ]);
  // The same holds shortly after `left` was sent.
  await it.passes(MINUTE);
  for (const seconds of [500, 60]) {
    await it.stands(1);
    await it.passes(1000 * seconds);
    await it.stands(0);
  }
  await it.passes(5 * MINUTE);
  await it.stands(1);
  await it.passes(2 * MINUTE);
  await it.stands(0);
  assert.deepEqual(it.said().slice(2), [
    "entered block 1980",
    "left block 2420",
    "entered block 2840",
    "left block 2900",
  ]);
});

test("a rung that is left within 60 s is not spoken of", async () => {
  const it = new Scene();
  for (let i = 0; i < 20; i++) {
    await it.stands(1);
    await it.passes(59_000);
    await it.stands(0);
    await it.passes(1000);
  }
  assert.deepEqual(it.said(), []);
});

test("a rung that comes again is told at most once in 10 minutes, and then if it still stands", async () => {
  const it = new Scene();
  await it.stands(1);
  await it.passes(MINUTE);
  await it.stands(0);
  await it.passes(MINUTE);
  await it.stands(1);
  await it.passes(9 * MINUTE - 1000);
  assert.deepEqual(it.said(), ["entered block 60", "left block 60"]);
  await it.passes(1000);
  assert.deepEqual(it.said().slice(2), ["entered block 660"]);
  await it.stands(0);
  assert.deepEqual(it.said().slice(3), ["left block 660"]);
  // The 10 minutes between notifications pass while the rung is not in force. The next one waits only for its 60 s.
  await it.passes(10 * MINUTE);
  await it.stands(1);
  await it.passes(MINUTE);
  assert.deepEqual(it.said().slice(4), ["entered block 1320"]);
});

test("a rung is in force while a higher one stands, and each has its own receiver and times", async () => {
  const it = new Scene();
  const both = ladder(BLOCK, SAMPLE);
  await it.stands(1, both);
  await it.passes(30_000);
  await it.stands(2, both);
  await it.passes(30_000);
  assert.deepEqual(it.said(), ["entered block 60"]);
  await it.passes(30_000);
  assert.deepEqual(it.said().slice(1), ["entered sample 90"]);
  await it.stands(1, both);
  await it.passes(MINUTE);
  assert.deepEqual(it.said().slice(2), ["left sample 90"]);
  await it.stands(0, both);
  assert.deepEqual(it.said().slice(3), ["left block 150"]);
});

test("two ladders with one receiver are told of each by itself", async () => {
  const it = new Scene();
  await it.stands(1, ladder(BLOCK), "a");
  await it.passes(5000);
  await it.stands(1, ladder(BLOCK), "b");
  await it.passes(MINUTE);
  await it.stands(0, ladder(BLOCK), "a");
  assert.deepEqual(
    it.told.map(({ event, policy }) => `${event} ${policy}`),
    ["entered a", "entered b", "left a"],
  );
});

test("left is not told to whom entered did not reach; entered is tried again after 10 minutes, while it stands", async () => {
  const it = new Scene();
  it.answer = NO;
  await it.stands(1);
  await it.passes(10 * MINUTE);
  assert.deepEqual(it.said(), ["entered block 60"]);
  assert.match(it.log[0] ?? "", /^warn notify_failed .* stays in force: answered 500; tried again in 10m00s if it is/);
  await it.passes(MINUTE);
  assert.deepEqual(it.said().slice(1), ["entered block 660"]);
  await it.stands(0);
  await it.passes(60 * MINUTE);
  assert.equal(it.told.length, 2);
  assert.deepEqual(it.notifier.counts, { sent: 0, failed: 2 });
});

test("left is told where entered may have arrived", async () => {
  const it = new Scene();
  it.answer = PERHAPS;
  await it.stands(1);
  await it.passes(MINUTE);
  it.answer = YES;
  await it.stands(0);
  assert.deepEqual(it.said(), ["entered block 60", "left block 60"]);
});

test("a left that fails is tried again until it arrives", async () => {
  const it = new Scene();
  await it.stands(1);
  await it.passes(MINUTE);
  it.answer = NO;
  await it.stands(0);
  await it.passes(25 * MINUTE);
  it.answer = YES;
  await it.passes(60 * MINUTE);
  assert.deepEqual(it.said(), [
    "entered block 60",
    "left block 60",
    "left block 660",
    "left block 1260",
    "left block 1860",
  ]);
});

test("whether a left arrived is not known: entering again is told", async () => {
  const it = new Scene();
  await it.stands(1);
  await it.passes(MINUTE);
  it.answer = PERHAPS;
  await it.stands(0);
  await it.passes(MINUTE);
  it.answer = YES;
  await it.stands(1);
  await it.passes(30 * MINUTE);
  assert.deepEqual(it.said(), ["entered block 60", "left block 60", "entered block 660"]);
});

test("a left that surely failed leaves nothing to tell when the rung is entered again", async () => {
  const it = new Scene();
  await it.stands(1);
  await it.passes(MINUTE);
  it.answer = NO;
  await it.stands(0);
  await it.stands(1);
  it.answer = YES;
  await it.passes(30 * MINUTE);
  assert.deepEqual(it.said(), ["entered block 60", "left block 60"]);
});

test("one at a time: a receiver that hangs costs the others its 10 s and no more", async () => {
  const it = new Scene();
  const both = ladder(BLOCK, SAMPLE);
  it.answer = undefined;
  await it.stands(2, both);
  await it.passes(MINUTE + 9000);
  assert.deepEqual(it.said(), ["entered block 60"]);
  await it.passes(1000);
  assert.deepEqual(it.said(), ["entered block 60", "entered sample 70"]);
  await it.answers(YES);
  assert.deepEqual(it.notifier.counts, { sent: 1, failed: 1 });
  assert.match(
    it.log[0] ?? "",
    /notify_failed p: could not tell http:\/\/block\/ .*: not done within 10 s; tried again/,
  );
});

test("a rung that is left while entered is under way is told so afterwards", async () => {
  const it = new Scene();
  it.answer = undefined;
  await it.stands(1);
  await it.passes(MINUTE);
  await it.stands(0);
  await it.passes(1000);
  assert.deepEqual(it.said(), ["entered block 60"]);
  it.answer = YES;
  await it.answers(YES);
  assert.deepEqual(it.said(), ["entered block 60", "left block 61"]);
});

test("a stop ends what is under way at once, and starts nothing more", async () => {
  const it = new Scene();
  it.answer = undefined;
  await it.stands(2, ladder(BLOCK, SAMPLE));
  await it.passes(MINUTE);
  it.notifier.close();
  await settled();
  assert.equal(it.underWay, 0);
  assert.deepEqual(it.log, [
    "warn notify_failed p: could not tell http://block/ that block stays in force: the agent stops",
  ]);
  await it.stands(0, ladder(BLOCK, SAMPLE));
  await it.passes(60 * MINUTE);
  assert.deepEqual(it.said(), ["entered block 60"]);
});

test("over a reload a rung that stands again within 60 s goes on, and keeps its limits", async () => {
  const it = new Scene();
  const both = ladder(BLOCK, SAMPLE);
  await it.stands(2, both);
  await it.passes(30_000);
  // The old agent may step down while it stops, and the new one climbs from accept in steps.
  it.notifier.reloading();
  await it.stands(0, both);
  await it.passes(20_000);
  await it.reloaded(0, both);
  await it.passes(5000);
  await it.stands(1, both);
  await it.passes(5000);
  assert.deepEqual(it.said(), ["entered block 60"]);
  await it.passes(20_000);
  await it.stands(2, both);
  await it.passes(1000);
  assert.deepEqual(it.said(), ["entered block 60", "entered sample 80"]);
  it.notifier.reloading();
  await it.stands(0, both);
  await it.reloaded(2, both);
  await it.passes(20 * MINUTE);
  assert.equal(it.told.length, 2);
});

test("a rung that does not stand again within 60 s of a reload is left then", async () => {
  const it = new Scene();
  await it.stands(1);
  await it.passes(MINUTE);
  it.notifier.reloading();
  await it.passes(MINUTE);
  await it.reloaded(0);
  await it.passes(MINUTE - 1000);
  assert.deepEqual(it.said(), ["entered block 60"]);
  await it.passes(1000);
  assert.deepEqual(it.said().slice(1), ["left block 180"]);
  // From here on, notifications work as before the reload.
  await it.stands(1);
  await it.passes(10 * MINUTE);
  await it.stands(0);
  assert.deepEqual(it.said().slice(2), ["entered block 660", "left block 780"]);
});

test("a rung that was left before a reload begins anew after it", async () => {
  const it = new Scene();
  await it.stands(1);
  await it.passes(59_000);
  await it.stands(0);
  await it.passes(1);
  it.notifier.reloading();
  await it.reloaded(1);
  await it.passes(59_000);
  assert.deepEqual(it.said(), []);
  await it.passes(1000);
  assert.equal(it.told.length, 1);
});

test("a reload to another receiver: the former hears that it was left, once, the new one that it is entered", async () => {
  const it = new Scene();
  await it.stands(1);
  await it.passes(MINUTE);
  it.answer = NO;
  it.notifier.reloading();
  await it.reloaded(1, ladder(OTHER));
  it.answer = YES;
  await it.passes(60 * MINUTE);
  assert.deepEqual(it.said(), ["entered block 60", "left block 60", "entered other 120"]);
});

test("a ladder that a reload takes away is left", async () => {
  const it = new Scene();
  await it.stands(1);
  await it.passes(MINUTE);
  it.notifier.reloading();
  it.notifier.started({}, new Map());
  await it.passes(60 * MINUTE);
  assert.deepEqual(it.said(), ["entered block 60", "left block 60"]);
});

test("what a receiver said and a program printed is logged on one line, short, and without a secret", async () => {
  const printed = async (text: string): Promise<string> => {
    const it = new Scene();
    it.answer = { arrived: "no", says: "exit code 1", printed: text };
    await it.stands(1);
    await it.passes(MINUTE);
    return /: exit code 1(.*); tried again/s.exec(it.log[0] ?? "")?.[1] ?? "nothing";
  };
  assert.equal(await printed(" \n"), "");
  assert.equal(await printed("hunter2 is wrong\r\n"), "; it printed: *** is wrong");
  assert.equal(await printed("a\u001b[2Jb\u0000\u202ec\u2028d"), "; it printed: a [2Jb c d");
  // The output is cut after secrets are masked, so no part of a secret is left at the start of the text.
  assert.equal(await printed(`hunter2${"x".repeat(497)}`), `; it printed: ***${"x".repeat(497)}`);
  assert.equal(await printed(`hunter2${"x".repeat(498)}`), `; it printed: …**${"x".repeat(498)}`);
});

test("whatever happens: limits hold at every moment, and in the end each receiver knows what is", async () => {
  const step = fc.record({
    rung: fc.integer({ min: 0, max: 2 }),
    ms: fc.integer({ min: 1, max: 4 * MINUTE }),
    answer: fc.constantFrom(YES, YES, NO, PERHAPS, undefined),
  });
  const both = ladder(BLOCK, SAMPLE);
  const run = async (steps: readonly { rung: number; ms: number; answer: Outcome | undefined }[]): Promise<void> => {
    const it = new Scene();
    for (const { rung, ms, answer } of steps) {
      it.answer = answer;
      await it.stands(rung, both);
      await it.passes(ms);
    }
    it.answer = YES;
    await it.passes(21 * MINUTE);
    const last = steps.at(-1)?.rung ?? 0;
    for (const [i, to] of ["block", "sample"].entries()) {
      const own = it.told.filter((one) => one.to === to);
      for (const event of ["entered", "left"]) {
        const times = own.filter((one) => one.event === event).map(({ atMs }) => atMs);
        const apart = event === "entered" ? 10 * MINUTE : 0;
        times.forEach((at, n) => assert.ok(n === 0 || at - (times[n - 1] as number) >= apart, it.said().join()));
      }
      for (const { event, seconds } of own) if (event === "entered") assert.ok(seconds >= 60, it.said().join());
      // A receiver that never got `entered` does not get `left`.
      assert.notEqual(own[0]?.event, "left");
      assert.deepEqual([...(it.believe.get(to) ?? ["left"])], [last > i ? "entered" : "left"], it.said().join());
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), run), { numRuns: 60 });
});
