import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import type { Fault } from "../../../src/config/faults/fault.ts";
import { lineOf, placeText, position } from "../../../src/config/yaml/place.ts";
import type { Tree } from "../../../src/config/yaml/tree.ts";
import { eachScalar, find, keyPlace, nearest, pathText } from "../../../src/config/yaml/tree.ts";
import { parseYaml, writeYaml } from "../../../src/config/yaml/yaml.ts";

function parse(text: string): { tree: Tree | undefined; faults: Fault[] } {
  const faults: Fault[] = [];
  return { tree: parseYaml({ name: "x", text }, faults), faults };
}

test("each value stands where the text has it", () => {
  const text = 'a: 1\nb:\n  - { c: "é", d: [x, 7] }\n  -\ttrue\n';
  const { tree } = parse(text);
  assert.ok(tree);
  const shown = (path: readonly (string | number)[]): string =>
    text.slice(nearest(tree, path).from, nearest(tree, path).to);
  assert.equal(shown(["a"]), "1");
  assert.equal(shown(["b", 0, "c"]), '"é"');
  assert.equal(shown(["b", 0, "d", 1]), "7");
  assert.equal(shown(["b", 1]), "true");
  assert.equal(placeText(nearest(tree, ["b", 0, "d", 1])), "x:3:22");
  assert.equal(keyPlace(tree, ["b", 0, "d"])?.from, text.indexOf("d:"));
});

test("what is not there stands at what would hold it", () => {
  const { tree } = parse("a:\n  b: 1\nc: [{ d: 1 }]\n");
  assert.ok(tree);
  assert.deepEqual(
    [["a", "x"], ["c", 0, "x"], ["x"], ["a"]].map((path) => placeText(nearest(tree, path))),
    ["x:1:1", "x:3:7", "x:1:1", "x:1:1"],
  );
});

test("columns are characters, a tab is one; lines end with LF or CRLF", () => {
  const source = { name: "x", text: "\t日😀b\r\nnext" };
  assert.deepEqual(position({ source, from: source.text.indexOf("b"), to: 0 }), { line: 1, column: 4 });
  const line = lineOf({ source, from: 2, to: 3 });
  assert.equal(source.text.slice(line.from, line.to), "\t日😀b");
  assert.deepEqual(position({ source, from: source.text.indexOf("next"), to: 0 }), { line: 2, column: 1 });
});

test("aliases stand for what they name; a cycle and a bomb are refused", () => {
  const { tree } = parse("a: &x { k: v }\nb: *x\n");
  assert.ok(tree);
  assert.equal((find(tree, ["b", "k"]) as { value: unknown }).value, "v");
  assert.match(parse("a: &x [*x]\n").faults[0]?.message ?? "", /nested deeper|alias/);
});

test("YAML 1.2: yes, 010 and 1_000 are no boolean, no octal, no thousand", () => {
  const { tree } = parse("[yes, 010, 1_000, 0x10, null, ~, 1.5, '1']");
  const values: unknown[] = [];
  eachScalar(tree as Tree, (scalar) => values.push(scalar.value));
  assert.deepEqual(values, ["yes", 10, "1_000", 16, null, null, 1.5, "1"]);
});

test("one fault for an unreadable text, and nothing of the text in it", () => {
  for (const text of [
    "a: *hunter2",
    "a: !hunter2 b",
    "a: [hunter2",
    "a: 'hunter2",
    "- a\nb: hunter2",
    "a: b\n---\nc: d",
  ]) {
    const { tree, faults } = parse(text);
    assert.equal(tree, undefined, text);
    assert.equal(faults.length, 1, text);
    assert.doesNotMatch(faults[0]?.message ?? "", /hunter2/);
  }
});

test("what is written reads as the same", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.oneof(fc.string(), fc.integer(), fc.boolean())),
      (value) => {
        const { tree, faults } = parse(writeYaml(value));
        assert.deepEqual(faults, []);
        for (const [key, expected] of Object.entries(value)) {
          assert.equal((find(tree as Tree, [key]) as { value: unknown }).value, expected);
        }
      },
    ),
  );
});

test("paths leave the numbers of items to the place", () => {
  assert.equal(pathText(["inputs", 3, "paths", 0]), "inputs[].paths[]");
});
