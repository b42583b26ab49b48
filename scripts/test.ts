// `npm test`: runs every test/**/*.test.ts below the current directory, or with `npm test -- WORD ...` those whose path
// contains one of the words. Files that start real systems run one at a time, all others side by side. A file that runs
// no test, hangs, or dies counts as failed. The last line is `N passed, N failed, N skipped`; before it stands, once,
// why something was skipped and how to get it.
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative, sep } from "node:path";
import { run } from "node:test";
import { type Tally, newTally, record } from "./lib/tally.ts";

/** Each of these may take all of a small machine by itself. */
const ALONE = ["test/system/", "test/crash/"];
/** Per file. The slowest takes a minute on two cores; beyond this something waits for what never comes. */
const PATIENCE_MS = 180_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const words = process.argv.slice(2);
const files = testFiles().filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
if (files.length === 0) {
  say(`no test file's path contains ${words.join(" or ") || ".test.ts"}`);
  process.exit(1);
}

const started = performance.now();
const tally = newTally(say);
const alone = files.filter((file) => ALONE.some((folder) => file.startsWith(folder)));
await runAll(
  files.filter((file) => !alone.includes(file)),
  availableParallelism(),
  tally,
);
await runAll(alone, 1, tally);

for (const failure of tally.failures) say(`\n${failure}`);
say(`\n${files.length} files in ${((performance.now() - started) / 1000).toFixed(1)} s`);
for (const reason of tally.reasons) say(`skipped: ${reason}`);
say(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
process.exitCode = tally.failed === 0 ? 0 : 1;

async function runAll(group: readonly string[], concurrency: number, into: Tally): Promise<void> {
  if (group.length === 0) return;
  say(concurrency === 1 ? "\none at a time:" : `\n${concurrency} at a time:`);
  const waiting = [...group];
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await runOne(file, into);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}

/** One call per file: a test that waits for ever fails by name, and then the signal ends its process. */
async function runOne(file: string, into: Tally): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS + 5_000);
  for await (const event of run({ files: [file], timeout: PATIENCE_MS, signal })) record(into, event);
}

function testFiles(): string[] {
  return readdirSync("test", { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.ts"))
    .map((entry) => relative(process.cwd(), join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((file) => !file.startsWith("test/fixtures/"))
    .sort();
}
