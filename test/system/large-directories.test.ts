// Deleting a file in a directory of 10,000: the watcher reports the name, so the directory need not be listed again. Counts
// system calls, which do not depend on the machine, and measures CPU time, not elapsed time.
import assert from "node:assert/strict";
import fs, { appendFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { eventually } from "../helpers/agent-process.ts";
import { fastClock } from "../helpers/fast-clock.ts";
import { bench } from "../inputs/file/setup.ts";

const FILES = 10_000;
const REMOVALS = 10;
/** Interval between scans of all directories. */
const SCAN_MS = 8000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Counts stat calls and directory listings. */
function counted(t: TestContext): { looks: number; listings: number } {
  const counts = { looks: 0, listings: 0 };
  const names = ["statSync", "lstatSync", "fstatSync"] as const;
  const originals = names.map((name) => fs[name] as (...args: unknown[]) => unknown);
  for (const [n, name] of names.entries())
    Object.assign(fs, { [name]: (...args: unknown[]) => (counts.looks++, originals[n]?.(...args)) });
  const { readdir } = fs.promises;
  Object.assign(fs.promises, {
    readdir: (...args: Parameters<typeof readdir>) => (counts.listings++, readdir(...args)),
  });
  t.after(() => {
    for (const [n, name] of names.entries()) Object.assign(fs, { [name]: originals[n] });
    Object.assign(fs.promises, { readdir });
    syncBuiltinESMExports();
  });
  syncBuiltinESMExports();
  return counts;
}

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

test("10,000 files and a removal a second: no listing for each, little time, no growth", async (t) => {
  const { dir, intake, run } = bench(t);
  const path = (i: number): string => join(dir, `${i}.log`);
  for (let i = 0; i < FILES; i++) writeFileSync(path(i), `line ${i}\n`);
  // This clock runs 20 times as fast as real time.
  const clock = fastClock(20);
  const counts = counted(t);
  const input = await run({}, { clock });
  const rests = (): boolean => {
    const { files, lagBytes, open } = input.status();
    return files === FILES && lagBytes === 0 && open === 0;
  };
  await eventually("all to be read and closed", rests, 60_000);
  await clock.sleep(10_000);
  const before = { ...counts, at: clock.now(), cpu: process.cpuUsage(), heap: heap() };
  for (let i = 0; i < REMOVALS; i++) {
    rmSync(path(i));
    await clock.sleep(1000);
  }
  await eventually("the removals", () => input.status().files === FILES - REMOVALS, 60_000);
  const cpu = process.cpuUsage(before.cpu);
  const seconds = (clock.now() - before.at) / 1000;
  const [looks, listings] = [counts.looks - before.looks, counts.listings - before.listings];
  // A scan lists a directory that has changed, and stats its files. A listing for each removal would be ten more.
  const scans = (seconds * 1000) / SCAN_MS + 2;
  assert.ok(listings <= scans + REMOVALS / 2, `${listings} listings in ${seconds} s`);
  assert.ok(looks <= 2.5 * FILES * scans, `${looks} looks`);
  const cpuMs = (cpu.user + cpu.system) / 1000 / seconds;
  assert.ok(cpuMs < 300, `${cpuMs} ms of the processor a second`);
  const grown = heap() - before.heap;
  assert.ok(grown < 4 << 20, `the heap grew by ${grown}`);

  // A renamed file is still found, and still read.
  renameSync(path(5000), join(dir, "5000.log.1"));
  appendFileSync(join(dir, "5000.log.1"), "more\n");
  await eventually("what is written to a renamed one", () => intake.texts.includes("line 5000\nmore\n"));
});
