import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../../src/core/clock.ts";
import { fastClock } from "../../helpers/fast-clock.ts";
import { bench } from "./setup.ts";

const clock = fastClock(10);
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
  const halfway = AbortSignal.timeout(400);
  await input.readTheLast(halfway);
  assert.ok(halfway.aborted);
  const { text } = intake;
  assert.match(text, /^(halfa line\n){5,}$/);
  clearInterval(writing);
  await input.readTheLast(NEVER);
  assert.match(intake.text, /^(halfa line\n)+half$/);
  assert.ok(intake.text.startsWith(text));
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
