import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fastClock } from "../../helpers/fast-clock.ts";
import { bench } from "./setup.ts";

function descriptorsIn(dir: string): number {
  let count = 0;
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      if (readlinkSync(join("/proc/self/fd", fd)).startsWith(dir)) count++;
    } catch {
      // The descriptor that was used to read /proc/self/fd.
    }
  }
  return count;
}

test("stop ends a wait for room, gives everything back and closes every descriptor", async (t) => {
  const { dir, intake, run } = bench(t);
  for (let i = 0; i < 5; i++) writeFileSync(join(dir, `${i}.log`), "one\n");
  intake.shut();
  const input = await run();
  await intake.until(() => intake.waiting > 0, "readers that wait");
  await input.stop();
  await input.ended;
  assert.equal(intake.arena.count, 0);
  assert.equal(descriptorsIn(dir), 0);
});

test("done while following: everything that was there, but for partial last lines", async (t) => {
  const { dir, intake, run } = bench(t);
  const input = await run();
  writeFileSync(join(dir, "a.log"), "x".repeat(99).concat("\n").repeat(20_000).concat("part"));
  await intake.until(() => input.status().files === 1, "the file");
  await input.done();
  assert.equal(intake.text.length, 2_000_000);
});

test("a fault of the pipeline ends the input", async (t) => {
  const { dir, intake, run } = bench(t);
  intake.admit = async () => {
    throw new Error("broken");
  };
  const input = await run();
  writeFileSync(join(dir, "a.log"), "one\n");
  await assert.rejects(input.ended, /broken/);
});

test("status: lag, its age and descriptors", async (t) => {
  const { dir, intake, run } = bench(t);
  const clock = fastClock(20);
  const input = await run({}, { clock });
  const file = join(dir, "a.log");
  intake.shut();
  writeFileSync(file, "one\n");
  await intake.until(() => input.status().lagSeconds > 1, "an age");
  appendFileSync(file, "two\n");
  await intake.until(() => input.status().lagBytes === 8, "the second line");
  assert.equal(input.status().open, 1);
  intake.reopen();
  await intake.until(() => input.status().lagBytes === 0, "all to be read");
  assert.equal(input.status().lagSeconds, 0);
  await intake.until(() => input.status().open === 0, "the idle file to be closed");
});

test("ignore_older leaves old files alone until they are written to", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "old\n");
  utimesSync(file, 1, 1);
  writeFileSync(join(dir, "b.log"), "new\n");
  await run({ ignoreOlder: 3_600_000 }, { clock: fastClock(20) });
  await intake.until(() => intake.text === "new\n", "the new file");
  appendFileSync(file, "fresh\n");
  await intake.until(() => intake.texts.includes("old\nfresh\n"), "the old file");
});
