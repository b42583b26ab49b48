import assert from "node:assert/strict";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../../../src/core/clock.ts";
import { Random } from "../../../crash/random.ts";
import type { FakeIntake } from "../../../helpers/fake-intake.ts";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { bench } from "../setup.ts";

/** Only three times as fast, so that one of its seconds is long compared with timer delays on a busy machine. */
const clock = fastClock(3);
const NEVER = new AbortController().signal;

test("what a quiet file ends with is taken as it is", async (t) => {
  const { dir, intake, run } = bench(t);
  writeFileSync(join(dir, "a.log"), "whole\nhalf");
  const input = await run({}, { clock });
  await intake.until(() => intake.text === "whole\n", "the whole line");
  await input.readTheLast(NEVER);
  assert.equal(intake.text, "whole\nhalf");
});

test("what comes meanwhile is read, and a line that is being written is not cut", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "a.log");
  writeFileSync(log, "half");
  const input = await run({}, { clock });
  const writing = setInterval(() => appendFileSync(log, "a line\nhalf"), 20);
  t.after(() => clearInterval(writing));
  const halfway = AbortSignal.timeout(1200);
  await input.readTheLast(halfway);
  assert.ok(halfway.aborted);
  const { text } = intake;
  assert.match(text, /^(halfa line\n){5,}$/);
  clearInterval(writing);
  await input.readTheLast(NEVER);
  assert.match(intake.text, /^(halfa line\n)+half$/);
  assert.ok(intake.text.startsWith(text));
});

/** Each text was handed over, in whole lines, and nothing else. */
function assertWhole(intake: FakeIntake, ...texts: string[]): void {
  for (const { taken } of intake.sources.values())
    for (const { text } of taken) assert.ok(text.endsWith("\n"), `half a line was taken: ${text.slice(-40)}`);
  assert.deepEqual(intake.texts.toSorted(), texts.toSorted());
}

test("a program that pauses in the middle of a line, while another one writes, has its lines in whole", async (t) => {
  const { dir, intake, run } = bench(t);
  const [paused, busy] = [join(dir, "paused.log"), join(dir, "busy.log")];
  const random = new Random(20261125);
  for (const path of [paused, busy]) writeFileSync(path, "line 0\n");
  const input = await run({}, { clock });
  let n = 0;
  const writing = setInterval(() => appendFileSync(busy, `line ${++n}\n`), 20);
  t.after(() => clearInterval(writing));
  const reading = input.readTheLast(NEVER);
  let text = "line 0\n";
  for (let line = 1; line <= 8; line++) {
    const whole = `line ${line} ${"x".repeat(random.below(50))}\n`;
    const cut = 1 + random.below(whole.length - 1);
    appendFileSync(paused, whole.slice(0, cut));
    await clock.sleep(random.pick([100, 1200, 2500]));
    appendFileSync(paused, whole.slice(cut));
    text += whole;
  }
  clearInterval(writing);
  await reading;
  assertWhole(intake, text, readFileSync(busy, "utf8"));
});

test("when its time is up it takes what quiet files end with, and leaves the others their half lines", async (t) => {
  const { dir, intake, run } = bench(t);
  const busy = join(dir, "busy.log");
  writeFileSync(join(dir, "quiet.log"), "quiet");
  writeFileSync(busy, "half");
  const input = await run({}, { clock });
  const writing = setInterval(() => appendFileSync(busy, "busy\nhalf"), 20);
  t.after(() => clearInterval(writing));
  await input.readTheLast(AbortSignal.timeout(1200));
  clearInterval(writing);
  assert.ok(intake.texts.includes("quiet"));
  assert.match(intake.texts.find((text) => text !== "quiet") ?? "", /^half(busy\nhalf)+busy\n$/);
});

test("a file that grows before its end could be taken goes on", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "a.log");
  writeFileSync(log, "half");
  const input = await run({}, { clock });
  await input.done();
  intake.shut();
  const reading = input.readTheLast(NEVER);
  await intake.until(() => intake.waiting > 0, "the turn that takes it");
  appendFileSync(log, " a line\nhalf");
  await intake.until(() => input.status().lagBytes === 16, "the look");
  intake.reopen();
  await intake.until(() => intake.text === "half a line\n", "the whole line");
  appendFileSync(log, " a line\n");
  await reading;
  assertWhole(intake, "half a line\nhalf a line\n");
});

test("without room it ends with its signal", async (t) => {
  const { dir, intake, run } = bench(t);
  intake.shut();
  writeFileSync(join(dir, "a.log"), "whole\n");
  const input = await run({}, { clock });
  const from = systemClock.now();
  await input.readTheLast(AbortSignal.timeout(200));
  assert.ok(systemClock.now() - from >= 190);
  assert.equal(intake.text, "");
});

test("with once nothing is left to wait for", async (t) => {
  const { dir, intake, run } = bench(t);
  writeFileSync(join(dir, "a.log"), "half");
  const input = await run({}, { mode: "once" });
  await input.done();
  const from = systemClock.now();
  await input.readTheLast(NEVER);
  assert.ok(systemClock.now() - from < 500);
  assert.equal(intake.text, "half");
});
