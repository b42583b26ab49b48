// The exact text for each kind of fault: one configuration and what is said about it, side by side in fixtures/config. With
// SPILLWAY_UPDATE_FIXTURES=1 the texts are written anew; read the difference before committing it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { CODES } from "../../src/config/codes.ts";
import { ConfigError } from "../../src/config/fault.ts";
import { loadText } from "../../src/config/load.ts";
import { countFaults, renderFaults } from "../../src/config/render.ts";

const FOLDER = new URL("../fixtures/config/", import.meta.url);
const ENV = { ES_API_KEY: "x", ES_INDEX: "logs-x", SECRET: "hunter2" };

function said(name: string): string {
  const text = readFileSync(new URL(`${name}.yml`, FOLDER), "utf8");
  try {
    const { warnings, hidden } = loadText(`${name}.yml`, text, { env: ENV, cwd: "/" });
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
