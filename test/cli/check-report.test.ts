import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { printChecked, printJson, printStep, printVerdict } from "../../src/cli/check-report.ts";
import { findFiles } from "../../src/cli/state/found.ts";
import type { Found } from "../../src/cli/state/found.ts";
import type { Terminal } from "../../src/cli/terminal/terminal.ts";
import { bindingBudget } from "../../src/config/explain.ts";
import { loadText } from "../../src/config/load.ts";
import { duration } from "../../src/core/figures.ts";

const dir = mkdtempSync(join(tmpdir(), "spillway-found-"));
after(() => rmSync(dir, { recursive: true }));

function listening(): Terminal & { said: { out: string; err: string } } {
  const said = { out: "", err: "" };
  return {
    said,
    out: (text) => void (said.out += `${text}\n`),
    err: (text) => void (said.err += `${text}\n`),
    paintOut: (_, text) => text,
    paintErr: (_, text) => text,
    isTty: false,
    columns: 80,
    json: false,
  };
}

const loaded = loadText("x.yml", 'inputs: [{ id: a, paths: [/a] }]\noutput: { auth: { api_key: "hunter2" } }', {
  env: {},
  cwd: "/",
});
const NONE: Found = { input: "a", files: 0, bytes: 0, examples: [], growth: 0, unreadable: [] };

function tail(found: Found): string {
  const terminal = listening();
  printChecked(loaded, [found], "whole", terminal);
  return terminal.said.out.slice(terminal.said.out.indexOf("# What is there"));
}

test("what there is to read, and how long the buffer lasts", () => {
  assert.equal(
    tail(NONE),
    "# What is there to read now:\n#   a: no file matches yet; they are read as they appear\n#   How long the buffer lasts: the files have not grown enough to tell\n",
  );
  const many = {
    ...NONE,
    files: 1200,
    bytes: 5e9,
    examples: ["/a", "/b", "/c"],
    growth: 1e5,
    unreadable: ["/x: closed"],
  };
  const lasts = duration((bindingBudget(loaded.config) / 1e5) * 1000);
  assert.equal(
    tail(many),
    `# What is there to read now:\n#   a: 1,200 files, 5.0 GB: /a, /b, /c and 1,197 more\n#   a: cannot look into /x: closed\n#   How long the buffer lasts: ${lasts} without the output, at the 100.0 kB/s that the files grew by so far\n`,
  );
});

test("JSON has everything and no secret", () => {
  const terminal = listening();
  printJson(loaded, [NONE], [{ host: "h", step: "connect", ok: false, ms: 1, what: "refused" }], terminal);
  const facts = JSON.parse(terminal.said.out) as Record<string, unknown>;
  assert.deepEqual(Object.keys(facts), ["version", "files", "warnings", "config", "policies", "inputs", "output"]);
  assert.doesNotMatch(terminal.said.out, /hunter2/);
});

test("a step is one line, advice stands below it, and the verdict comes last", () => {
  const terminal = listening();
  const host = "http://h";
  const up = { host, step: "connect", ok: true, ms: 1.4, what: "port 1 takes connections" } as const;
  const advice = { host, step: "target", ok: true, ms: 2, what: "a is not there", hint: "run setup" } as const;
  const down = { host, step: "tls", ok: false, ms: 1200, what: "no", hint: "look", code: "output-tls" } as const;
  for (const step of [up, advice, down]) printStep(step, terminal);
  printVerdict(loaded, 0, [up, advice, down], terminal);
  assert.deepEqual(terminal.said.err.split("\n"), [
    "  ok   connect       1 ms  http://h: port 1 takes connections",
    "  ok   target        2 ms  a is not there",
    "       run setup",
    "  FAIL tls          1.2 s  http://h: see below",
    "",
    "tls failed at http://h: no [output-tls]",
    "  look",
    "",
  ]);
  const good = listening();
  printVerdict(loaded, 0, [up], good);
  assert.equal(good.said.err, "no faults, and nothing stands in the way to the output; next: spillway run -c x.yml\n");
  const overridden = listening();
  printVerdict(loaded, 1, [], overridden);
  assert.equal(overridden.said.err, "no faults; next: spillway run -c x.yml, with the same --set\n");
});

test("files are found as the input finds them, and their growth is their size over their life", async () => {
  mkdirSync(join(dir, "sub"));
  writeFileSync(join(dir, "a.log"), "x".repeat(1000));
  writeFileSync(join(dir, "sub/b.log"), "x".repeat(500));
  writeFileSync(join(dir, "sub/b.log.gz"), "x");
  const later = Date.now() / 1000 + 1000;
  utimesSync(join(dir, "a.log"), later, later);
  const { config } = loadText("x.yml", `inputs: [{ id: a, paths: ["${dir}/**/*.log*"], exclude: ["*.gz"] }]`, {
    env: {},
  });
  const found = await findFiles(config.inputs[0] as (typeof config.inputs)[number]);
  assert.equal(found.files, 2);
  assert.equal(found.bytes, 1500);
  assert.deepEqual(found.examples, [join(dir, "a.log"), join(dir, "sub/b.log")]);
  assert.ok(found.growth > 0.9 && found.growth < 1.1, String(found.growth));
});
