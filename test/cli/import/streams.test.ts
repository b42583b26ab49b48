import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { commonStart } from "../../../src/cli/import/streams.ts";
import { containerLines } from "./peers.ts";

const root = mkdtempSync(join(tmpdir(), "spillway-streams-"));
after(() => rmSync(root, { recursive: true }));

function start(text: string, offsets: Readonly<Record<string, number>>): number {
  const path = join(root, "log");
  writeFileSync(path, text);
  const fd = openSync(path, "r");
  try {
    return commonStart(fd, new Map(Object.entries(offsets)));
  } finally {
    closeSync(fd);
  }
}

const lineOf = (lines: readonly string[], n: number): number => lines.slice(0, n).join("").length;

test("a stream that is far behind without lines of its own holds nothing up", () => {
  // Lines 3, 7, 11 ... are from stderr.
  const lines = containerLines(0, 12).split(/(?<=\n)/);
  const text = lines.join("");
  assert.equal(start(text, { stdout: lineOf(lines, 11), stderr: lineOf(lines, 8) }), lineOf(lines, 11));
  assert.equal(start(text, { stdout: lineOf(lines, 11), stderr: lineOf(lines, 4) }), lineOf(lines, 7));
  assert.equal(start(text, { stdout: lineOf(lines, 3), stderr: lineOf(lines, 8) }), lineOf(lines, 4));
  assert.equal(start(text, { stdout: lineOf(lines, 5) }), lineOf(lines, 5));
});

test("Docker's lines are told by their key, not by their text", () => {
  const line = (log: string, stream: string): string =>
    `${JSON.stringify({ log, stream, time: "2026-11-24T20:00:00Z" })}\n`;
  const lines = [line('"stream":"stderr"', "stdout"), line("b", "stderr"), line('x","stream":"stdout"', "stderr")];
  const end = lines.join("").length;
  assert.equal(start(lines.join(""), { stdout: end, stderr: 0 }), lineOf(lines, 1));
  assert.equal(start(lines.join(""), { stdout: 0, stderr: end }), 0);
});

test("what is no container's log is not passed over, however large", () => {
  const text = `${containerLines(0, 30_000)}no stream here\n${containerLines(0, 10)}`;
  assert.equal(start(text, { stdout: text.length, stderr: 0 }), text.indexOf(" stderr ") - 30);
  const inside = text.length - 10;
  assert.equal(start(text, { stdout: text.length, stderr: inside }), inside);
  const wide = "x".repeat(3_000_000);
  assert.equal(start(wide, { stdout: wide.length, stderr: 5 }), 5);
});
