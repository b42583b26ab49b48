import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { PlainDemo } from "../../../src/cli/demo/plain.ts";
import { type Ended, renderStart, renderSummary } from "../../../src/cli/demo/summary.ts";
import type { DemoView } from "../../../src/cli/demo/view.ts";
import { play } from "./played.ts";

test("without a terminal: acts, rungs and standings as lines, then the account", () => {
  const plain = new PlainDemo();
  const lines = renderStart("http://127.0.0.1:9650/", "spillway-demo-a1b2c3", 60_000);
  const last = play(60_000, (view) => lines.push(...plain.lines(view)));
  lines.push("", ...renderSummary(ended(last)));
  const path = new URL("screens/plain.txt", import.meta.url);
  const text = `${lines.join("\n")}\n`;
  if (process.env["UPDATE_SCREENS"]) writeFileSync(path, text);
  assert.equal(text, readFileSync(path, "utf8"));
  assert.ok(!text.includes("\x1b"));
});

function ended({ status, history, stored }: DemoView): Ended {
  return { status, history, stored, config: "buffer: { memory: 8MiB, disk: 16MiB }\n", word: "npx spillway" };
}

test("a demo in which nothing happened says so", () => {
  const { status, history } = play(0);
  assert.match(
    renderSummary({ status, history, stored: 0, config: "buffer: {}", word: "spillway" }).join("\n"),
    /records shed +none/,
  );
});
