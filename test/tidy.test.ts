// Rules of style and structure as tests. Each failure says where the rule is broken and what to do instead. The linter
// (.oxlintrc.json) checks the length of functions, floating promises and the like.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { CODES } from "../src/config/faults/codes.ts";
import { ROOT, type SourceFile, allFiles, reachable, sourceFiles, wayBetween } from "./helpers/tree.ts";

/** The folders of src/, from low to high. A file imports only from a lower layer or from its own folder. Type imports count. */
const LAYERS = [
  ["core"],
  ["kernel"],
  ["inputs", "policy", "buffer", "outputs", "sandbox"],
  ["pipeline", "config", "ops"],
  ["agent"],
  ["cli"],
  ["web"],
];

/** Entry points: the command line, the kernel's index for its compiler, the page's main for its bundler, and the scripts. */
const ROOTS = ["src/cli/main.ts", "src/kernel/assembly/index.ts", "src/web/main.ts", ...scripts()];

/** Code that runs elsewhere, with another clock: in WebAssembly, and in a browser. test/machine/web/ tests the browser code. */
const ELSEWHERE = ["src/kernel/assembly/", "src/web/"];
const isElsewhere = (path: string): boolean => ELSEWHERE.some((folder) => path.startsWith(folder));

const MAX_LINES = 260;

/** Calls that only one place may make. `where` is that file or folder below src/. */
const BANNED = [
  { call: /\bDate\.now\b|\bnew Date\(\)|\bperformance\b/, where: "core/clock.ts", instead: "take a Clock as argument" },
  { call: /\bMath\.random\b/, where: "core/clock.ts", instead: "use Clock.random, so that a test can choose" },
  {
    call: /\bset(?:Timeout|Interval|Immediate)\b/,
    where: "core/clock.ts",
    instead: "use Clock.after or Clock.sleep; time is virtual in `simulate` and in tests",
  },
  { call: /\bconsole\./, where: "cli/", instead: "take a Log as argument; only the command line speaks to a terminal" },
];

/**
 * Files and folders without unit tests of their own, and the tests that cover them through their public entry. Those tests must
 * reach each file by imports. Keep this list short: a file that is hard to test alone often should be two.
 */
const TESTED_BY: Readonly<Record<string, readonly string[]>> = {
  "src/agent/": ["test/agent/agent.test.ts"],
  "src/buffer/salvage/": ["test/buffer/salvage/salvage.test.ts"],
  "src/buffer/backfill/": ["test/cli/backfill/backfill.test.ts"],
  "src/cli/backfill/": ["test/cli/backfill/backfill.test.ts"],
  "src/cli/import/": ["test/cli/import.test.ts"],
  "src/cli/letters/": ["test/cli/letters/letters.test.ts"],
  "src/config/faults/": ["test/config/faults.test.ts"],
  "src/inputs/file/": ["test/inputs/file/rotation.test.ts"],
  "src/outputs/elasticsearch/probe/": ["test/outputs/elasticsearch/probe/probe.test.ts"],
  "src/outputs/elasticsearch/setup/": ["test/outputs/elasticsearch/setup/setup.test.ts"],
  "src/policy/simulate/": ["test/policy/simulate/page.test.ts", "test/policy/simulate/simulate.test.ts"],
};

const src = sourceFiles("src");
const tests = sourceFiles("test");
const bin = sourceFiles("scripts");
/** Files with code that have no test of their own. */
const untested = src
  .filter((file) => !isElsewhere(file.path) && runs(file) && !isTested(file.path))
  .map((file) => file.path);

test("a file imports only from a lower layer or its own folder", () => {
  const faults = src.flatMap((file) =>
    file.imports
      .filter((target) => target.startsWith("src/") && !mayImport(folderOf(file.path), folderOf(target)))
      .map((target) => `${file.path} imports ${target}`),
  );
  none(faults, "move what both need into a lower layer, or hand it in from above (ARCHITECTURE.md)");
});

test("records, gzip files and mounts know nothing of tails", () => {
  const below = /^src\/inputs\/file\/(?:records|gzip|mounts)\//;
  const shared = "src/inputs/file/identity/fingerprint.ts";
  const faults = src
    .filter((file) => below.test(file.path))
    .flatMap((file) => file.imports.map((target) => ({ path: file.path, target })))
    .filter(({ target }) => target.startsWith("src/inputs/") && !below.test(target) && target !== shared)
    .map(({ path, target }) => `${path} imports ${target}`);
  none(faults, "hand it in from above");
});

test("no import cycles", () => {
  const cycles = src
    .map((file) => wayBetween(src, file.path, file.path))
    .filter((way) => way !== undefined)
    .map((way) => [...way.slice(0, -1)].sort().join(", "));
  none([...new Set(cycles)], "put what the files share into one that imports none of them");
});

test("a third-party package is imported by one file of src/", () => {
  const importers = new Map<string, string[]>();
  for (const file of src)
    for (const name of file.packages) importers.set(name, [...(importers.get(name) ?? []), file.path]);
  const faults = [...importers].filter(([, paths]) => paths.length > 1);
  none(
    faults.map(([name, paths]) => `${name} is imported by ${paths.join(" and ")}`),
    "wrap the package in one file and import that, so that it can be replaced in one place",
  );
});

test("every file of src/ is reached from the command line, a worker or a script", () => {
  const alive = reachable([...src, ...bin], ROOTS);
  const dead = src.map((file) => file.path).filter((path) => !alive.has(path) && !path.endsWith(".d.ts"));
  none(dead, "use it or delete it; git remembers");
});

