// The test runner must be able to fail. It runs here over files with every kind of failure that it has to notice.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const RUNNER = join(import.meta.dirname, "../../scripts/test.ts");
const HEAD = `import { before, describe, test } from "node:test";\n`;

/** A file whose test fails the first time. */
function failsOnce(error: string): string {
  return `import { existsSync, mkdirSync } from "node:fs";
    ${HEAD} test("o", () => { if (!existsSync("ran/${error}")) { mkdirSync("ran/${error}"); throw new Error("${error}"); } });`;
}

const FILES = {
  "test/good.test.ts": `${HEAD} test("a", () => {}); describe("b", () => { test("c", () => {}); });`,
  "test/skips.test.ts": `${HEAD} test("d", { skip: "no moon; wait" }, () => {}); describe("e", { skip: "no sun" }, () => {});`,
  "test/bad.test.ts": `${HEAD} console.log("a clue"); describe("f", () => { test("g", () => { throw new Error("broke"); }); });`,
  "test/hook.test.ts": `${HEAD} describe("h", () => { before(() => { throw new Error("no ground"); }); test("i", () => {}); });`,
  "test/empty.test.ts": "export {};",
  "test/dies.test.ts": `${HEAD} test("j", () => {}); process.on("exit", () => process.exit(3));`,
  "test/off.test.ts": `${HEAD} test.skip("l", () => {}); test.todo("m");`,
  "test/once.test.ts": failsOnce("too busy"),
  "test/flaky/1.test.ts": failsOnce("one"),
  "test/flaky/2.test.ts": failsOnce("two"),
  "test/flaky/3.test.ts": failsOnce("three"),
  "test/scripts/4.test.ts": failsOnce("four"),
  "test/system/one.test.ts": `${HEAD} test("k", () => {});`,
  "test/machine/long.test.ts": `${HEAD} test("n", () => {});`,
  "test/fixtures/not-a-test.test.ts": "throw new Error();",
};

const directory = mkdtempSync(join(tmpdir(), "spillway-runner-"));
after(() => rmSync(directory, { recursive: true }));
for (const [name, text] of Object.entries({ ...FILES, "package.json": `{ "type": "module" }` })) {
  mkdirSync(join(directory, name, ".."), { recursive: true });
  writeFileSync(join(directory, name), text);
}

function runner(...words: string[]): { status: number | null; lines: string[] } {
  rmSync(join(directory, "ran"), { recursive: true, force: true });
  mkdirSync(join(directory, "ran"));
  // With this variable set, node:test would treat the inner run as part of this one.
  const { NODE_TEST_CONTEXT: _, CI: _ci, ...env } = process.env;
  const { status, stdout } = spawnSync(process.execPath, [RUNNER, ...words], { cwd: directory, env, encoding: "utf8" });
  return { status, lines: stdout.trimEnd().split("\n") };
}

test("every kind of failure counts, is named and makes the exit code 1", () => {
  const { status, lines } = runner("good", "skips", "bad", "hook", "empty", "dies", "off");
  assert.equal(status, 1);
  assert.equal(lines.at(-1), "4 passed, 5 failed, 3 skipped", lines.join("\n"));
  for (const line of [
    "FAILED test/bad.test.ts: g",
    "Error: broke",
    "a clue",
    "FAILED test/hook.test.ts: h",
    "Error: no ground",
    "FAILED test/empty.test.ts: ran no test",
    "FAILED test/dies.test.ts: its process ended with 3",
  ])
    assert.ok(lines.includes(line), `no line "${line}" in:\n${lines.join("\n")}`);
});

test("the end says for each failure what, why, and the command that runs its file alone", () => {
  const { lines } = runner("bad", "dies", "good");
  const end = lines.slice(lines.indexOf("what failed:"));
  assert.deepEqual(end.slice(1, 3), ["FAILED test/bad.test.ts: g", "Error: broke"], end.join("\n"));
  assert.ok(end.includes("alone: npm test -- test/bad.test.ts"), end.join("\n"));
  assert.ok(end.includes("alone: npm test -- test/dies.test.ts"), end.join("\n"));
  assert.ok(!runner("good").lines.includes("what failed:"));
});

test("what fails once and passes alone is flaky, and counts as passed; what fails again has failed", () => {
  const { status, lines } = runner("once", "good");
  assert.equal(status, 0, lines.join("\n"));
  assert.ok(lines.includes("flaky: test/once.test.ts: Error: too busy"), lines.join("\n"));
  assert.equal(lines.at(-1), "3 passed, 0 failed, 0 skipped");
  const again = lines.lastIndexOf("one at a time:");
  assert.ok(again > lines.findIndex((line) => line.endsWith("test/good.test.ts")), "when all others are through");
  const bad = runner("bad").lines;
  assert.ok(!bad.some((line) => line.startsWith("flaky")), bad.join("\n"));
  assert.equal(
    bad.filter((line) => line.startsWith("FAILED ") && line.endsWith("test/bad.test.ts")).length,
    2,
    "it ran again",
  );
});

