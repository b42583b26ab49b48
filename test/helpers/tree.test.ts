import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, reachable, wayBetween } from "./tree.ts";

test("imports of every form are found, and only those", () => {
  const file = parse(
    "src/a/b.ts",
    `import type { X } from "../core/x.ts";
import {
  y,
} from "yaml";
import "./side.ts";
import fs from "node:fs";
export { z } from "@scope/name/deep";
const later = await import("./later.ts");
const worker = new URL("./spool-worker.ts", import.meta.url);
// import { no } from "./comment.ts";
const text = 'import "./string.ts"' + Buffer.from("latin1") + \`from "./template.ts"\`;
`,
  );
  assert.deepEqual(file.imports, ["src/core/x.ts", "src/a/side.ts", "src/a/later.ts", "src/a/spool-worker.ts"]);
  assert.deepEqual(file.packages, ["yaml", "@scope/name"]);
});

test("code is left, sentences are blanked", () => {
  const { code } = parse("a.ts", 'a(`x ${b(`y ${c}`, { d })} z`, /[/"]e/.test(f) / 2); // g\nh = "i\\"j" / k / l;');
  assert.equal(code.replace(/ +/g, " "), 'a(` ${b(` ${c}`, { d })} `, .test(f) / 2); \nh = " " / k / l;');
});

test("the way of a cycle, and what is reached", () => {
  const files = [
    parse("a.ts", 'import "./b.ts";'),
    parse("b.ts", 'import "./c.ts";'),
    parse("c.ts", 'import "./a.ts";'),
    parse("d.ts", 'import "./a.ts";'),
  ];
  assert.deepEqual(wayBetween(files, "a.ts", "a.ts"), ["a.ts", "b.ts", "c.ts", "a.ts"]);
  assert.equal(wayBetween(files, "d.ts", "d.ts"), undefined);
  assert.deepEqual([...reachable(files, ["b.ts"])].sort(), ["a.ts", "b.ts", "c.ts"]);
});