for (const { call, where, instead } of BANNED) {
  test(`no ${call.source} outside src/${where}`, () => {
    const own = src.filter(({ path }) => !isElsewhere(path) && !path.startsWith(`src/${where}`));
    const faults = own.flatMap((file) => hits(file, call));
    none(faults, instead);
  });
}

test("nothing is left for later", () => {
  const marks = /\b(?:FIX[M]E|TO[D]O|X[X]X)\b/;
  const faults = [...src, ...tests, ...bin].flatMap((file) => hits({ ...file, code: file.text }, marks));
  none(faults, "do it now, or open an issue and write down why it can wait");
});

test("files stay short", () => {
  const long = [...src, ...bin].map((file) => ({ path: file.path, lines: file.text.split("\n").length - 1 }));
  none(
    long.filter(({ lines }) => lines > MAX_LINES).map(({ path, lines }) => `${path} has ${lines} lines`),
    `at most ${MAX_LINES}: find the second concept in it and give it a file and a test of its own`,
  );
});

test("every file of src/ that does something is tested", () => {
  const faults = untested.filter((path) => coverOf(path) === undefined).map((path) => `${path} has no ${mirror(path)}`);
  none(faults, "write that test, or name the one that covers the file in TESTED_BY of this file");
});

for (const [entry, by] of Object.entries(TESTED_BY)) {
  test(`${by.join(" and ")} cover ${entry}`, () => {
    const covered = untested.filter((path) => coverOf(path) === entry);
    assert.ok(covered.length > 0, `every file of ${entry} has a test of its own: take it out of TESTED_BY`);
    const reached = reachable([...src, ...tests, ...bin], by);
    const faults = covered.filter((path) => !reached.has(path));
    none(faults, `write tests of their own: ${by.join(" and ")} do not import these, directly or not`);
  });
}

test("every code and every event that people may read is explained", () => {
  const spoken = src.flatMap(({ text }) => [
    ...text.matchAll(/new SpillwayError\(\s*"([a-z-]+)"/g),
    ...text.matchAll(/\.(?:debug|info|warn|error)\(\s*"([a-z_]+)",/g),
  ]);
  const names = new Set([...spoken.map((match) => match[1] as string), ...Object.keys(CODES)]);
  const page = readFileSync(join(ROOT, "docs/errors.md"), "utf8");
  const faults = [...names].filter((name) => !page.includes(`\`${name}\``)).sort();
  none(faults, "give each a section in docs/errors.md: what it means, what to do, a command to paste");
});

test("no file names a machine, a registry or a home directory", () => {
  const places = /(?<![\w.-])\/(?:work|home|Users)\/\w|\bregistry\.\w+\.(?:org|com|dev)\b|\brepo1?\.maven\b/;
  const faults = allFiles()
    .map((path) => ({ path, code: readFileSync(join(ROOT, path), "latin1") }))
    .flatMap((file) => hits(file, places));
  none(faults, "say it relative to the checkout, or leave the host to the machine's own configuration");
});

test("the README's test command is the one that .ci/run calls", () => {
  const lines = (path: string): string[] => readFileSync(join(ROOT, path), "utf8").split("\n");
  const readme = lines("README.md").filter((line) => line.endsWith("npm test") && !line.includes("`"));
  assert.equal(readme.length, 1, "README.md must show the test command once, on a line of its own");
  assert.ok(lines(".ci/run").includes(readme[0] as string), `.ci/run has no line \`${readme[0]}\``);
});

function mayImport(from: string, to: string): boolean {
  return from === to || layerOf(to) < layerOf(from);
}

function folderOf(path: string): string {
  return path.split("/")[1] as string;
}

function layerOf(folder: string): number {
  const layer = LAYERS.findIndex((names) => names.includes(folder));
  assert.ok(layer >= 0, `src/${folder} has no layer: put it into LAYERS of this file`);
  return layer;
}

function mirror(path: string): string {
  return path.replace(/^src/, "test").replace(/\.ts$/, ".test.ts");
}

/** The entry of TESTED_BY that covers a file. */
function coverOf(path: string): string | undefined {
  return Object.keys(TESTED_BY).find((entry) => path === entry || (entry.endsWith("/") && path.startsWith(entry)));
}

/** A file is tested by the test of the same name, or by a test in the same folder or the one above that imports the file directly. */
function isTested(path: string): boolean {
  const test = mirror(path);
  const folder = dirname(test);
  const isNear = (other: string): boolean => other === folder || (other === dirname(folder) && other !== "test");
  return tests.some((file) => file.path === test || (isNear(dirname(file.path)) && file.imports.includes(path)));
}

/** False for files that only have types, constants and tables. */
function runs(file: SourceFile): boolean {
  return !file.path.endsWith(".d.ts") && /\bfunction\b|\bclass\b|=> \{$/m.test(file.code);
}

function hits(file: { readonly path: string; readonly code: string }, pattern: RegExp): string[] {
  const lines = file.code.split("\n").map((line, index) => ({ line, place: `${file.path}:${index + 1}` }));
  return lines
    .filter(({ line }) => pattern.test(line))
    .map(({ line, place }) => `${place}: ${line.trim().slice(0, 80)}`);
}

function none(faults: readonly string[], remedy: string): void {
  assert.ok(faults.length === 0, `${faults.join("\n")}\nWhat to do: ${remedy}.`);
}

function scripts(): string[] {
  return allFiles("scripts").filter((path) => /^scripts\/[^/]+\.ts$/.test(path));
}
