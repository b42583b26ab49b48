// The test runner must be able to fail. It runs here over files with every kind of failure that it has to notice.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const RUNNER = join(import.meta.dirname, "../../scripts/test.ts");
const HEAD = `import { before, describe, test } from "node:test";\n`;
const FILES = {
  "test/good.test.ts": `${HEAD} test("a", () => {}); describe("b", () => { test("c", () => {}); });`,
  "test/skips.test.ts": `${HEAD} test("d", { skip: "no moon; wait" }, () => {}); describe("e", { skip: "no sun" }, () => {});`,
  "test/bad.test.ts": `${HEAD} console.log("a clue"); describe("f", () => { test("g", () => { throw new Error("broke"); }); });`,
  "test/hook.test.ts": `${HEAD} describe("h", () => { before(() => { throw new Error("no ground"); }); test("i", () => {}); });`,
  "test/empty.test.ts": "export {};",
  "test/dies.test.ts": `${HEAD} test("j", () => {}); process.on("exit", () => process.exit(3));`,
  "test/off.test.ts": `${HEAD} test.skip("l", () => {}); test.todo("m");`,
  "test/once.test.ts": `import { existsSync, writeFileSync } from "node:fs";
    ${HEAD} test("o", () => { if (!existsSync("ran")) { writeFileSync("ran", ""); throw new Error("too busy"); } });`,
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
  rmSync(join(directory, "ran"), { force: true });
  // With this variable set, node:test would treat the inner run as part of this one.
  const { NODE_TEST_CONTEXT: _, CI: _ci, ...env } = process.env;
  const { status, stdout } = spawnSync(process.execPath, [RUNNER, ...words], { cwd: directory, env, encoding: "utf8" });
  return { status, lines: stdout.trimEnd().split("\n") };
}

test("every kind of failure counts, is named and makes the exit code 1", () => {
  const { status, lines } = runner();
  assert.equal(status, 1);
  assert.equal(lines.at(-1), "6 passed, 5 failed, 3 skipped", lines.join("\n"));
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

test("what fails beside others and passes alone is said, and counts as passed; what fails alone does not", () => {
  const { status, lines } = runner("once");
  assert.equal(status, 0, lines.join("\n"));
  assert.ok(lines.includes("unsteady: test/once.test.ts failed beside others, and passed alone"), lines.join("\n"));
  assert.ok(lines.includes("Error: too busy"), "why it failed is shown");
  assert.equal(lines.at(-1), "1 passed, 0 failed, 0 skipped");
  assert.ok(!runner("bad").lines.some((line) => line.startsWith("unsteady")));
});

test("words choose files, and reasons for skipping stand before the closing line", () => {
  const { status, lines } = runner("good", "skips");
  assert.equal(status, 0);
  assert.deepEqual(lines.slice(-3), ["skipped: no moon; wait", "skipped: no sun", "2 passed, 0 failed, 2 skipped"]);
});

test("what wants minutes and programs of the system runs when it is asked for", () => {
  const without = runner().lines;
  assert.ok(!without.some((line) => line.includes("long.test.ts")), without.join("\n"));
  assert.ok(
    without.some((line) => line.startsWith("left out: 1 files of test/machine/")),
    without.join("\n"),
  );
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
