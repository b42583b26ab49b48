import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { FakeIntake } from "../../helpers/fake-intake.ts";
import { fastClock } from "../../helpers/fast-clock.ts";
import { bench } from "./setup.ts";

const clock = fastClock(10);

function lines(from: number, count: number): string {
  return Array.from({ length: count }, (_, i) => `line ${from + i} ${"x".repeat(80)}\n`).join("");
}

function records(intake: FakeIntake): number {
  return [...intake.sources.values()].reduce((sum, source) => sum + source.records, 0);
}

test("the same content under another name, also after the first file is gone: one alarm for each", async (t) => {
  const { dir, intake, run, log } = bench(t);
  const [a, b, c] = ["a.log", "b.log", "c.log"].map((name) => join(dir, name)) as [string, string, string];
  writeFileSync(a, lines(0, 100));
  const input = await run({}, { clock });
  await intake.until(() => intake.texts.includes(lines(0, 100)), "the first file");
  assert.equal(input.status().rereadFiles, 0);
  copyFileSync(a, b);
  appendFileSync(b, lines(100, 10));
  await intake.until(() => intake.texts.includes(lines(0, 110)), "the copy, which is read all the same");
  assert.equal(input.status().rereadFiles, 1);
  unlinkSync(a);
  appendFileSync(b, lines(110, 10));
  await intake.until(() => intake.texts.includes(lines(0, 120)), "more of the copy");
  copyFileSync(b, c);
  await intake.until(() => input.status().rereadFiles === 2, "the second alarm");
  assert.equal(log.events.filter((event) => event === "file_reread").length, 1, "once a minute");
});

test("a file that is written anew with what it had, and one that an earlier process has read", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, lines(0, 100));
  const first = await run({}, { clock });
  await intake.until(() => intake.texts.includes(lines(0, 100)), "the first file");
  writeFileSync(`${file}.new`, lines(0, 120));
  renameSync(`${file}.new`, file);
  await intake.until(() => first.status().rereadFiles === 1, "the alarm");
  await first.stop();
  intake.restart();
  const second = await run({}, { clock });
  copyFileSync(file, join(dir, "b.log"));
  await intake.until(() => second.status().rereadFiles === 1, "the alarm of the next process");
});

test("files that only begin alike, small ones, and those that go on under another name are no rereads", async (t) => {
  const { dir, intake, run } = bench(t);
  const banner = lines(0, 20);
  for (let i = 0; i < 5; i++) writeFileSync(join(dir, `${i}.log`), banner + lines(1000 * (i + 1), 50));
  for (let i = 5; i < 10; i++) writeFileSync(join(dir, `${i}.log`), lines(0, 10));
  const input = await run({}, { clock });
  await intake.until(() => records(intake) === 5 * 70 + 5 * 10, "all");
  renameSync(join(dir, "0.log"), join(dir, "0.log.1"));
  appendFileSync(join(dir, "0.log.1"), lines(0, 10));
  await intake.until(() => records(intake) === 5 * 70 + 6 * 10, "the rest of the renamed one");
  assert.equal(input.status().rereadFiles, 0);
});
