import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldTree } from "../../src/core/field-tree.ts";

/** Copies the tree into plain objects, because its objects have no prototypes. */
function plain(fields: Record<string, unknown>): unknown {
  return JSON.parse(JSON.stringify(fieldTree(fields)));
}

test("names with dots lead into objects, and objects with one path share it", () => {
  assert.deepEqual(plain({ "a.b": 1, a: { "c.d": [2], e: {} }, f: null }), {
    a: { b: 1, c: { d: [2] }, e: {} },
    f: null,
  });
});

test("of two that claim one place the later stays", () => {
  assert.deepEqual(plain({ "a.b": 1, a: "text" }), { a: "text" });
  assert.deepEqual(plain({ a: "text", "a.b": 1 }), { a: { b: 1 } });
});

test("a field may have any name", () => {
  assert.deepEqual(Object.keys(fieldTree({ "__proto__.x": 1, constructor: 2 })), ["__proto__", "constructor"]);
});
