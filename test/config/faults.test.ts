// The exact text for each kind of fault. fixtures/config has each configuration next to the text reported for it.
// SPILLWAY_UPDATE_FIXTURES=1 rewrites the texts; read the difference before you commit it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { CODES } from "../../src/config/faults/codes.ts";
import { ConfigError } from "../../src/config/faults/fault.ts";
import { loadText } from "../../src/config/load.ts";
import { countFaults, renderFaults } from "../../src/config/faults/render.ts";

const FOLDER = new URL("../fixtures/config/", import.meta.url);
const ENV = { ES_API_KEY: "x", ES_INDEX: "logs-x", SECRET: "hunter2" };

function said(name: string): string {
  const text = readFileSync(new URL(`${name}.yml`, FOLDER), "utf8");
  try {
    // Configurations with this name are read as in a container with a memory limit.
    const memoryLimit = name.startsWith("memory-over-limit") ? 160 * 2 ** 20 : undefined;
    const { warnings, hidden } = loadText(`${name}.yml`, text, { env: ENV, cwd: "/", memoryLimit });
    return warnings.length === 0 ? "" : `${renderFaults(warnings, hidden)}\n\n${countFaults(warnings)}\n`;
  } catch (error) {
    assert.ok(error instanceof ConfigError, String((error as Error).stack));
    const all = [...error.faults, ...error.warnings];
    return `${renderFaults(all, error.secrets)}\n\n${countFaults(all)}\n`;
  }
}

const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".yml"))
  .map((file) => file.slice(0, -4));

for (const name of names) {
  test(`says of ${name}.yml what ${name}.txt says`, () => {
    const text = said(name);
    const file = new URL(`${name}.txt`, FOLDER);
    if (process.env["SPILLWAY_UPDATE_FIXTURES"]) writeFileSync(file, text);
    assert.equal(text, readFileSync(file, "utf8"));
  });
}

test("no text has a secret in it", () => {
  for (const name of names) assert.doesNotMatch(said(name), /hunter2/, name);
});

test("each code has a fixture that provokes it", () => {
  const seen = new Set(names.flatMap((name) => [...said(name).matchAll(/ \[([a-z-]+)\]$/gm)].map((match) => match[1])));
  assert.deepEqual(
    Object.keys(CODES).filter((code) => !seen.has(code)),
    [],
  );
});
