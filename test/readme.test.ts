// What the documents show is true: links lead somewhere, configurations load, commands exist, and the demo still says what
// the README says that it says.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { renderStart, renderSummary } from "../src/cli/demo/summary.ts";
import { PlainDemo } from "../src/cli/demo/plain.ts";
import { COMMANDS } from "../src/cli/commands.ts";
import type { Command } from "../src/cli/command.ts";
import { loadText } from "../src/config/load.ts";
import { play } from "./cli/demo/played.ts";
import { ROOT, allFiles } from "./helpers/tree.ts";

const PAGES = allFiles().filter((path) => path.endsWith(".md"));
const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Fenced blocks behind `<!-- name -->`. */
function blocks(path: string, name: string): string[] {
  const found = [
    ...textOf(path).matchAll(new RegExp(`<!-- ${name} -->\\n\`\`\`\\w+\\n(.*?)\`\`\`\\n<!-- end -->`, "gs")),
  ];
  assert.ok(found.length > 0, `${path} has no block ${name}`);
  return found.map((match) => match[1] as string);
}

test("every link of every page leads to a file", () => {
  const broken = PAGES.flatMap((path) =>
    [...textOf(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map((match) => match[1] as string)
      .filter((target) => !existsSync(join(ROOT, dirname(path), target)))
      .map((target) => `${path}: ${target}`),
  );
  assert.deepEqual(broken, []);
});

test("each promise of the README names a test that holds it", () => {
  const table = /\| promise \| held by \|\n\|---\|---\|\n(.*?)\n\n/s.exec(textOf("README.md"))?.[1] ?? "";
  const rows = table.split("\n");
  assert.ok(rows.length >= 10);
  for (const row of rows) assert.match(row, /\]\(test\/[\w/-]+\.test\.ts\)/);
});

test("the two set-up commands stand there once each, on a line of their own", () => {
  const lines = textOf("README.md").split("\n");
  for (const command of ["npm ci && npm run demo", "npm ci && npm test"]) {
    assert.equal(lines.filter((line) => line === command).length, 1, command);
    assert.equal(lines.filter((line) => line.includes(command)).length, 1, command);
  }
});

test("the configurations have no fault, and stay as short as they are said to be", () => {
  for (const path of ["README.md", "docs/start.md"]) {
    for (const text of blocks(path, "config")) {
      assert.deepEqual(loadText(path, text, { env: {} }).warnings, []);
      assert.ok(text.trimEnd().split("\n").length <= 8);
    }
  }
});

test("the commands exist, with their options", () => {
  for (const path of ["README.md", "docs/start.md", "docs/guarantees.md"]) {
    for (const [block] of textOf(path).matchAll(/^```console\n.*?^```$/gms)) {
      for (const [line] of block.matchAll(/^(?:npx )?spillway .*$/gm)) assertKnown(path, line);
    }
  }
});

function assertKnown(path: string, line: string): void {
  const [name, ...words] = line.replace(/^npx /, "").split(" ").slice(1);
  let command: Omit<Command, "group"> | undefined = COMMANDS.find((one) => one.name === name);
  assert.ok(command, `${path}: ${line}`);
  const sub = command.commands?.find((one) => one.name === words[0]);
  command = sub ?? command;
  const flags = command.options.flatMap((option) => option.flags.split(/[ ,]+/));
  for (const word of words.filter((one) => one.startsWith("-"))) assert.ok(flags.includes(word), `${path}: ${line}`);
}

test("the README's demo says what the demo says", () => {
  const plain = new PlainDemo();
  const said = renderStart("http://127.0.0.1:9650/", "spillway-demo-a", 60_000);
  const { status, history, stored } = play(60_000, (view) => said.push(...plain.lines(view)));
  said.push(...renderSummary({ status, history, stored, config: "", word: "npx spillway" }));
  const form = (line: string): string =>
    line
      .replace(/[\d,]*\d/g, "0")
      .replace(/ +/g, " ")
      .trim();
  const forms = new Set(said.map(form));
  const lines = (blocks("README.md", "demo")[0] as string).trimEnd().split("\n");
  assert.equal(lines.length, 6);
  for (const line of lines) assert.ok(forms.has(form(line)), `the demo does not print: ${line}`);
});
