// Rules over several values: what each finds, and that a rule is silent while one of its values is itself at fault.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fit } from "../../../src/config/values/fit.ts";
import { Report } from "../../../src/config/faults/report.ts";
import { budgetRules } from "../../../src/config/rules/budget.ts";
import { inputRules } from "../../../src/config/rules/inputs.ts";
import { ladderRules } from "../../../src/config/rules/ladders.ts";
import { notifyRules } from "../../../src/config/rules/notify.ts";
import { isLoopback, outputRules } from "../../../src/config/rules/output.ts";
import type { Read } from "../../../src/config/schema/index.ts";
import { schema } from "../../../src/config/schema/index.ts";
import type { Path } from "../../../src/config/yaml/tree.ts";
import { find } from "../../../src/config/yaml/tree.ts";
import { validate } from "../../../src/config/values/vocabulary.ts";
import { parseYaml } from "../../../src/config/yaml/yaml.ts";

type Rules = (config: Read, report: Report, isSet: (path: Path) => boolean) => void;
const budget: Rules = (config, report, isSet) => budgetRules(config, isSet, report);

function found(rules: Rules, text: string, alreadyWrong: readonly Path[] = []): readonly string[] {
  const tree = parseYaml(
    { name: "x", text: `${text}\n${/^inputs:/m.test(text) ? "" : "inputs: [{ id: a, paths: [/a] }]"}` },
    [],
  );
  assert.ok(tree);
  const report = new Report(tree);
  const { output, issues } = validate(schema, fit(schema, tree, report));
  assert.deepEqual(issues, []);
  for (const path of alreadyWrong) report.alreadyWrong(path);
  rules(output, report, (path) => find(tree, path) !== undefined);
  return [...report.faults, ...report.warnings].map(
    ({ code, at }) => `${code} ${tree.at.source.text?.slice(at.from, at.to)}`,
  );
}

test("who is told of a rung: the program is there, credentials do not go in clear", () => {
  const rules: Rules = (config, report) => notifyRules(config, "/nowhere:/usr/bin:/bin", report);
  const told = (notify: string, alreadyWrong: readonly Path[] = []): readonly string[] =>
    found(rules, `policies: { default: [{ action: block, enter: 2%, leave: 1%, notify: ${notify} }] }`, alreadyWrong);
  for (const fine of ["[sh, -c, x]", "[/bin/sh]", "https://u:p@h/x", "http://h/x", "http://u:p@localhost/x"]) {
    assert.deepEqual(told(fine), [], fine);
  }
  for (const program of ["no-such-program", "/etc/passwd", "/bin", "./sh"]) {
    assert.deepEqual(told(`[${program}, up]`), ["program-missing notify"], program);
  }
  assert.deepEqual(told("http://u:p@h/x"), ["auth-in-clear http://u:p@h/x"]);
  assert.deepEqual(told("http://u@h/x"), ["auth-in-clear http://u@h/x"]);
  assert.deepEqual(told("[no-such-program]", [["policies", "default", 0, "notify"]]), []);
});

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
  assert.deepEqual(found(outputRules, "output: { auth: { bearer: t, username: u } }"), ["auth-both auth"]);
  assert.deepEqual(found(outputRules, "output: { auth: { bearer: t, api_key: k } }"), ["auth-both auth"]);
  assert.deepEqual(found(outputRules, "output: { auth: { bearer: t } }"), []);
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

