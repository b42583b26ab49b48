// The stages between a parsed tree and the rules. A misfit is reported once, and later stages do not report it again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fit } from "../../../src/config/values/fit.ts";
import { present, Report } from "../../../src/config/faults/report.ts";
import { reservedInputType, reservedKey } from "../../../src/config/faults/reserved.ts";
import { sayIssue } from "../../../src/config/faults/say.ts";
import { schema } from "../../../src/config/schema/index.ts";
import { parseSets } from "../../../src/config/yaml/set.ts";
import type { Tree } from "../../../src/config/yaml/tree.ts";
import { validate } from "../../../src/config/values/vocabulary.ts";
import { parseYaml } from "../../../src/config/yaml/yaml.ts";

function tree(text: string): Tree {
  const parsed = parseYaml({ name: "x", text }, []);
  assert.ok(parsed);
  return parsed;
}

test("unknown keys are left out and said, the rest goes on as plain values", () => {
  const root = tree("buffer: { memory: 8MiB, dsk: 1 }\nfoo: 1\nadmin:\n");
  const report = new Report(root);
  assert.deepEqual(fit(schema, root, report), { buffer: { memory: "8MiB" }, admin: {} });
  assert.deepEqual(
    report.faults.map(({ message }) => message),
    ["`buffer.dsk` is not a key; did you mean `disk`?", "`foo` is not a key"],
  );
});

test("--set may give a list's only item by itself", () => {
  const { layers } = parseSets(["output.hosts=http://h:1"]);
  assert.deepEqual(fit(schema, layers[0] as Tree, new Report(layers[0] as Tree)), {
    output: { hosts: ["http://h:1"] },
  });
});

test("fields are any YAML", () => {
  const root = tree("inputs: [{ fields: { a: [1, { b: null }], c: { d: yes } } }]");
  assert.deepEqual(fit(schema, root, new Report(root)), {
    inputs: [{ fields: { a: [1, { b: null }], c: { d: "yes" } } }],
  });
});

test("a report knows what is wrong at, above and below a path", () => {
  const report = new Report(tree("a: { b: { c: 1 } }"));
  report.error(["a", "b"], { code: "bad-value", message: "m", help: "h" });
  assert.deepEqual(
    [["a"], ["a", "b"], ["a", "b", "c"], ["a", "x"], []].map((path) => report.sound(path)),
    [false, false, false, true, false],
  );
  assert.deepEqual(
    [["a"], ["a", "b"], ["a", "b", "c"]].map((path) => report.reached(path)),
    [true, false, false],
  );
  assert.equal(report.sound(["x"], ["a", "b"]), false);
  assert.deepEqual(present(["a", undefined, "b"]), [
    [0, "a"],
    [2, "b"],
  ]);
});

test("an issue with a value that is wrong already is not said", () => {
  const root = tree("buffer: { memory: 1 }\ninputs: [{}]");
  const report = new Report(root);
  report.alreadyWrong(["buffer", "memory"]);
  const { issues } = validate(schema, fit(schema, root, report));
  for (const issue of issues) sayIssue(root, issue, false, report);
  assert.deepEqual(report.faults, [], "and with a file missing, what is not there is no fault");
  for (const issue of issues) sayIssue(root, issue, true, report);
  assert.deepEqual(
    report.faults.map(({ code }) => code),
    ["missing-key", "missing-key"],
  );
});

test("reserved words are known by name", () => {
  assert.match(reservedKey(["outputs"])?.message ?? "", /reserved/);
  assert.match(reservedKey(["policies", "any", 2, "key"])?.message ?? "", /reserved/);
  assert.equal(reservedKey(["output"]), undefined);
  assert.match(reservedInputType("kafka")?.message ?? "", /reserved/);
  assert.equal(reservedInputType("file"), undefined);
});
