// Many inputs over one directory: its events are received and resolved once for all inputs.
import assert from "node:assert/strict";
import fs, { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { FSWatcher } from "chokidar";
import { type Clock, systemClock } from "../../../../src/core/clock.ts";
import { Occurrence } from "../../../../src/inputs/file/discovery/watches.ts";
import { TICK_MS } from "../../../../src/inputs/file/tail/timer-wheel.ts";
import { type Bench, bench } from "../setup.ts";

const INPUTS = 30;
/** A clock on which only notifications lead to polls: the timer wheel's ticks take an hour. */
const onlyTold: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms === TICK_MS ? 3_600_000 : ms, signal),
};

const log = (dir: string, input: number): string => join(dir, `${input}.log`);
const start = ({ dir, run }: Bench, input: number): ReturnType<Bench["run"]> =>
  run({ id: `input-${input}`, paths: [log(dir, input), join(dir, `${input}-*.log`)] }, { clock: onlyTold });

/** Appends until a notification arrives. From then on the directory is watched. */
async function watched({ dir, intake }: Bench, input: number): Promise<void> {
  const before = intake.text.length;
  const heard = (): boolean => {
    appendFileSync(log(dir, input), "still?\n");
    return intake.text.length > before;
  };
  await intake.until(heard, `${input} to be heard of`);
}

/** Counts the calls of `statSync` for one path. */
function stats(t: TestContext, path: string): () => number {
  const mock = t.mock.method(fs, "statSync");
  syncBuiltinESMExports();
  t.after(() => {
    mock.mock.restore();
    syncBuiltinESMExports();
  });
  return () => mock.mock.calls.filter(({ arguments: [of] }) => String(of) === path).length;
}

test("inputs over one directory share its watcher until the last one is stopped", async (t) => {
  const it = bench(t);
  const { dir, intake } = it;
  const add = t.mock.method(FSWatcher.prototype, "add");
  const close = t.mock.method(FSWatcher.prototype, "close");
  const inputs = [];
  for (let i = 0; i < INPUTS; i++) inputs.push(await start(it, i));
  await watched(it, 0);
  assert.equal(add.mock.callCount(), 1);
  for (let i = 0; i < INPUTS; i++) writeFileSync(join(dir, `${i}-new.log`), `new in ${i}\n`);
  const texts = Array.from({ length: INPUTS }, (_, i) => `new in ${i}\n`);
  await intake.until(() => texts.every((text) => intake.texts.includes(text)), "a file of each", 5000);
  for (const input of inputs.slice(1)) await input.stop();
  assert.equal(close.mock.callCount(), 0);
  await watched(it, 0);
  await inputs[0]?.stop();
  assert.equal(close.mock.callCount(), 1);
  intake.restart();
  const again = await start(it, 0);
  await watched(it, 0);
  assert.equal(add.mock.callCount(), 2);
  await again.stop();
});

test("a name that is none of theirs is looked at once for all inputs, and one of theirs by its own input", async (t) => {
  const it = bench(t);
  const { dir, intake } = it;
  for (let i = 0; i < INPUTS; i++) await start(it, i);
  for (let i = 0; i < INPUTS; i++) writeFileSync(log(dir, i), `file ${i}\n`);
  await intake.until(() => intake.sources.size === INPUTS, "the files");
  await watched(it, 0);
  const [other, own] = [join(dir, "other"), join(dir, "7-own.log")];
  const [ofOther, ofOwn] = [stats(t, other), stats(t, own)];
  writeFileSync(join(dir, "new"), "x");
  renameSync(join(dir, "new"), other);
  writeFileSync(own, "own\n");
  await intake.until(() => intake.texts.includes("own\n"), "the file of one", 5000);
  // On a busy machine this waits for a later turn; a further notification comes after it.
  await intake.until(() => ofOther() > 0, "the name of none");
  await watched(it, INPUTS - 1);
  assert.equal(ofOther(), 1, "the name of none");
  // Its own input stats the file, and polls it.
  assert.ok(ofOwn() < 8, `${ofOwn()} looks at the file of one`);
});

test("an input that comes later and reaches further down is told of what happens there", async (t) => {
  const { dir, intake, run } = bench(t);
  const below = join(dir, "below");
  mkdirSync(below);
  writeFileSync(join(dir, "a.log"), "one\n");
  await run({}, { clock: onlyTold });
  await run({ id: "deep", paths: [join(dir, "**/*.txt")] }, { clock: onlyTold });
  const heard = (n: number): boolean => {
    writeFileSync(join(below, `${n}.txt`), `${n}\n`);
    return intake.texts.length > 1;
  };
  let n = 0;
  await intake.until(() => heard(n++), "a file below");
  const last = join(below, "last.txt");
  writeFileSync(last, "last\n");
  await intake.until(() => intake.texts.includes("last\n"), "the last file", 3000);
});

test("an occurrence knows where a file may have come from, and what is there", (t) => {
  const { dir } = bench(t);
  const occurrence = new Occurrence(dir, "a.log.1", "renamed");
  assert.ok(occurrence.earlierPaths.includes(join(dir, "a.log")));
  assert.equal(occurrence.stats, undefined);
  writeFileSync(occurrence.path, "");
  assert.equal(occurrence.stats, undefined, "it is looked at once");
});
