import assert from "node:assert/strict";
import fs, { chmodSync, mkdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "../../../../src/core/clock.ts";
import { compile } from "../../../../src/inputs/file/discovery/glob.ts";
import { Walker } from "../../../../src/inputs/file/discovery/walker.ts";
import { directory } from "../setup.ts";

/** A clock that is well past all writes. */
const later = { ...systemClock, wall: () => systemClock.wall() + 10_000 };

test("only directories that have changed are listed again", async (t) => {
  const dir = directory(t);
  const list = t.mock.method(fs.promises, "readdir");
  syncBuiltinESMExports();
  t.after(() => {
    list.mock.restore();
    syncBuiltinESMExports();
  });
  for (const name of ["x", "y"]) mkdirSync(join(dir, name));
  writeFileSync(join(dir, "x/a.log"), "");
  const walker = new Walker([compile(join(dir, "*/*.log"))], () => false, later);
  const walked = async (): Promise<readonly [listed: readonly string[], count: number]> => {
    const { listed, count } = await walker.walk();
    return [listed.map((path) => path.slice(dir.length + 1)), count];
  };
  assert.deepEqual(await walked(), [["x/a.log"], 1]);
  assert.equal(list.mock.callCount(), 3);
  assert.deepEqual(await walked(), [[], 1]);
  assert.equal(list.mock.callCount(), 3, "nothing has changed");
  writeFileSync(join(dir, "y/b.log"), "");
  assert.deepEqual(await walked(), [["y/b.log"], 2]);
  assert.equal(list.mock.callCount(), 4, "one has changed");
  rmSync(join(dir, "x"), { recursive: true });
  assert.deepEqual(await walked(), [[], 1]);
  symlinkSync("y", join(dir, "z"));
  assert.deepEqual(await walked(), [["z/b.log"], 2]);
  chmodSync(join(dir, "y"), 0o700);
  const before = list.mock.callCount();
  await walked();
  assert.equal(list.mock.callCount(), before + 2, "other rights may show other things");
});

test("a directory that has just changed is listed again", async (t) => {
  const dir = directory(t);
  const walker = new Walker([compile(join(dir, "*.log"))], () => false, systemClock);
  for (let i = 0; i < 5; i++) {
    writeFileSync(join(dir, `${i}.log`), "");
    assert.equal((await walker.walk()).listed.length, i + 1);
  }
});

test("a link that leads to another directory, which has the same time", async (t) => {
  const dir = directory(t);
  const [link, first, second] = [join(dir, "link"), join(dir, "1"), join(dir, "2")];
  for (let tries = 0; ; tries++) {
    assert.ok(tries < 1000, "two directories of one tick");
    for (const [path, name] of [
      [first, "a.log"],
      [second, "b.log"],
    ] as const) {
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path);
      writeFileSync(join(path, name), "");
    }
    if (statSync(first, { bigint: true }).ctimeNs === statSync(second, { bigint: true }).ctimeNs) break;
  }
  symlinkSync(first, link);
  const walker = new Walker([compile(join(link, "*.log"))], () => false, later);
  assert.deepEqual((await walker.walk()).listed, [join(link, "a.log")]);
  rmSync(link);
  symlinkSync(second, link);
  assert.deepEqual((await walker.walk()).listed, [join(link, "b.log")]);
  assert.deepEqual((await walker.walk()).listed, [], "nothing has changed");
});
