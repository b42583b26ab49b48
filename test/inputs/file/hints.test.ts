// Hints are held back here, and the sweep or the scans rest: what is found is found by what is under test.
import assert from "node:assert/strict";
import { appendFileSync, closeSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { basename, join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { type Clock, systemClock } from "../../../src/core/clock.ts";
import { TICK_MS } from "../../../src/inputs/file/agenda.ts";
import { ENTERED_MS } from "../../../src/inputs/file/file-input.ts";
import { PACE_MS } from "../../../src/inputs/file/hints.ts";
import { fastClock } from "../../helpers/fast-clock.ts";
import { bench } from "./setup.ts";

const HOUR_MS = 3_600_000;

/** Looks that hints ask for are kept, and of the long sleeps only one ends: the sweep's, or the one before a scan. */
function holding(except: typeof TICK_MS | typeof ENTERED_MS): Clock & { readonly held: (() => void)[] } {
  const held: (() => void)[] = [];
  return {
    ...systemClock,
    held,
    after: (ms, run) => {
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
    // Hints come in order, and one of a new file is not held back.
    const marker = `marker ${i}\n`;
    writeFileSync(join(dir, `b${i}.log`), marker);
    await intake.until(() => intake.texts.includes(marker), "the marker", 5000);
  }
  assert.equal(clock.held.length, 1);
  clock.held[0]?.();
  await intake.until(() => intake.texts.includes(`one\n${"more\n".repeat(5)}`), "all lines", 5000);
});

test("a scan finds that another file has taken the name of one of ours", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\n");
  await run({ paths: [join(dir, "*.log"), join(dir, "*/*.log")] }, { clock: holding(ENTERED_MS) });
  await intake.until(() => intake.text === "one\n", "the first line");
  writeFileSync(join(dir, "new"), "two\n");
  renameSync(join(dir, "new"), file);
  // Its directory is scanned.
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
  // It is not looked at again for half a minute.
  await fastClock(10).sleep(90_000);
  // Alternating: an event like the one before it is dropped. 16,384 fit.
  for (let i = 0; i < 10_000; i++) for (const other of others) writeSync(other, "x");
  appendFileSync(file, "two\n");
  await intake.until(() => intake.text === "one\ntwo\n", "what was written last", 3000);
});

test("a compressed file that is heard of waits for its original that was not", async (t) => {
  const { dir, intake, run } = bench(t);
  await run({ paths: [join(dir, "*.log*")] }, { clock: holding(TICK_MS) });
  // Nobody watches yet.
  writeFileSync(join(dir, "a.log.1"), "one\n");
  for (let i = 0; !intake.texts.includes("watched\n"); i++) {
    writeFileSync(join(dir, `b${i}.log`), "watched\n");
    await systemClock.sleep(20);
  }
  writeFileSync(join(dir, "a.log.1.gz"), gzipSync("one\n"));
  writeFileSync(join(dir, "c.log"), "behind it\n");
  await intake.until(() => intake.texts.includes("behind it\n"), "the next file", 5000);
  const opened = [...intake.sources.values()].map(({ known }) => basename(known.identity.path));
  assert.deepEqual(
    opened.filter((name) => name.startsWith("a.log")),
    [],
  );
});
