import assert from "node:assert/strict";
import { test } from "node:test";
import { effective, ladderOf } from "../../src/config/effective.ts";
import { listenText } from "../../src/config/effective-yaml.ts";
import { bindingBudget, explain, explainLines } from "../../src/config/explain.ts";
import { loadText } from "../../src/config/load.ts";
import { schema } from "../../src/config/schema/index.ts";
import { validate } from "../../src/config/values/vocabulary.ts";
import { budget } from "../../src/core/figures.ts";
import type { Config } from "../../src/core/options.ts";

function config(text: string): Config {
  return loadText("x.yml", text, { env: {}, cwd: "/" }).config;
}

const INPUTS = "inputs: [{ id: a, paths: [/a] }, { id: b, paths: [/b], policy: p }]\n";

function lines(rungs: string, more = ""): readonly string[] {
  const read = config(`${INPUTS}${more}policies: { p: [${rungs}] }\n`);
  const ladder = explain(read)[1] as ReturnType<typeof explain>[number];
  // How the buffer divides its budget is tested elsewhere. Here the bytes only have to match those of the mark.
  const bytes = [budget(ladder.share), ...ladder.rungs.map((rung) => budget(rung.enter * ladder.share))];
  const said = explainLines(ladder, read);
  for (const [i, text] of bytes.entries()) assert.ok(said[i === 0 ? 0 : i + 1]?.includes(text), text);
  return said.map((line) => line.replace(/[\d.]+ [KMG]iB(?=: | of )/, "N").replace(/^ +(?=\d)/, "  "));
}

test("each rung in words, with the bytes of its share", () => {
  assert.deepEqual(lines("{ action: block, enter: 80%, leave: 70% }"), [
    "p (b): N of disk",
    "  below 80 %: everything is accepted",
    "  80 %, N: reading waits until below 70 %; nothing is ever shed",
  ]);
  assert.deepEqual(
    lines(
      "{ action: block, enter: 50%, leave: 40%, until: { waited: 10m, at_risk: 1GiB } }, { action: rate-limit, enter: 60%, leave: 50%, rate: 1MB/s, burst: 2MB, excess: drop }, { action: sample, enter: 70%, leave: 60%, keep: 1/10 }, { action: drop-newest, enter: 80%, leave: 70% }, { action: drop-random, enter: 90%, leave: 80% }, { action: drop-oldest, enter: 95%, leave: 85% }",
      "buffer: { memory: 100MiB, disk: 0, shares: { p: 25% } }\n",
    ).slice(2),
    [
      "  50 %, N: reading waits until below 40 %; opens after 10m00s for everything, or when files at risk pass 1 GiB",
      "  60 %, N: at most 1.0 MB/s are taken, 2.0 MB at once, the rest is dropped, until below 50 %",
      "  70 %, N: 1 record in 10 is kept, until below 60 %",
      "  80 %, N: what is new is dropped, until below 70 %",
      "  90 %, N: what is dropped from the buffer for what is new is chosen at random, until below 80 %",
      "  95 %, N: the oldest of the buffer is dropped for what is new, until below 85 %",
    ],
  );
  assert.match(lines("")[1] ?? "", /when it is full, reading waits/);
});

test("who is told is said behind what the rung does, without what may be a secret", () => {
  const rung = "action: drop-oldest, enter: 95%, leave: 85%";
  const told = (notify: string): string | undefined => lines(`{ ${rung}, notify: ${notify} }`)[2]?.split("; ")[1];
  assert.equal(
    told('"https://hunter2@hooks.example.com/hunter2"'),
    "after 60 s in force, and when it is left: POST to https://***@hooks.example.com/***",
  );
  assert.equal(told("[sh, -c, hunter2]"), "after 60 s in force, and when it is left: runs sh");
});

test("the disk binds, and memory where there is none", () => {
  const binding = (buffer: string): number =>
    bindingBudget(config(`inputs: [{ id: a, paths: [/a] }]\nbuffer: { ${buffer} }`));
  for (const [bytes, most] of [
    [binding("disk: 2GiB"), 2 ** 31],
    [binding("disk: 0"), 64 * 2 ** 20],
  ] as const) {
    assert.ok(bytes > most / 2 && bytes <= most, String(bytes));
  }
});

test("what was read becomes options: camel case, absolute paths, only what belongs to an action", () => {
  const text = {
    inputs: [{ id: "a", paths: ["x/*.log", "/y"], multiline: { start: "^x" }, timestamp: { format: "%s" } }],
    output: { tls: { ca: "ca.pem" } },
  };
  const { output: read, issues } = validate(schema, text);
  assert.deepEqual(issues, []);
  const made = effective(read, "/base", { http_proxy: "http://p:1", HTTP_PROXY: "http://q:1", NO_PROXY: "a" });
  assert.deepEqual(made.output.proxy, { url: undefined, env: { HTTP_PROXY: "http://p:1", NO_PROXY: "a" } });
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
