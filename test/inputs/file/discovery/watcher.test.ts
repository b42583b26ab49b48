import assert from "node:assert/strict";
import fs, { appendFileSync, mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import test from "node:test";
import { FSWatcher } from "chokidar";
import { type Clock, systemClock } from "../../../../src/core/clock.ts";
import { TICK_MS } from "../../../../src/inputs/file/tail/timer-wheel.ts";
import type { FakeIntake } from "../../../helpers/fake-intake.ts";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { bench } from "../setup.ts";

test("no watchers left: said once, and files are found and read by looking", async (t) => {
  const { dir, intake, run, log } = bench(t);
  t.mock.method(FSWatcher.prototype, "add", function (this: FSWatcher) {
    const limit = Object.assign(new Error("System limit for number of file watchers reached"), { code: "ENOSPC" });
    queueMicrotask(() => this.closed || this.emit("error", limit));
    return this;
  });
  writeFileSync(join(dir, "a.log"), "one\n");
  await run({ paths: [join(dir, "*.log"), join(dir, "x/*.log")] }, { clock: fastClock(20) });
  await intake.until(() => intake.text === "one\n", "the first line");
  appendFileSync(join(dir, "a.log"), "two\n");
  writeFileSync(join(dir, "b.log"), "new\n");
  await intake.until(() => intake.texts.includes("one\ntwo\n") && intake.texts.includes("new\n"), "both files");
  assert.equal(log.events.filter((event) => event === "watch_limit").length, 1);
});

test("settings of the environment do not turn watching into polling", async (t) => {
  process.env.CHOKIDAR_USEPOLLING = "1";
  const { dir, intake, run } = bench(t);
  await run();
  writeFileSync(join(dir, "a.log"), "one\n");
  await intake.until(() => intake.text === "one\n", "the hint", 5000);
  assert.equal(process.env.CHOKIDAR_USEPOLLING, undefined);
});

/** A clock on which only notifications lead to polls: the timer wheel's ticks take an hour. */
const onlyHints: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms === TICK_MS ? 3_600_000 : ms, signal),
};

/** Appends to a file that was read until a notification arrives. From then on the file is watched. */
async function watched(intake: FakeIntake, ...files: readonly string[]): Promise<void> {
  for (const file of files) {
    const before = intake.text.length;
    const heard = (): boolean => {
      appendFileSync(file, "still?\n");
      return intake.text.length > before;
    };
    await intake.until(heard, `a hint of ${file}`);
  }
}

/** Notifications arrive in order: the one of a new file shows that all earlier ones have arrived. */
async function allHeard(intake: FakeIntake, dir: string): Promise<void> {
  for (let i = 0; i < 3; i++) {
    writeFileSync(join(dir, `marker-${i}.log`), `marker ${i}\n`);
    await intake.until(() => intake.texts.includes(`marker ${i}\n`), "the marker", 3000);
  }
}

test("what happens to a file, and to one that a link leads to, is heard of", async (t) => {
  const { dir, intake, run } = bench(t);
  for (const name of ["logs", "pods"]) mkdirSync(join(dir, name));
  const [file, link] = [join(dir, "logs/a.log"), join(dir, "logs/b.log")];
  const [target, rotated] = [join(dir, "pods/0.log"), join(dir, "pods/0.log.1")];
  writeFileSync(file, "a\n");
  writeFileSync(target, "b\n");
  symlinkSync(target, link);
  await run({ paths: [join(dir, "logs/*.log")] }, { clock: onlyHints });
  await intake.until(() => intake.texts.includes("a\n") && intake.texts.includes("b\n"), "the first lines");
  await watched(intake, file, target);
  appendFileSync(file, "more\n");
  appendFileSync(target, "more\n");
  await intake.until(() => intake.texts.every((text) => text.endsWith("more\n")), "both appends", 3000);
  renameSync(target, rotated);
  writeFileSync(target, "new\n");
  await intake.until(() => intake.texts.includes("new\n"), "the file that the link leads to now", 3000);
});

test("what happens to files makes the watcher list no directory", async (t) => {
  const list = t.mock.method(fs.promises, "readdir");
  syncBuiltinESMExports();
  t.after(() => {
    list.mock.restore();
    syncBuiltinESMExports();
  });
  const { dir, intake, run } = bench(t);
  const files = ["a", "b", "c"].map((name) => join(dir, `${name}.log`)) as [string, string, string];
  for (const file of files) writeFileSync(file, "one\n");
  await run({}, { clock: onlyHints });
  await intake.until(() => intake.text === "one\n".repeat(3), "the first lines");
  await watched(intake, files[2]);
  await intake.until(() => list.mock.callCount() === 3, "the first scan, the watcher's look and the scan behind it");
  const before = list.mock.callCount();
  unlinkSync(files[0]);
  renameSync(files[1], `${files[1]}.1`);
  appendFileSync(files[2], "two\n");
  await intake.until(() => intake.text.endsWith("two\n"), "the append", 3000);
  await allHeard(intake, dir);
  assert.equal(list.mock.callCount(), before);
});
