import assert from "node:assert/strict";
import { test } from "node:test";
import { demoConfig } from "../../../src/cli/demo/config.ts";
import { loadText } from "../../../src/config/load.ts";

test("it is the default ladder, with a gate that opens soon", () => {
  const { config } = demoConfig("/tmp/demo dir", "http://127.0.0.1:9200");
  const usual = loadText("usual.yml", "inputs: [{ id: a, paths: [/a.log] }]", { env: {} }).config;
  const [block, ...rest] = usual.policies["default"] as NonNullable<(typeof usual.policies)["default"]>;
  const gate = { until: { waited: undefined, atRisk: 4 << 20 } };
  assert.deepEqual(config.policies["default"], [{ ...block, ...gate }, ...rest]);
});

test("all that it writes lies in its directory", () => {
  const { config, text } = demoConfig("/tmp/demo dir", "http://127.0.0.1:9200");
  assert.equal(config.buffer.path, "/tmp/demo dir/state");
  assert.deepEqual(config.inputs[0]?.paths, ["/tmp/demo dir/*.log"]);
  assert.match(text, /disk: 16MiB/);
});
