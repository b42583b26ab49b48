import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import test, { type TestContext } from "node:test";
import { excluding, compile, leads } from "../../../../src/inputs/file/discovery/glob.ts";
import { walk } from "../../../../src/inputs/file/discovery/walker.ts";
import { directory } from "../setup.ts";

const TREE = ["a.log", "b.txt", ".hidden.log", "x/a.log", "x/y/a.log", "x/y/z/b.log", "w/y/a.log", "w/[1].log"];

function tree(t: TestContext): string {
  const dir = directory(t);
  for (const path of TREE) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), "");
  }
  return dir;
}

async function found(dir: string, patterns: readonly string[], exclude: readonly string[] = []): Promise<string[]> {
  const { paths } = await walk(
    patterns.map((pattern) => compile(join(dir, pattern))),
    excluding(exclude),
  );
  return paths.map((path) => relative(dir, path));
}

test("a walk finds what the patterns mean", async (t) => {
  const dir = tree(t);
  assert.deepEqual(await found(dir, ["a.log", "nothing.log"]), ["a.log"]);
  assert.deepEqual(await found(dir, ["*.log"]), [".hidden.log", "a.log"]);
  assert.deepEqual(await found(dir, ["*/y/*.log"]), ["w/y/a.log", "x/y/a.log"]);
  assert.deepEqual(await found(dir, ["x/**/*.log"]), ["x/a.log", "x/y/a.log", "x/y/z/b.log"]);
  assert.deepEqual(await found(dir, ["{w/y,x}/*.log"]), ["w/y/a.log", "x/a.log"]);
  assert.deepEqual(await found(dir, ["**/b.*", "?.txt"]), ["b.txt", "x/y/z/b.log"]);
  assert.deepEqual(await found(dir, ["**/a.log"], ["**/y/**"]), ["a.log", "x/a.log"]);
  assert.deepEqual(await found(dir, ["**"], ["*.log"]), ["b.txt"]);
});

test("links to directories are followed, and a round trip ends", async (t) => {
  const dir = tree(t);
  symlinkSync(dir, join(dir, "x/y/round"));
  symlinkSync(join(dir, "w"), join(dir, "x/w"));
  assert.deepEqual(await found(dir, ["x/**/a.log"]), [
    "x/a.log",
    "x/w/y/a.log",
    "x/y/a.log",
    "x/y/round/a.log",
    "x/y/round/w/y/a.log",
  ]);
});

test("directories that lead to a match, and those that do not", () => {
  const pattern = compile("/var/log/*/app/*.log");
  for (const directory of ["/", "/var", "/var/log", "/var/log/x", "/var/log/x/app"])
    assert.ok(leads(pattern, directory));
  for (const directory of ["/va", "/var/lib", "/var/log/x/other", "/var/log/x/app/deeper"])
    assert.ok(!leads(pattern, directory), directory);
  assert.ok(leads(compile("/var/**/x.log"), "/var/any/depth"));
  assert.ok(leads(compile("/var/log/app.log"), "/var/log"));
  assert.ok(!leads(compile("/var/log/app.log"), "/var/log/deeper"));
});
