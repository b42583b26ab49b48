// The test runner must be able to fail: it is run here over files that go wrong in every way it has to notice.
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
  "test/system/one.test.ts": `${HEAD} test("k", () => {});`,
  "test/fixtures/not-a-test.test.ts": "throw new Error();",
};

const directory = mkdtempSync(join(tmpdir(), "spillway-runner-"));
after(() => rmSync(directory, { recursive: true }));
for (const [name, text] of Object.entries({ ...FILES, "package.json": `{ "type": "module" }` })) {
  mkdirSync(join(directory, name, ".."), { recursive: true });
  writeFileSync(join(directory, name), text);
}

function runner(...words: string[]): { status: number | null; lines: string[] } {
  // Without this variable node:test would take the inner run for a part of this one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout } = spawnSync(process.execPath, [RUNNER, ...words], { cwd: directory, env, encoding: "utf8" });
  return { status, lines: stdout.trimEnd().split("\n") };
}

test("every kind of failure counts, is named and makes the exit code 1", () => {
  const { status, lines } = runner();
  assert.equal(status, 1);
  assert.equal(lines.at(-1), "4 passed, 5 failed, 2 skipped", lines.join("\n"));
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

test("words choose files, and reasons for skipping stand before the closing line", () => {
  const { status, lines } = runner("good", "skips");
  assert.equal(status, 0);
  assert.deepEqual(lines.slice(-3), ["skipped: no moon; wait", "skipped: no sun", "2 passed, 0 failed, 2 skipped"]);
});

test("a word that fits no file is a failure", () => {
  assert.equal(runner("nowhere").status, 1);
});
