// Most of these tests hold back notifications, and stop either the timer wheel or the scans. So a change is found only in the way
// under test.
import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFileSync, closeSync, mkdirSync, openSync, renameSync, watch, writeFileSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import test from "node:test";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { type Clock, systemClock } from "../../../../src/core/clock.ts";
import { TICK_MS } from "../../../../src/inputs/file/tail/timer-wheel.ts";
import { ENTERED_MS } from "../../../../src/inputs/file/discovery/scanner.ts";
import { PACE_MS } from "../../../../src/inputs/file/discovery/notifications.ts";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { bench } from "../setup.ts";

const HOUR_MS = 3_600_000;

/**
 * Keeps polls that notifications ask for in `held`. Of the two long sleeps only one ends: the timer wheel's tick or the pause
 * before a scan.
 */
function holding(except: typeof TICK_MS | typeof ENTERED_MS): Clock & { readonly held: (() => void)[] } {
  const held: (() => void)[] = [];
  return {
    ...systemClock,
    // A slow clock, so that the time slice of a turn does not run out on a busy machine. Beyond the slice, further polls would be
    // held back too.
    now: () => systemClock.now() / 50,
    held,
    after: (ms, run) => {
      if (ms === 0) return systemClock.after(ms, run);
      if (ms === PACE_MS) held.push(run);
      return { cancel: () => undefined };
    },
    sleep: (ms, signal) => {
      const ends = ms < ENTERED_MS || ms === except;
      return systemClock.sleep(ends ? ms : HOUR_MS, signal);
    },
  };
}

test("a file that took the name of another which the sweep found to be gone is read", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\n");
  await run({}, { clock: holding(TICK_MS) });
  await intake.until(() => intake.text === "one\n", "the first line");
  renameSync(file, `${file}.1`);
  writeFileSync(file, "new\n");
  await intake.until(() => intake.texts.includes("new\n"), "the new file", 5000);
});

test("hints of one file are one look, however many they are", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\n");
  const clock = holding(ENTERED_MS);
  await run({}, { clock });
  await intake.until(() => intake.text === "one\n", "the first line");
  writeFileSync(join(dir, "b.log"), "watched\n");
  await intake.until(() => intake.texts.includes("watched\n"), "the scan of the watched directory", 5000);
  for (let i = 0; i < 5; i++) {
    appendFileSync(file, "more\n");
    // Notifications arrive in order, and those of new files are not held back.
    const marker = `marker ${i}\n`;
    writeFileSync(join(dir, `b${i}.log`), marker);
    await intake.until(() => intake.texts.includes(marker), "the marker", 5000);
  }
  assert.equal(clock.held.length, 1);
  clock.held[0]?.();
  await intake.until(() => intake.texts.includes(`one\n${"more\n".repeat(5)}`), "all lines", 5000);
});

test("under a flood one turn of looks waits for its time, not one for each that was due meanwhile", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\n");
  const clock = holding(ENTERED_MS);
  let flood: "over" | "on" = "over";
  let now = 0;
  const asked: (() => void)[] = [];
  const busy: Clock & { readonly held: (() => void)[] } = {
    ...clock,
    now: () => (flood === "on" ? (now += 1000) : (now = clock.now())),
    sleep: (ms, signal) => {
      if (flood === "over" || ms > 0) return clock.sleep(ms, signal);
      return new Promise((resolve) => asked.push(resolve));
    },
  };
  await run({}, { clock: busy });
  await intake.until(() => intake.text === "one\n", "the first line");
  writeFileSync(join(dir, "b.log"), "watched\n");
  await intake.until(() => intake.texts.includes("watched\n"), "the scan of the watched directory", 5000);
  flood = "on";
  let ran = 0;
  const watcher = watch(dir);
  t.after(() => watcher.close());
  for (let i = 0; i < 5; i++) {
    const told = once(watcher, "change");
    appendFileSync(file, "more\n");
    await told;
    await setImmediate();
    for (; ran < clock.held.length; ran++) clock.held[ran]?.();
  }
  assert.equal(ran, 1);
  flood = "over";
  for (const resolve of asked.splice(0)) resolve();
  await intake.until(() => clock.held.length === 2, "what came meanwhile is looked at then");
});

test("a scan finds that another file has taken the name of one of ours", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\n");
  await run({ paths: [join(dir, "*.log"), join(dir, "*/*.log")] }, { clock: holding(ENTERED_MS) });
  await intake.until(() => intake.text === "one\n", "the first line");
  writeFileSync(join(dir, "new"), "two\n");
  renameSync(join(dir, "new"), file);
  // A new subdirectory makes the input scan the directory.
  mkdirSync(join(dir, "x"));
  await intake.until(() => intake.texts.includes("two\n"), "the other file", 5000);
});

test("more events than the kernel keeps: a quiet file whose only event is lost", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\n");
  const others = ["x", "y"].map((name) => openSync(join(dir, name), "w"));
  t.after(() => others.forEach(closeSync));
  await run({}, { clock: { ...fastClock(10), random: () => 0.5 } });
  await intake.until(() => intake.text === "one\n", "the first line");
  // After 90 s of quiet, the file is not polled for another half minute.
  await fastClock(10).sleep(90_000);
  // Two files in turn, because the kernel merges equal successive events. The event queue holds 16,384.
  for (let i = 0; i < 10_000; i++) for (const other of others) writeSync(other, "x");
  appendFileSync(file, "two\n");
  await intake.until(() => intake.text === "one\ntwo\n", "what was written last", 3000);
});

test("a compressed file that is heard of comes after its original that was not", async (t) => {
  const { dir, intake, run } = bench(t);
  await run({ paths: [join(dir, "*.log*")] }, { clock: holding(TICK_MS) });
  // No watcher runs yet.
  writeFileSync(join(dir, "a.log.1"), "one\n".repeat(300));
  for (let i = 0; !intake.texts.includes("watched\n"); i++) {
    writeFileSync(join(dir, `b${i}.log`), "watched\n");
    await systemClock.sleep(20);
  }
  writeFileSync(join(dir, "a.log.1.gz"), gzipSync("one\n".repeat(300)));
  writeFileSync(join(dir, "c.log"), "behind it\n");
  await intake.until(() => intake.texts.includes("behind it\n"), "the next file", 5000);
  const opened = [...intake.sources.values()].map(({ known }) => basename(known.identity.path));
  assert.deepEqual(
    opened.filter((name) => name.startsWith("a.log")),
    ["a.log.1"],
  );
});

test("a file that was written and rotated before anybody saw it, when the one before had gone on under its new name", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  const clock = fastClock(5);
  const input = await run({}, { clock });
  writeFileSync(file, "one\n");
  await intake.until(() => intake.text === "one\n", "the first file");
  renameSync(file, `${file}.1`);
  appendFileSync(`${file}.1`, "two\n");
  await intake.until(() => intake.text === "one\ntwo\n", "the rest of it under its new name");
  // By now the search for files that existed in between is over.
  await clock.sleep(2000);
  writeFileSync(file, "three\n");
  renameSync(file, `${file}.2`);
  await intake.until(() => intake.texts.includes("three\n"), "what had its name for a moment");
  assert.equal(input.status().files, 2);
});
