import assert from "node:assert/strict";
import { test } from "node:test";
import { ASCII } from "../../../src/cli/terminal/glyphs.ts";
import * as panel from "../../../src/cli/top/panels.ts";
import { paint } from "../../../src/cli/top/spans.ts";
import { sampleState, sampleStatus } from "./scene.ts";

const text = (lines: readonly Parameters<typeof paint>[0][]): string =>
  lines.map((line) => paint(line, false)).join("\n");

test("records are short, and exact while that is short", () => {
  assert.deepEqual([0, 9999, 10_000, 58_234, 999_950, 12_345_678].map(panel.thousands), [
    "0",
    "9,999",
    "10.0k",
    "58.2k",
    "1.0M",
    "12.3M",
  ]);
});

test("a balance that is not 0 stands out", () => {
  const status = sampleStatus();
  const plain = panel.ledgerLines(status).at(-1)?.[0];
  assert.deepEqual([plain?.style, plain?.text.includes("balance")], ["plain", true]);
  const ledger = { ...status.ledger, balance: { records: 1, bytes: 100 } };
  assert.equal(panel.ledgerLines({ ...status, ledger }).at(-1)?.[0]?.style, "fault");
});

test("a server that refuses every request has answered, but is not known", () => {
  const status = sampleStatus();
  const output = { ...status.output, server: null, up: false, last_error: "the server answers 401", targets: {} };
  const lines = text(panel.outputLines({ ...status, output })).split("\n");
  assert.deepEqual([lines[0], lines.at(-1)], ["OUTPUT server not known yet", "the server answers 401"]);
});

test("inputs that do not fit are counted", () => {
  const rows = sampleState().inputs();
  const many = Array.from({ length: 10 }, () => rows).flat();
  const lines = text(panel.inputLines(many, 5, 40)).split("\n");
  assert.equal(lines.length, 6);
  assert.equal(lines.at(-1), "and 16 more");
  assert.equal(panel.inputLines(rows, 5, 40).length, 3);
});

test("names of rungs end below their marks, and give way where there is no room", () => {
  const [bar = "", marks = ""] = text(panel.ladderLines(sampleStatus(), 120, ASCII)).split("\n");
  for (const [at, character] of [...bar].entries()) if (character === "|") assert.equal(marks[at], "^", `column ${at}`);
  assert.match(marks, /block 70\^ +sample 85\^ +95\^/);
});
