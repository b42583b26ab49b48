import assert from "node:assert/strict";
import { appendFileSync, copyFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
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

test("compressed: a copy of a plain file, and copies of compressed ones; but not what rotation makes", async (t) => {
  const { dir, intake, run } = bench(t);
  const [a, b, c, d, e] = ["a.log", "b.log.gz", "c.log.gz", "d.log.gz", "e.log.gz"].map((name) => join(dir, name)) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const input = await run({ paths: [join(dir, "*.log*")] }, { clock });
  const alarms = (n: number, what: string): Promise<void> =>
    intake.until(() => input.status().rereadFiles === n, `${n} alarms: ${what}`);
  writeFileSync(a, lines(0, 100));
  await intake.until(() => intake.texts.includes(lines(0, 100)), "the plain file");
  writeFileSync(b, gzipSync(lines(0, 110)));
  await alarms(1, "compressed under another name");
  writeFileSync(c, gzipSync(lines(1000, 50_000)));
  await intake.until(() => intake.texts.includes(lines(1000, 50_000)), "another content");
  copyFileSync(c, d);
  await alarms(2, "a copy of a compressed file");
  appendFileSync(a, lines(110, 20));
  await intake.until(() => intake.texts.includes(lines(0, 100) + lines(110, 20)), "more of the plain file");
  writeFileSync(`${a}.1.gz`, gzipSync(lines(0, 100) + lines(110, 30)));
  rmSync(a);
  await intake.until(() => intake.texts.includes(lines(0, 100) + lines(110, 30)), "its rest, in its compressed copy");
  writeFileSync(e, gzipSync(lines(0, 20) + lines(5000, 80)));
  await intake.until(() => intake.texts.includes(lines(0, 20) + lines(5000, 80)), "one that only begins alike");
  assert.equal(input.status().rereadFiles, 2);
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
