// docs/errors.md has exactly one section per code in the source. Its wrong examples have that fault and its right examples have
// none.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { CODES } from "../../src/config/faults/codes.ts";
import { ConfigError } from "../../src/config/faults/fault.ts";
import { loadText } from "../../src/config/load.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const page = readFileSync(`${ROOT}docs/errors.md`, "utf8");
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf("\n")).replaceAll("`", ""), text.split(/^# [A-Z]/m)[0] ?? ""] as const),
);
const sources = globSync(["src/**/*.ts", "bin/*.js"], { cwd: ROOT }).map((file) =>
  readFileSync(`${ROOT}${file}`, "utf8"),
);

function found(pattern: RegExp): readonly string[] {
  return [...new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1] as string)))];
}

const thrown = [
  ...found(/new SpillwayError\(\s*"([a-z-]+)"/g),
  ...found(/super\("([a-z-]+)"/g),
  // These codes are built from parts: the steps of reaching the output.
  ...found(/"(resolve|connect|tls|authenticate|version)"/g).map((step) => `output-${step}`),
  // These codes are passed to the code that sends again, which throws them.
  ...found(/stuck.*\bcode: "([a-z-]+)"/g),
  ...found(/\[(old-node|few-descriptors)\]/g),
];
const events = [
  ...found(/(?:\.(?:debug|info|warn|error)|\[.*"warn"\])\(\s*"([a-z][a-z0-9_]*)",/g),
  // The log itself writes these.
  ...found(/\bput\("(?:debug|info|warn|error)", "([a-z][a-z0-9_]*)",/g),
];

test("each code has a section, each section a code", () => {
  const codes = [...new Set([...Object.keys(CODES), ...thrown])];
  assert.deepEqual(
    codes.filter((code) => !sections.has(code)),
    [],
    "add a section to docs/errors.md",
  );
  assert.deepEqual(
    [...sections.keys()].filter((name) => !codes.includes(name)),
    [],
    "remove it from docs/errors.md",
  );
});

test("each event of the log has a line, each line an event", () => {
  const listed = [...page.matchAll(/<a id="([a-z0-9_]+)">/g)].map((match) => match[1] as string);
  assert.deepEqual(
    events.filter((event) => !listed.includes(event)),
    [],
    "add a line to the events of docs/errors.md",
  );
  assert.deepEqual(
    listed.filter((event) => !events.includes(event)),
    [],
    "remove it from docs/errors.md",
  );
});

function codesOf(snippet: string, memoryLimit?: number): readonly string[] {
  const whole = /^inputs:/m.test(snippet)
    ? snippet
    : `${snippet}\ninputs: [{ id: app, paths: ["/var/log/app.log"] }]\n`;
  try {
    return loadText("x.yml", whole, { env: {}, cwd: "/", memoryLimit }).warnings.map(({ code }) => code);
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return [...error.faults, ...error.warnings].map(({ code }) => code);
  }
}

for (const code of Object.keys(CODES)) {
  test(`what the page calls wrong is [${code}], what it calls right has no fault`, () => {
    const text = sections.get(code) ?? "";
    const snippet = (word: string): string =>
      new RegExp(`\`\`\`yaml\n# ${word}\n(.*?)\`\`\``, "s").exec(text)?.[1] ?? "";
    // This fault depends on the machine: here, a container that is limited to 160 MiB.
    const limit = code === "memory-over-limit" ? 160 * 2 ** 20 : undefined;
    assert.deepEqual([...new Set(codesOf(snippet("wrong"), limit))], [code]);
    assert.deepEqual(codesOf(snippet("right"), limit), []);
  });
}
