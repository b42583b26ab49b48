import assert from "node:assert/strict";
import { test } from "node:test";
import { changes } from "../../src/config/changes.ts";
import { loadText } from "../../src/config/load.ts";
import type { Config } from "../../src/core/options.ts";

const INPUTS = "inputs: [{ id: web, paths: [/var/log/web.log] }]";
const OUTPUT = 'output: { hosts: ["http://127.0.0.1:9200"], auth: { api_key: aaaa } }';

function config(...sections: readonly string[]): Config {
  return loadText("test.yml", sections.join("\n"), { env: {} }).config;
}

const USUAL = config(INPUTS, OUTPUT);

test("the same text differs in nothing, expressions included", () => {
  const inputs = "inputs: [{ id: web, paths: [/a.log], multiline: { start: '^\\d' }, redact: ['a+'] }]";
  assert.deepEqual(changes(config(inputs, OUTPUT), config(inputs, OUTPUT)), []);
});

test("options are named as in the file", () => {
  for (const [sections, expected] of [
    [[INPUTS, OUTPUT, "buffer: { max_age: 3d }"], ["buffer.max_age"]],
    [[INPUTS, OUTPUT, "log: { level: debug }"], ["log.level"]],
    [
      [INPUTS, OUTPUT, "shutdown: { read_to_end: true, grace: 3s }"],
      ["shutdown.grace", "shutdown.read_to_end"],
    ],
    [[INPUTS, OUTPUT, "policies: { default: [{ action: block, enter: 70%, leave: 60% }] }"], ["policies.default"]],
    [[INPUTS, OUTPUT, "admin: { listen: '127.0.0.1:1234' }"], ["admin.listen"]],
    [[INPUTS, OUTPUT.replace("api_key: aaaa", "api_key: bbbb")], ["output.auth"]],
    [[INPUTS, OUTPUT.replace("auth", "batch: { records: 7 }, auth")], ["output.batch.records"]],
    [[INPUTS.replace("}]", ", max_record: 2MiB }]"), OUTPUT], ["inputs.web.max_record"]],
    [[INPUTS, OUTPUT.replace("auth", "headers: { X-Team: a }, auth")], ["output.headers.X-Team"]],
    [[INPUTS.replace("}]", ", fields: { teamName: x } }]"), OUTPUT], ["inputs.web.fields.teamName"]],
    [[INPUTS.replace("}]", "}, { id: db, paths: [/db.log] }]"), OUTPUT], ["inputs.db"]],
    [
      [INPUTS.replace("id: web", "id: www"), OUTPUT],
      ["inputs.web", "inputs.www"],
    ],
  ] as const) {
    assert.deepEqual(changes(USUAL, config(...sections)), expected);
  }
});

test("the order of the inputs is none of it", () => {
  const [a, b] = ["{ id: a, paths: [/a.log] }", "{ id: b, paths: [/b.log] }"];
  assert.deepEqual(changes(config(`inputs: [${a}, ${b}]`, OUTPUT), config(`inputs: [${b}, ${a}]`, OUTPUT)), []);
});
