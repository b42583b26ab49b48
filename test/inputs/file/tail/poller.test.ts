// How long it takes to find changes that no watcher reports. Polls are not jittered here: a file that was quiet for 90 s is next
// polled after half a minute at the earliest, or after ten seconds if it is polled more often.
import assert from "node:assert/strict";
import fs, { appendFileSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import type { Clock } from "../../../../src/core/clock.ts";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { type Bench, bench } from "../setup.ts";

const FACTOR = 20;
const clock: Clock = { ...fastClock(FACTOR), random: () => 0.5 };
const QUIET_MS = 90_000;
const SOON_MS = 20_000;

function soon({ intake }: Bench, text: string): Promise<void> {
  return intake.until(() => intake.texts.includes(text), text, SOON_MS / FACTOR);
}

/** A quiet file with a second name in another directory. A watcher reports only writes under the names in its directory. */
async function named(t: TestContext): Promise<Bench & { readonly file: string; readonly elsewhere: string }> {
  const it = bench(t);
  const [file, elsewhere] = [join(it.dir, "a.log"), join(it.dir, "elsewhere/a")];
  writeFileSync(file, "one\n");
  mkdirSync(join(it.dir, "elsewhere"));
  linkSync(file, elsewhere);
  await it.run({}, { clock });
  await it.intake.until(() => it.intake.text === "one\n", "the first line");
  await clock.sleep(QUIET_MS);
  return { ...it, file, elsewhere };
}

describe("what no watcher speaks of", { concurrency: true }, () => {
  test("a file is looked at more often, once that has shown", async (t) => {
    const it = await named(t);
    appendFileSync(it.elsewhere, "two\n");
    await it.intake.until(() => it.intake.text === "one\ntwo\n", "the rare look");
    await clock.sleep(QUIET_MS);
    appendFileSync(it.elsewhere, "three\n");
    await soon(it, "one\ntwo\nthree\n");
  });

  test("and rarely again, once it was heard of", async (t) => {
    const stat = t.mock.method(fs, "statSync");
    syncBuiltinESMExports();
    t.after(() => {
      stat.mock.restore();
      syncBuiltinESMExports();
    });
    const { intake, file, elsewhere } = await named(t);
    const looks = (): number => stat.mock.calls.filter((call) => call.arguments[0] === file).length;
    appendFileSync(elsewhere, "two\n");
    await intake.until(() => intake.text === "one\ntwo\n", "the rare look");
    appendFileSync(file, "three\n");
    await intake.until(() => intake.text === "one\ntwo\nthree\n", "the hint");
    await clock.sleep(QUIET_MS);
    const before = looks();
    await clock.sleep(40_000);
    assert.ok(looks() - before < 2, `${looks() - before} looks in 40 s`);
  });

  test("a link to the directory that is led elsewhere: the rest of the old file, the new one, and what comes in both", async (t) => {
    const it = bench(t);
    const link = join(it.dir, "current");
    const [first, second] = [join(it.dir, "1/a.log"), join(it.dir, "2/a.log")];
    for (const n of ["1", "2"]) mkdirSync(join(it.dir, n));
    writeFileSync(first, "one\n");
    symlinkSync(join(it.dir, "1"), link);
    const input = await it.run({ paths: [join(link, "*.log")] }, { clock });
    await it.intake.until(() => it.intake.text === "one\n", "the first file");
    await clock.sleep(QUIET_MS);
    assert.equal(input.status().open, 0);
    rmSync(link);
    symlinkSync(join(it.dir, "2"), link);
    appendFileSync(first, "rest\n");
    writeFileSync(second, "two\n");
    await Promise.all([soon(it, "one\nrest\n"), soon(it, "two\n")]);
    await clock.sleep(QUIET_MS);
    appendFileSync(first, "late\n");
    await soon(it, "one\nrest\nlate\n");
    appendFileSync(second, "more\n");
    await it.intake.until(() => it.intake.texts.includes("two\nmore\n"), "the hint", 5000 / FACTOR);
  });
});

test("a quiet file keeps nothing that is made again with its next line", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\n");
  const made = t.mock.method(intake, "envelope");
  const input = await run({}, { clock });
  await intake.until(() => intake.text === "one\n", "the first line");
  await intake.until(() => input.status().open === 0, "the file to be closed");
  appendFileSync(file, "two\n");
  await intake.until(() => intake.text === "one\ntwo\n", "the next line");
  assert.equal(made.mock.callCount(), 2);
});
