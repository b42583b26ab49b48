// `spillway explain` as a user runs it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { explanations } from "../../src/cli/explain.ts";
import { ROOT } from "../helpers/tree.ts";
import { runBin } from "./run-bin.ts";

test("an error and an event are explained, with their examples and without marks of Markdown", async () => {
  const error = await runBin(["explain", "bad-duration"]);
  assert.equal(error.code, 0);
  assert.match(error.out, /^`output.timeout` is `10`, a duration without a unit\n/);
  assert.match(error.out, /# wrong\n(.*\n)+\n*# right\n/);
  assert.doesNotMatch(error.out, /```|\]\(|^> /m);
  const event = await runBin(["explain", "output_stalled"]);
  assert.match(event.out, /^In the log \(error\): an index has refused everything for 5 s/);
});

test("a code is taken as an error prints it, with its brackets", async () => {
  const [bare, printed] = await Promise.all(["bad-index", "[bad-index]"].map((code) => runBin(["explain", code])));
  assert.equal(printed?.code, 0);
  assert.equal(printed?.out, bare?.out);
});

test("without a code all are listed, and an unknown one is told the nearest", async () => {
  const { code, out } = await runBin(["explain"]);
  const listed = out.trim().split("\n");
  assert.deepEqual([code, listed.includes("state-locked"), listed.includes("rung_entered")], [0, true, true]);
  const unknown = await runBin(["explain", "state-lokced"]);
  assert.equal(unknown.code, 64);
  assert.match(unknown.err, /no error or event is called state-lokced; did you mean state-locked\?/);
});

test("everything on the page is found: each heading of a code, and each row of an event", () => {
  const page = readFileSync(join(ROOT, "docs/errors.md"), "utf8");
  const headings = [...page.matchAll(/^## `([^`]+)`$/gm)].map(([, code]) => code);
  const rows = [...page.matchAll(/^\| <a id="([^"]+)">/gm)].map(([, event]) => event);
  assert.deepEqual([...explanations(page).keys()].sort(), [...new Set([...headings, ...rows])].sort());
  assert.match(explanations(page).get("stopping") ?? "", /interrupted[^]*In the log \(info\): the agent is stopping/);
  for (const [code, text] of explanations(page)) assert.ok(text.length > 20, code);
});
