import assert from "node:assert/strict";
import { test } from "node:test";
import { effective, ladderOf } from "../../src/config/effective.ts";
import { listenText } from "../../src/config/effective-yaml.ts";
import { bindingBudget, explain, explainLines } from "../../src/config/explain.ts";
import { loadText } from "../../src/config/load.ts";
import { schema } from "../../src/config/schema/index.ts";
import { validate } from "../../src/config/vocabulary.ts";
import type { Config } from "../../src/core/options.ts";

function config(text: string): Config {
  return loadText("x.yml", text, { env: {}, cwd: "/" }).config;
}

const INPUTS = "inputs: [{ id: a, paths: [/a] }, { id: b, paths: [/b], policy: p }]\n";

function lines(rungs: string, more = ""): readonly string[] {
  const read = config(`${INPUTS}${more}policies: { p: [${rungs}] }\n`);
  return explainLines(explain(read)[1] as ReturnType<typeof explain>[number], read);
}

test("each rung in words, with the bytes of its share", () => {
  assert.deepEqual(lines("{ action: block, enter: 80%, leave: 70% }"), [
    "p (b): 512 MiB of disk",
    "  below 80 %: everything is accepted",
    "  80 %, 410 MiB: reading waits until below 70 %; nothing is ever shed",
  ]);
  assert.deepEqual(
    lines(
      "{ action: block, enter: 50%, leave: 40%, until: { waited: 10m, at_risk: 1GiB } }, { action: rate-limit, enter: 60%, leave: 50%, rate: 1MB/s, burst: 2MB, excess: drop }, { action: sample, enter: 70%, leave: 60%, keep: 1/10 }, { action: drop-newest, enter: 80%, leave: 70% }, { action: drop-random, enter: 90%, leave: 80% }, { action: drop-oldest, enter: 95%, leave: 85% }",
      "buffer: { memory: 100MiB, disk: 0, shares: { p: 25% } }\n",
    ).slice(2),
    [
      "  50 %, 13 MiB: reading waits until below 40 %; opens after 10m00s for everything, or when files at risk pass 1 GiB",
      "  60 %, 15 MiB: at most 1.0 MB/s are taken, 2.0 MB at once, the rest is dropped, until below 50 %",
      "  70 %, 18 MiB: 1 record in 10 is kept, until below 60 %",
      "  80 %, 20 MiB: what is new is dropped, until below 70 %",
      "  90 %, 23 MiB: what is dropped from the buffer for what is new is chosen at random, until below 80 %",
      "  95 %, 24 MiB: the oldest of the buffer is dropped for what is new, until below 85 %",
    ],
  );
  assert.match(lines("")[1] ?? "", /when it is full, reading waits/);
});

test("the disk binds, and memory where there is none", () => {
  assert.equal(bindingBudget(config(INPUTS.replace(", policy: p", ""))), 2 ** 30);
  assert.equal(bindingBudget(config(`${INPUTS.replace(", policy: p", "")}buffer: { disk: 0 }`)), 64 * 2 ** 20);
});

test("what was read becomes options: camel case, absolute paths, only what belongs to an action", () => {
  const text = {
    inputs: [{ id: "a", paths: ["x/*.log", "/y"], multiline: { start: "^x" }, timestamp: { format: "%s" } }],
    output: { tls: { ca: "ca.pem" } },
  };
  const { output: read, issues } = validate(schema, text);
  assert.deepEqual(issues, []);
  const made = effective(read, "/base");
  assert.deepEqual(made.inputs[0]?.paths, ["/base/x/*.log", "/y"]);
  assert.deepEqual(made.inputs[0]?.multiline, {
    start: /^x/,
    end: undefined,
    indent: false,
    timeout: 2000,
    maxRecords: 1000,
  });
  assert.deepEqual(made.inputs[0]?.timestamp, { field: undefined, format: "%s" });
  assert.equal(made.output.tls.ca, "/base/ca.pem");
  const [first] = ladderOf(read.policies["default"] ?? []);
  assert.deepEqual(Object.keys(first ?? {}), ["action", "enter", "leave", "notify", "until"]);
});

test("addresses as they are written", () => {
  assert.deepEqual(
    (["off", { socket: "/x" }, { host: "::1", port: 1 }, { host: "h", port: 2 }] as const).map(listenText),
    ["off", "unix:/x", "[::1]:1", "h:2"],
  );
});
