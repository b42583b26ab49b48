// Rules over several values: what each finds, and that it is silent while one of its values is wrong by itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fit } from "../../../src/config/fit.ts";
import { Report } from "../../../src/config/report.ts";
import { budgetRules } from "../../../src/config/rules/budget.ts";
import { inputRules } from "../../../src/config/rules/inputs.ts";
import { ladderRules } from "../../../src/config/rules/ladders.ts";
import { isLoopback, outputRules } from "../../../src/config/rules/output.ts";
import type { Read } from "../../../src/config/schema/index.ts";
import { schema } from "../../../src/config/schema/index.ts";
import type { Path } from "../../../src/config/tree.ts";
import { find } from "../../../src/config/tree.ts";
import { validate } from "../../../src/config/vocabulary.ts";
import { parseYaml } from "../../../src/config/yaml.ts";

type Rules = (config: Read, report: Report, isSet: (path: Path) => boolean) => void;
const budget: Rules = (config, report, isSet) => budgetRules(config, isSet, report);

function found(rules: Rules, text: string, doubts: readonly Path[] = []): readonly string[] {
  const tree = parseYaml(
    { name: "x", text: `${text}\n${/^inputs:/m.test(text) ? "" : "inputs: [{ id: a, paths: [/a] }]"}` },
    [],
  );
  assert.ok(tree);
  const report = new Report(tree);
  const { output, issues } = validate(schema, fit(schema, tree, report));
  assert.deepEqual(issues, []);
  for (const path of doubts) report.doubt(path);
  rules(output, report, (path) => find(tree, path) !== undefined);
  return [...report.faults, ...report.warnings].map(
    ({ code, at }) => `${code} ${tree.at.source.text?.slice(at.from, at.to)}`,
  );
}

test("budgets", () => {
  assert.deepEqual(
    found(budget, "buffer: { memory: 8MiB, disk: 16MiB }\ninputs: [{ id: a, paths: [/a], max_record: 2MiB }]"),
    [],
  );
  assert.deepEqual(found(budget, "buffer: { memory: 8388607B }"), ["memory-too-small 8388607B"]);
  assert.deepEqual(found(budget, "buffer: { memory: 3GiB, disk: 6GiB }"), []);
  assert.deepEqual(found(budget, "buffer: { memory: 3221225473B, disk: 7GiB }"), ["memory-too-large 3221225473B"]);
  assert.deepEqual(found(budget, "buffer: { disk: 128MiB }"), []);
  assert.deepEqual(found(budget, "buffer: { disk: 127MiB }"), ["disk-too-small 127MiB"]);
  assert.deepEqual(found(budget, "buffer: { disk: 0 }"), []);
  assert.deepEqual(found(budget, "output: { batch: { bytes: 16MiB } }"), []);
  assert.deepEqual(found(budget, "output: { batch: { bytes: 17MiB } }"), ["batch-too-large 17MiB"]);
});

test("budgets are silent about a value that is wrong by itself", () => {
  const text = "buffer: { memory: 1GiB, disk: 100MB }\noutput: { batch: { bytes: 1GB } }";
  assert.deepEqual(found(budget, text), ["disk-too-small 100MB", "batch-too-large 1GB"]);
  assert.deepEqual(found(budget, text, [["buffer", "memory"]]), []);
  assert.deepEqual(found(budget, text, [["buffer"]]), []);
});

test("shares", () => {
  const policies =
    "policies: { a: [], b: [] }\ninputs: [{ id: x, paths: [/x], policy: a }, { id: y, paths: [/y], policy: b }]";
  assert.deepEqual(found(budget, `buffer: { shares: { a: 30%, b: 70% } }\n${policies}`), []);
  assert.deepEqual(found(budget, `buffer: { shares: { a: 30%, b: 71% } }\n${policies}`), ["shares-exceed shares"]);
  assert.deepEqual(found(budget, `buffer: { shares: { a: 100% } }\n${policies}`), ["shares-exceed shares"]);
  assert.deepEqual(found(budget, `buffer: { shares: { c: 10% } }\n${policies}`), ["unknown-policy c"]);
});

test("inputs", () => {
  assert.deepEqual(found(inputRules, "inputs: []"), ["no-inputs inputs"]);
  assert.deepEqual(found(inputRules, "inputs: [{ id: a, paths: [] }]"), ["no-inputs paths"]);
  assert.deepEqual(found(inputRules, "inputs: [{ id: a, paths: [/a], policy: x }]"), ["unknown-policy x"]);
  const twice = "inputs: [{ id: a, paths: [/a] }, { id: a, paths: [/b] }, { id: a, paths: [/c] }]";
  assert.deepEqual(found(inputRules, twice), ["duplicate-id a", "duplicate-id a"]);
  assert.deepEqual(found(inputRules, twice, [["inputs", 0, "id"]]), ["duplicate-id a"]);
});

test("ladders, with a rung that is wrong by itself left out", () => {
  const text =
    "policies:\n  default:\n    - { action: block, enter: 70%, leave: 60% }\n    - { action: sample, enter: 65%, leave: 60%, keep: 1/2 }";
  assert.deepEqual(found(ladderRules, text), ["unreachable-rung sample", "marks-out-of-order 65%"]);
  assert.deepEqual(found(ladderRules, text, [["policies", "default", 0, "leave"]]), []);
  assert.deepEqual(found(ladderRules, "policies: { spare: [] }"), ["unused-policy spare"]);
});

test("output and admin", () => {
  assert.deepEqual(found(outputRules, "output: { hosts: [] }"), ["missing-key hosts"]);
  assert.deepEqual(found(outputRules, "output: { auth: {} }"), ["auth-incomplete auth"]);
  assert.deepEqual(
    found(outputRules, "output: { auth: { username: u, password: p }, hosts: [http://127.0.0.2:9200, http://h] }"),
    ["auth-in-clear http://h"],
  );
  assert.deepEqual(found(outputRules, "output: { tls: { key: /dev/null } }"), ["tls-pair key"]);
  assert.deepEqual(found(outputRules, "admin: { listen: '[::]:1' }"), ["admin-not-loopback '[::]:1'"]);
  for (const listen of ["off", "unix:/x", "'[::1]:1'", "localhost:1"])
    assert.deepEqual(found(outputRules, `admin: { listen: ${listen} }`), []);
  assert.deepEqual(["localhost", "127.1.2.3", "::1", "1.127.0.0", "example.com"].map(isLoopback), [
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("index names as the server takes them", () => {
  const bad = (index: string): number => found(outputRules, `output: { index: '${index}' }`).length;
  for (const index of ["logs-app-default", "{input}", "a-{field:kubernetes.namespace}-{date:yyyy.MM.dd}", "é"])
    assert.equal(bad(index), 0, index);
  for (const index of ["A", "_a", "a b", "a*", "{inputs}", "{date}", "a}", "a/b", "a:b", "x".repeat(256)])
    assert.equal(bad(index), 1, index);
});