test("certificates and keys are there, whole, and belong together", (t: TestContext) => {
  const directory = mkdtempSync(join(tmpdir(), "spillway-rules-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const locked = join(directory, "locked.key");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const cipher = { cipher: "aes-256-cbc", passphrase: "open" };
  writeFileSync(locked, privateKey.export({ type: "pkcs8", format: "pem", ...cipher }));
  const tls = (text: string): readonly string[] =>
    found(outputRules, `output: { tls: { ${text.replaceAll("./", "test/fixtures/tls/")} } }`);
  assert.deepEqual(tls("key: ./server.key"), ["tls-pair key"]);
  assert.deepEqual(tls("cert: ./server.pem"), ["tls-pair cert"]);
  assert.deepEqual(tls("ca: /dev/null"), ["unreadable-file /dev/null"]);
  assert.deepEqual(tls("ca: ./server.pem"), []);
  assert.deepEqual(tls("cert: ./server.pem, key: ./server.key"), []);
  assert.deepEqual(tls("cert: /dev/null, key: ./server.key"), ["unreadable-file /dev/null"]);
  assert.deepEqual(tls("cert: ./server.pem, key: ./server.pem"), ["unreadable-file test/fixtures/tls/server.pem"]);
  assert.deepEqual(tls("cert: ./server.pem, key: ./renewed.key"), ["tls-pair test/fixtures/tls/renewed.key"]);
  assert.deepEqual(tls(`cert: ./server.pem, key: ${locked}`), [`unreadable-file ${locked}`]);
  assert.deepEqual(tls(`cert: ./server.pem, key: ${locked}, passphrase: shut`), [`unreadable-file ${locked}`]);
  assert.deepEqual(tls(`cert: ./server.pem, key: ${locked}, passphrase: open`), [`tls-pair ${locked}`]);
});

test("index names as the server takes them", () => {
  const bad = (index: string): number => found(outputRules, `output: { index: '${index}' }`).length;
  for (const index of ["logs-app-default", "{input}", "a-{field:kubernetes.namespace}-{date:yyyy.MM.dd}", "é"])
    assert.equal(bad(index), 0, index);
  for (const index of ["A", "_a", "a b", "a*", "{inputs}", "{date}", "a}", "a/b", "a:b", "x".repeat(256)])
    assert.equal(bad(index), 1, index);
});

test("records choose an index only behind constant text, said once for an output and for each input with its own", () => {
  const two = "inputs: [{ id: a, paths: [/a], format: json }, { id: b, paths: [/b], format: json }]";
  const output = "output: { index: '{field:app}' }";
  assert.deepEqual(found(outputRules, `${two}\n${output}`), ["bad-index '{field:app}'"]);
  assert.deepEqual(found(outputRules, two.replace("json }]", "json, index: '{field:x}' }]")), [
    "bad-index '{field:x}'",
  ]);
  assert.deepEqual(found(outputRules, `${two.replaceAll("json", "json, fields: { app: shop }")}\n${output}`), []);
  assert.deepEqual(found(outputRules, `${two.replaceAll("json", "text")}\n${output}`), []);
  assert.deepEqual(found(outputRules, `${two}\noutput: { index: 'logs-{field:app}' }`), []);
});

for (const [headers, points] of [
  ["{ X-Tenant: a, Authorization: 'Basic eA==', Host: es.example }", []],
  ["{ 'X Y': z }", ["bad-header headers"]],
  ["{ 'X\u00dc': z, '': z }", ["bad-header headers"]],
  [String.raw`{ X: "a\nb" }`, ["bad-header headers"]],
  ["{ Content-Length: '5', transfer-encoding: chunked }", ["bad-header headers"]],
  ["{ content-type: text/x, Connection: close }", ["bad-header headers"]],
] as const)
  test(`headers ${headers}: ${points.length === 0 ? "taken" : "refused"}`, () => {
    assert.deepEqual(found(outputRules, `output: { headers: ${headers} }`), points);
  });

test("a token with a line break is refused: it could not be sent", () => {
  const auth = (text: string): readonly string[] =>
    found(outputRules, `output: { hosts: ["https://es"], auth: { ${text} } }`);
  assert.deepEqual(auth(String.raw`bearer: "a\n b"`), ["bad-header bearer"]);
  assert.deepEqual(auth(String.raw`api_key: "a\rb"`), ["bad-header api_key"]);
  assert.deepEqual(auth(String.raw`bearer: a.b`), []);
});
