import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { PlainDemo } from "../../../src/cli/demo/plain.ts";
import { renderSummary } from "../../../src/cli/demo/summary.ts";
import { play } from "./played.ts";

test("without a terminal: acts, rungs and standings as lines, then the account", () => {
  const plain = new PlainDemo();
  const lines: string[] = [];
  const last = play(60_000, (view) => lines.push(...plain.lines(view)));
  lines.push("", ...renderSummary(last.status, last.history));
  const path = new URL("screens/plain.txt", import.meta.url);
  const text = `${lines.join("\n")}\n`;
  if (process.env["UPDATE_SCREENS"]) writeFileSync(path, text);
  assert.equal(text, readFileSync(path, "utf8"));
  assert.ok(!text.includes("\x1b"));
});

test("a demo in which nothing happened says so", () => {
  const { status, history } = play(0);
  assert.match(renderSummary(status, history).join("\n"), /records shed +none/);
});
