// Whatever a file contains, loading it gives a configuration or faults that point into it. It never crashes or fails silently.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { ConfigError } from "../../src/config/faults/fault.ts";
import { loadText } from "../../src/config/load.ts";
import { renderFaults } from "../../src/config/faults/render.ts";

const ROUNDS = Number(process.env["SPILLWAY_FUZZ_ROUNDS"] ?? 400);
const KEYS =
  "inputs buffer policies output admin shutdown log id type paths fields policy default action enter leave until keep always memory disk shares hosts auth api_key tls verify batch bytes listen grace level waited at_risk __proto__ constructor".split(
    " ",
  );
const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  7,
  -1,
  0.5,
  "",
  "app",
  "64MiB",
  "1s",
  "70%",
  "1/4",
  "block",
  "sample",
  "drop-oldest",
  "default",
  "http://h:1",
  "/var/log/*.log",
  "${X}",
  "${X:-1}",
  "$${",
  "yes",
  "unix:/x",
  "off",
];

const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...VALUES),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie("tree"), { maxKeys: 6 }),
  ),
}));

function answer(text: string): void {
  try {
    loadText("x.yml", text, { env: {}, cwd: "/" });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String((error as Error).stack));
    assert.ok(error.faults.length > 0);
    for (const { at } of error.faults) assert.ok(at.from >= 0 && at.from <= text.length && at.to >= at.from);
    assert.ok(renderFaults([...error.faults, ...error.warnings], error.secrets).length > 0);
  }
}

test("any tree of the keys and values there are", () => {
  fc.assert(
    fc.property(tree, (value) => answer(JSON.stringify(value) ?? "")),
    { numRuns: ROUNDS },
  );
});

test("any mutation of a good file: a line gone, doubled or cut, a character changed", () => {
  const good = `inputs:
  - id: app
    paths: ["/var/log/app.log"]
    policy: audit
buffer: { memory: 16MiB, disk: 64MiB, shares: { audit: 30% } }
policies:
  audit:
    - { action: block, enter: 80%, leave: 70%, until: { waited: 1m } }
    - { action: sample, enter: 90%, leave: 80%, keep: 1/4, always: "level >= warn" }
output: { hosts: ["http://h:9200"], auth: { api_key: "\${K:-k}" }, tls: { verify: true }, batch: { bytes: 2MiB } }
`;
  const change = fc.tuple(
    fc.nat(good.length - 1),
    fc.nat(6),
    fc.constantFrom("", ":", "{", "]", "\t", "\n", "é", "\u0000", "'", "-", "&a ", "*a "),
  );
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      answer(changes.reduce((text, [at, length, by]) => text.slice(0, at) + by + text.slice(at + length), good));
    }),
    { numRuns: ROUNDS },
  );
});

test("any text at all", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), answer), { numRuns: ROUNDS });
});
