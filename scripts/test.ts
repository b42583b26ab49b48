// `npm test`: runs the files test/**/*.test.ts below the current directory, or with `npm test -- WORD ...` those whose path
// contains one of the words. Without a word, those of scripts/lib/proof-files.ts are left out. Files that start real systems run
// two at a time, files that need the whole machine alone, all others in parallel. A file that fails runs once more, alone, when
// all others are through. If it passes then, it counts as passed, and the end names it as flaky; more than three of them fail the
// run. A file that runs no test, hangs or dies has failed. `npm test -- --repeat 5 WORD ...` runs files five times, one at a
// time, and counts each failure. The last line is `N passed, N failed, N skipped`. Before it stands each failure with the command
// that runs its file alone, and each reason for skipped tests once. A promise of docs/guarantees.md whose test did not run is a
// failure too.
import { availableParallelism } from "node:os";
import { run } from "node:test";
import { parseArgs } from "node:util";
import { PROMISES, judge, readPromises } from "./lib/promises.ts";
import { isForProof } from "./lib/proof-files.ts";
import { type Tally, brief, merge, newTally, record } from "./lib/tally.ts";
import { testFiles } from "./lib/test-files.ts";

/** These need all of a small machine, or build dist/. The demo is in time only if it can overload itself. */
const ALONE = ["test/scripts/", "test/machine/", "test/cli/demo.test.ts"];
/** These start real agents and servers, and wait for them most of the time. */
const IN_PAIRS = ["test/system/", "test/systemd/", "test/crash/"];
/** Timeout per file, after which the file is taken to hang. The slowest builds an image, in two minutes on two cores. */
const PATIENCE_MS = 300_000;
const MOST_FLAKY = 3;
const SLOWEST = 10;

const { values, positionals: words } = parseArgs({ options: { repeat: { type: "string" } }, allowPositionals: true });
const repeat = Number(values.repeat ?? 1);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const found = testFiles(process.cwd());
const files = found.filter((file) =>
  words.length === 0 ? !isForProof(file) : words.some((word) => file.includes(word)),
);
if (files.length === 0 || !(repeat >= 1)) {
  say(
    files.length > 0 ? "--repeat takes a number" : `no test file's path contains ${words.join(" or ") || ".test.ts"}`,
  );
  process.exit(1);
}

const started = performance.now();
const tally = newTally(say);
/** The first lines of errors by file. */
const flaky = new Map<string, string>();
await (repeat > 1 ? runAgainAndAgain() : runOnce());

// With CI=true the machine must have everything that the tests need.
const strict = process.env["CI"] === "true";
const elsewhere = found.filter((file) => !files.includes(file));
const { broken, open } = judge(readPromises(PROMISES), { files, elsewhere, results: tally.results, strict });
fail(...broken.map((fault) => `FAILED ${PROMISES}: ${fault}`));
if (flaky.size > MOST_FLAKY) fail(`FAILED ${flaky.size} files are flaky, and at most ${MOST_FLAKY} may be: mend them`);
report();
process.exitCode = tally.failed === 0 ? 0 : 1;

/** Each file once. Those that fail run again, alone, at the end. */
async function runOnce(): Promise<void> {
  const within = (places: readonly string[]): string[] =>
    files.filter((file) => places.some((place) => file.startsWith(place)));
  const [alone, inPairs] = [within(ALONE), within(IN_PAIRS)];
  const others = files.filter((file) => !alone.includes(file) && !inPairs.includes(file));
  const failed = new Map([
    ...(await runAll(others, 2 * availableParallelism())),
    ...(await runAll(inPairs, 2)),
    ...(await runAll(alone, 1)),
  ]);
  for (const { failures } of failed.values())
    for (const failure of failures) say(`\n${failure.replace(/^FAILED/, "failed once:")}`);
  // In the order of their names, whichever failed first, so that two runs with the same failures end alike.
  const again = [...failed.keys()].sort();
  const failedAgain = await runAll(again, 1);
  for (const file of again) {
    const of = failedAgain.get(file);
    const [first, second] = failed.get(file)?.failures[0]?.split("\n") ?? [];
    if (of !== undefined) merge(tally, of);
    else flaky.set(file, second ?? first ?? "");
  }
}

async function runAgainAndAgain(): Promise<void> {
  const times = new Map<string, number>();
  for (let round = 0; round < repeat; round++)
    for (const [file, of] of await runAll(files, 1)) {
      merge(tally, of);
      times.set(file, (times.get(file) ?? 0) + 1);
    }
  say("");
  for (const file of files) say(`${file} failed ${times.get(file) ?? 0} of ${repeat} times`);
}

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

function fail(...failures: readonly string[]): void {
  tally.failures.push(...failures);
  tally.failed += failures.length;
}

function report(): void {
  for (const failure of tally.failures) say(`\n${failure}`);
  say(`\n${files.length} files in ${((performance.now() - started) / 1000).toFixed(1)} s, the slowest:`);
  const slowest = [...tally.seconds].sort(([, a], [, b]) => b - a).slice(0, SLOWEST);
  for (const [file, seconds] of slowest) say(`${seconds.toFixed(1).padStart(7)} s  ${file}`);
  if (words.length === 0 && elsewhere.length > 0)
    say(`left out: ${elsewhere.length} files that \`npm run proof\` runs`);
  for (const reason of tally.reasons) say(`skipped: ${reason}`);
  for (const promise of open) say(`not proven here: ${promise}`);
  for (const [file, error] of flaky) say(`flaky: ${file}: ${error}`);
  if (tally.failed > 0) say("what failed:");
  for (const failure of brief(tally.failures)) say(failure);
  say(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
}
