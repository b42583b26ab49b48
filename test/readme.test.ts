// The documents are true: links lead somewhere, configurations load, commands exist, and the demo still prints what the README
// shows.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { renderStart, renderSummary } from "../src/cli/demo/summary.ts";
import { PlainDemo } from "../src/cli/demo/plain.ts";
import { COMMANDS } from "../src/cli/program/commands.ts";
import type { Command } from "../src/cli/program/command.ts";
import { loadText } from "../src/config/load.ts";
import { play } from "./cli/demo/played.ts";
import { PROMISES, readPromises } from "../scripts/lib/promises.ts";
import { testFiles } from "../scripts/lib/test-files.ts";
import { ROOT, allFiles, sourceFiles } from "./helpers/tree.ts";

const PAGES = allFiles().filter((path) => path.endsWith(".md"));
const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** The fenced blocks that follow `<!-- name -->`. */
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

const GUARANTEES = "docs/guarantees.md";

/** The rows of the table of promises: each promise, and the test files or folders that it links to. */
function promised(): { promise: string; links: string[] }[] {
  const table = /\| promise \| held by \|\n\|---\|---\|\n(.*?)\n\n/s.exec(textOf(GUARANTEES))?.[1] ?? "";
  return table.split("\n").map((row) => {
    const [, promise = "", holders = ""] = row.split("|").map((cell) => cell.trim());
    return { promise, links: [...holders.matchAll(/\]\(\.\.\/(test\/[^)]+)\)/g)].map((match) => match[1] as string) };
  });
}

const PROMISED = readPromises(join(ROOT, PROMISES));

// scripts/lib/promises.ts checks after a run of all tests that these tests really ran and passed.
test("the promises of docs/guarantees.md and the files that hold them are those of docs/promises.json", () => {
  const rows = promised();
  assert.ok(rows.length >= 10);
  assert.deepEqual(
    rows.map(({ promise }) => promise),
    PROMISED.map(({ promise }) => promise),
    `${PROMISES} needs the same promises in the same order: name there the tests that hold a new one`,
  );
  for (const [i, { promise, links }] of rows.entries()) {
    const files = Object.keys(PROMISED[i]?.tests ?? {});
    const holds = (link: string, file: string): boolean =>
      file === link || (link.endsWith("/") && file.startsWith(link));
    const faults = [
      ...links
        .filter((link) => !files.some((file) => holds(link, file)))
        .map((link) => `${link}: only in ${GUARANTEES}`),
      ...files.filter((file) => !links.some((link) => holds(link, file))).map((file) => `${file}: only in ${PROMISES}`),
    ];
    assert.deepEqual(faults, [], `"${promise}" has to name the same files in ${GUARANTEES} and in ${PROMISES}`);
  }
});

test("each promise names tests that there are, in files that npm test runs, and that nobody has switched off", () => {
  const run = testFiles(ROOT);
  const sources = new Map(sourceFiles("test").map((file) => [file.path, file]));
  for (const { promise, tests } of PROMISED) {
    assert.ok(Object.keys(tests).length > 0, `"${promise}" names no test`);
    for (const [path, titles] of Object.entries(tests)) {
      const file = sources.get(path);
      assert.ok(
        file && run.includes(path),
        `${PROMISES}: \`npm test\` does not run ${path}; name the file as it is now`,
      );
      assert.ok(titles.length > 0, `${PROMISES}: name the tests of ${path} that hold "${promise}"`);
      // A test may skip at run time where a machine lacks something. These words skip it on every machine.
      const off = /\b(?:test|it|describe|suite)\.(?:skip|todo)\(|\b(?:skip|todo): (?:true\b|["'`])/.exec(
        file.code,
      )?.[0];
      assert.equal(off, undefined, `${path} leaves a test out, and holds the promise "${promise}": let it run`);
      // Titles may come from a table in an imported file.
      const near = [file, ...file.imports.map((name) => sources.get(name))].filter((one) => one !== undefined);
      const lost = titles.filter((title) => !near.some(({ text }) => says(text, title)));
      assert.deepEqual(lost, [], `${path} has no such test any more: use its new name in ${PROMISES}`);
    }
  }
});

/** Whether a text has a title as a string, or a template that can produce the title. */
function says(text: string, title: string): boolean {
  if (text.includes(JSON.stringify(title)) || new RegExp(`^ *${RegExp.escape(title)}: `, "m").test(text)) return true;
  return [...text.matchAll(/`([^`\n]*\$\{[^`\n]*)`/g)].some(([, template = ""]) => {
    const parts = template.split(/\$\{[^}]*\}/);
    return parts.join("").trim().length > 1 && new RegExp(`^${parts.map(RegExp.escape).join(".+")}$`).test(title);
  });
}

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
  for (const path of ["README.md", "docs/start.md", "docs/backfill.md", "docs/monitor.md"]) {
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
