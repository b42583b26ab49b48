import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { ConfigError, Fault } from "../../../src/config/faults/fault.ts";
import { readLayers, reason } from "../../../src/config/yaml/layers.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { mergeLayers } from "../../../src/config/yaml/merge.ts";
import { parseSets } from "../../../src/config/yaml/set.ts";
import type { Tree } from "../../../src/config/yaml/tree.ts";
import { parseYaml } from "../../../src/config/yaml/yaml.ts";

const dir = mkdtempSync(join(tmpdir(), "spillway-layers-"));
after(() => rmSync(dir, { recursive: true }));

function parse(text: string): Tree {
  const tree = parseYaml({ name: "x", text }, []);
  assert.ok(tree);
  return tree;
}

function plain(tree: Tree | undefined): unknown {
  if (tree === undefined || tree.kind === "scalar") return tree?.value;
  if (tree.kind === "list") return tree.items.map(plain);
  return Object.fromEntries([...tree.entries].map(([key, entry]) => [key, plain(entry.value)]));
}

test("a byte order mark is no part of the text", () => {
  writeFileSync(join(dir, "bom.yml"), "\uFEFFa: 1\n");
  assert.equal(readLayers([join(dir, "bom.yml")], [])[0]?.text, "a: 1\n");
});

test("what cannot be read says why in words", { skip: process.getuid?.() === 0 && "root reads everything" }, () => {
  writeFileSync(join(dir, "closed.yml"), "a: 1\n");
  chmodSync(join(dir, "closed.yml"), 0);
  const faults: Fault[] = [];
  readLayers([join(dir, "closed.yml")], faults);
  assert.match(faults[0]?.message ?? "", /permission denied/);
});

test("an unknown system error keeps its code", () => {
  assert.match(reason(Object.assign(new Error("x"), { code: "EIO" })), /EIO/);
});

test("maps merge deeply, lists and scalars are replaced, an empty section changes nothing", () => {
  const merged = mergeLayers([
    parse("a: { b: 1, c: [1, 2], d: { e: 1 } }\nf: 1\n"),
    parse("a: { c: [3], d: { g: 2 } }\nf:\n"),
    parse("a:\nf: { h: 1 }\n"),
  ]);
  assert.deepEqual(plain(merged), { a: { b: 1, c: [3], d: { e: 1, g: 2 } }, f: { h: 1 } });
});

test("inputs merge by id between layers, never within one", () => {
  const merged = mergeLayers([
    parse("inputs: [{ id: a, x: 1 }, { id: a, x: 2 }, { x: 3 }]"),
    parse("inputs: [{ id: a, y: 1 }, { id: b }, { x: 4 }]"),
  ]);
  assert.deepEqual(plain(merged), {
    inputs: [{ id: "a", x: 1, y: 1 }, { id: "a", x: 2 }, { x: 3 }, { id: "b" }, { x: 4 }],
  });
});

test("no layer is no tree", () => {
  assert.equal(mergeLayers([]), undefined);
});

test("--set: values are YAML where they are, places point into the option", () => {
  const { source, layers } = parseSets(["a.b=[1, x]", "c= ", "inputs.web.fields.x=#1"]);
  assert.deepEqual(layers.map(plain), [
    { a: { b: [1, "x"] } },
    { c: " " },
    { inputs: [{ id: "web", fields: { x: "#1" } }] },
  ]);
  assert.equal(source.text, "a.b=[1, x]\nc= \ninputs.web.fields.x=#1");
  const list = layers[0]?.kind === "map" ? layers[0].entries.get("a")?.value : undefined;
  const inner = list?.kind === "map" ? list.entries.get("b")?.value : undefined;
  assert.equal(inner && source.text?.slice(inner.at.from, inner.at.to), "[1, x]");
});

test("a directory without a file in it is a fault of its own, not one of missing keys", () => {
  assert.throws(() => loadConfig({ files: [dir + "/none"], env: {} }), { message: /no such file/ });
  mkdirSync(join(dir, "empty"));
  assert.throws(
    () => loadConfig({ files: [join(dir, "empty")], env: {} }),
    (error: ConfigError) => {
      assert.deepEqual(
        error.faults.map(({ message }) => message),
        ["could not read the configuration: no *.yml is in the directory"],
      );
      return true;
    },
  );
});
