// `npm test`: runs every test/**/*.test.ts below the current directory, or with `npm test -- WORD ...` those whose path
// contains one of the words. Files that start real systems run one at a time, all others in parallel. A file that fails beside
// others runs once more alone, and that counts; if it passes then, a line says so. A file that runs no test, hangs or dies
// counts as failed. Without a word, test/machine/ is left out, because it takes minutes and needs system
// programs: use `npm run machine`. The last line is `N passed, N failed, N skipped`. The lines before give each reason for
// skipped tests once, and how to enable them. A promise of docs/guarantees.md whose test did not run is a failure too.
import { availableParallelism } from "node:os";
import { run } from "node:test";
import { PROMISES, judge, readPromises } from "./lib/promises.ts";
import { type Tally, merge, newTally, record } from "./lib/tally.ts";
import { testFiles } from "./lib/test-files.ts";
import { SEED } from "../test/helpers/seed.ts";

/** These files and folders may need all of a small machine, or build dist/. The demo is in time only if it can overload itself. */
const ALONE = [
  "test/scripts/",
  "test/system/",
  "test/systemd/",
  "test/machine/",
  "test/crash/",
  "test/cli/demo.test.ts",
];
/** Tests that boot a systemd, build images and packages, install them, or drive a browser. */
const MACHINE = "test/machine/";
/** Timeout per file, after which the file is taken to hang. The slowest builds an image, in two minutes on two cores. */
const PATIENCE_MS = 300_000;

// A file that runs again plays the same.
process.env["SEED"] ??= String(SEED);

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const words = process.argv.slice(2);
const found = testFiles(process.cwd());
const files = found.filter((file) =>
  words.length === 0 ? !file.startsWith(MACHINE) : words.some((word) => file.includes(word)),
);
if (files.length === 0) {
  say(`no test file's path contains ${words.join(" or ") || ".test.ts"}`);
  process.exit(1);
}

const started = performance.now();
const tally = newTally(say);
const alone = files.filter((file) => ALONE.some((place) => file.startsWith(place)));
const unsteady: string[] = [];
const failed = await runAll(
  files.filter((file) => !alone.includes(file)),
  availableParallelism(),
);
for (const { failures } of failed.values())
  for (const failure of failures) say(`\n${failure.replace(/^FAILED/, "failed beside others:")}`);
const failedAgain = await runAll([...failed.keys(), ...alone], 1);
for (const of of failedAgain.values()) merge(tally, of);
for (const file of failed.keys()) if (!failedAgain.has(file)) unsteady.push(file);

// With CI=true the machine must have everything that the tests need.
const { broken, open } = judge(readPromises(PROMISES), {
  files,
  all: words.length === 0,
  results: tally.results,
  strict: process.env["CI"] === "true",
});
for (const fault of broken) tally.failures.push(`FAILED ${PROMISES}: ${fault}`);
tally.failed += broken.length;

for (const failure of tally.failures) say(`\n${failure}`);
say(`\n${files.length} files in ${((performance.now() - started) / 1000).toFixed(1)} s`);
const left = words.length === 0 ? found.length - files.length : 0;
if (left > 0)
  say(`left out: ${left} files of ${MACHINE}, which take minutes and want programs of the system: npm run machine`);
for (const file of unsteady) say(`unsteady: ${file} failed beside others, and passed alone`);
for (const reason of tally.reasons) say(`skipped: ${reason}`);
for (const promise of open) say(`not proven here: ${promise}`);
say(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
process.exitCode = tally.failed === 0 ? 0 : 1;

/** Runs files, and adds up the results of those that pass. @returns the results of those that failed, by file */
async function runAll(group: readonly string[], concurrency: number): Promise<Map<string, Tally>> {
  const bad = new Map<string, Tally>();
  if (group.length === 0) return bad;
  say(concurrency === 1 ? "\none at a time:" : `\n${concurrency} at a time:`);
  const waiting = [...group];
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const of = await runOne(file);
      if (of.failed > 0) bad.set(file, of);
      else merge(tally, of);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return bad;
}

/** Runs one file. A test that hangs fails with its name after the timeout; then the signal ends its process. */
async function runOne(file: string): Promise<Tally> {
  const of = newTally(say);
  const signal = AbortSignal.timeout(PATIENCE_MS + 5_000);
  for await (const event of run({ files: [file], timeout: PATIENCE_MS, signal })) record(of, event);
  return of;
}
