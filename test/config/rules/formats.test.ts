// Settings that the format of an input rules out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "../../../src/config/faults/fault.ts";
import { loadText } from "../../../src/config/load.ts";

/** The keys that are reported as not allowed with the input's format. */
function ruledOut(keys: string): readonly string[] {
  try {
    loadText("x.yml", `inputs: [{ id: a, paths: [/a], ${keys} }]`, { env: {}, cwd: "/" });
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    const faults = error.faults.filter(({ code }) => code === "not-of-format");
    return faults.map(({ message }) => /\[\]\.(\w+)/.exec(message)?.[1] ?? message);
  }
}

test("text has any encoding, the other formats those that their syntax is written in", () => {
  assert.deepEqual(ruledOut("encoding: utf-16"), []);
  assert.deepEqual(ruledOut("format: cri, encoding: UTF-8, multiline: { indent: true }"), []);
  assert.deepEqual(ruledOut("format: cri, encoding: iso-2022-jp"), []);
  assert.deepEqual(ruledOut("format: cri, encoding: unicode"), ["encoding"]);
  assert.deepEqual(ruledOut("format: docker, encoding: latin1"), ["encoding"]);
  assert.deepEqual(ruledOut("format: json, encoding: utf-16be"), []);
});

test("lines are joined where they are not records by themselves", () => {
  assert.deepEqual(ruledOut("format: docker, multiline: { indent: true }"), []);
  assert.deepEqual(ruledOut("format: json, multiline: { indent: true }"), ["multiline"]);
});

test("it is silent about what is wrong by itself", () => {
  assert.deepEqual(ruledOut("format: docker, encoding: ebcdic"), []);
  assert.deepEqual(ruledOut("format: jsonl, encoding: latin1"), []);
});
