import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../../src/config/faults/fault.ts";
import { foreignKey } from "../../../src/config/faults/foreign.ts";
import { loadText } from "../../../src/config/load.ts";

function messageOf(key: string): string {
  try {
    loadText("x.yml", `inputs: [{ id: a, paths: [/a] }]\noutput: { ${key}: 1 }\n`, { env: {}, cwd: "/" });
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.faults.map(({ code, message, help }) => `${code} ${message}; ${help}`).join();
  }
  throw new Error("no fault");
}

test("a name that another agent has is told what it is called here", () => {
  for (const [key, here] of [
    ["ssl", /`tls`/],
    ["ilm", /index template/],
    ["workers", /`concurrency`/],
    ["bulk_max_size", /`batch\.records`/],
    ["max_retries", /waits in the buffer/],
    ["Retry_Limit", /waits in the buffer/],
    ["path", /part of `hosts`/],
    ["proxy_url", /`proxy`/],
  ] as const) {
    assert.match(messageOf(key), here, key);
    assert.match(messageOf(key), /^unknown-key `output\.\w+` is not a key/);
  }
  assert.doesNotMatch(messageOf("hosta"), /here/);
});

test("the same within tls", () => {
  for (const [key, here] of [
    ["certificate_authorities", /`ca` here/],
    ["verification_mode", /`verify` here/],
    ["crt_file", /`cert` here/],
  ] as const)
    assert.match(foreignKey(`output.tls.${key}`) ?? "", here);
});

test("only below the output", () => {
  assert.equal(foreignKey("ssl"), undefined);
  assert.equal(foreignKey("inputs[0].ssl"), undefined);
  assert.equal(foreignKey("output.toString"), undefined);
});
