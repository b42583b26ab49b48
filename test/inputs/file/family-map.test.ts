import assert from "node:assert/strict";
import test from "node:test";
import { FamilyMap } from "../../../src/inputs/file/family-map.ts";
import { isKin } from "../../../src/inputs/file/kin.ts";

const STEMS = ["a.log", "a", "a-b.log", "a-b", "7.log", "a-7.log", "-a", "a.", "a..log"];
const ENDS = ["", ".1", ".2.gz", "-20261124", "-20261124.gz", ".bak", "_old", ".1.bak", ".gz", "-1-2"];
const NAMES = STEMS.flatMap((stem) => ENDS.map((end) => `/logs/${stem}${end}`));

test("near are all whose kin a path may be", () => {
  const files = new FamilyMap<string>();
  for (const name of NAMES) files.add(name, name);
  for (const path of NAMES) {
    const near = new Set(files.near(path));
    for (const original of NAMES)
      assert.ok(near.has(original) || !isKin(path, original), `${path} may be kin of ${original}`);
  }
});

test("names of other logs are not near", () => {
  const files = new FamilyMap<number>();
  for (let i = 0; i < 1000; i++) files.add(`/logs/${i}.log`, i);
  assert.deepEqual([...files.near("/logs/77.log.1.gz")], [77]);
});

test("what was deleted is not near any more", () => {
  const files = new FamilyMap<number>();
  files.add("/logs/a.log", 1);
  files.add("/logs/a.log.1", 2);
  files.delete("/logs/a.log", 1);
  files.delete("/logs/a.log", 1);
  assert.deepEqual([...files.near("/logs/a.log.2")], [2]);
  files.delete("/logs/a.log.1", 2);
  assert.deepEqual([...files.near("/logs/a.log.2")], []);
});