test("three flaky files are borne, one of them among those that run alone anyway; four are a failure", () => {
  const three = runner("flaky/1", "flaky/2", "scripts/4");
  assert.equal(three.status, 0, three.lines.join("\n"));
  assert.equal(three.lines.filter((line) => line.startsWith("flaky: ")).length, 3);
  const four = runner("flaky", "scripts/4");
  assert.equal(four.status, 1);
  assert.deepEqual(four.lines.slice(-2), [
    "FAILED 4 files are flaky, and at most 3 may be: mend them",
    "4 passed, 1 failed, 0 skipped",
  ]);
});

test("--repeat runs files again and again, and counts each failure", () => {
  const { status, lines } = runner("--repeat", "3", "once", "good");
  assert.equal(status, 1);
  assert.ok(lines.includes("test/good.test.ts failed 0 of 3 times"), lines.join("\n"));
  assert.ok(lines.includes("test/once.test.ts failed 1 of 3 times"));
  assert.equal(lines.at(-1), "8 passed, 1 failed, 0 skipped");
  assert.equal(runner("--repeat", "often", "good").status, 1);
});

test("the slowest files are named", () => {
  const { lines } = runner("good", "skips");
  const at = lines.findIndex((line) => /^2 files in \d+\.\d s, the slowest:$/.test(line));
  assert.match(lines[at + 1] ?? "", /^ +\d+\.\d s  test\/(?:good|skips)\.test\.ts$/);
});

test("words choose files, and reasons for skipping stand before the closing line", () => {
  const { status, lines } = runner("good", "skips");
  assert.equal(status, 0);
  assert.deepEqual(lines.slice(-3), ["skipped: no moon; wait", "skipped: no sun", "2 passed, 0 failed, 2 skipped"]);
});

test("what only proof runs is left out, said, and runs when it is asked for", () => {
  const { lines } = runner();
  assert.ok(!lines.some((line) => line.includes("long.test.ts")), lines.join("\n"));
  assert.ok(lines.includes("left out: 1 files that `npm run proof` runs"), lines.join("\n"));
  assert.equal(runner("test/machine").lines.at(-1), "1 passed, 0 failed, 0 skipped");
});

test("a word that fits no file is a failure", () => {
  assert.equal(runner("nowhere").status, 1);
});

/** Runs the files whose path contains `word`, while docs/promises.json names these tests of `file`. */
function promising(word: string, file: string, ...titles: string[]): ReturnType<typeof runner> {
  mkdirSync(join(directory, "docs"), { recursive: true });
  const promises = join(directory, "docs/promises.json");
  writeFileSync(promises, JSON.stringify([{ promise: "all is well", tests: { [file]: titles } }]));
  try {
    return runner(word);
  } finally {
    rmSync(promises);
  }
}

test("a promise is kept by tests that ran in this run", () => {
  const { status, lines } = promising("good", "test/good.test.ts", "a", "c");
  assert.equal(status, 0);
  assert.equal(lines.at(-1), "2 passed, 0 failed, 0 skipped");
});

test("a promise whose test has another name now is a failure of the run, with what to do", () => {
  const { status, lines } = promising("good", "test/good.test.ts", "a", "the former name");
  assert.equal(status, 1);
  assert.equal(lines.at(-1), "2 passed, 1 failed, 0 skipped");
  const said = lines.find((line) => line.startsWith("FAILED docs/promises.json: "));
  assert.match(
    said ?? "",
    /"all is well" is held by the test "the former name" of test\/good\.test\.ts, .* What to do: /,
  );
});

test("a promise whose test is skipped is open where the machine lacks something, and else a failure", () => {
  const { status, lines } = promising("skips", "test/skips.test.ts", "d", "of the suite e");
  assert.equal(status, 0);
  assert.ok(lines.includes('not proven here: the promise "all is well": no moon; wait'), lines.join("\n"));
  assert.ok(lines.includes('not proven here: the promise "all is well": no sun'), lines.join("\n"));
  const without = promising("off", "test/off.test.ts", "l", "m");
  assert.equal(without.status, 1);
  assert.match(without.lines.join("\n"), /test "l" of test\/off\.test\.ts, which was skipped \(no reason given\)/);
  assert.match(without.lines.join("\n"), /test "m" of test\/off\.test\.ts, which was skipped \(no reason given\)/);
});

test("a promise of a test that failed is one failure, not two", () => {
  const { lines } = promising("bad", "test/bad.test.ts", "g");
  assert.equal(lines.at(-1), "0 passed, 1 failed, 0 skipped");
});
