// A record that is parsed into a tree gets the same level as the kernel finds in its bytes.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "../../../../helpers/fc.ts";
import { Arena } from "../../../../../src/core/arena.ts";
import { levelIn } from "../../../../../src/inputs/file/records/json/level.ts";
import { readObject } from "../../../../../src/inputs/file/records/json/tree.ts";
import { Kernel } from "../../../../../src/kernel/kernel.ts";

const arena = new Arena(1 << 20);
const kernel = new Kernel(arena);

function inBytes(text: string): number {
  const region = arena.alloc(Buffer.byteLength(text));
  assert.ok(region);
  arena.view(region).write(text);
  const level = kernel.level(region, 0, region.length);
  arena.release(region);
  return level;
}

function inTree(text: string): number {
  const members = readObject(text);
  assert.ok(members);
  return levelIn(members);
}

const name = fc.constantFrom("level", "LVL", "severity", "logLevel", "levelname", "log.level", "log", "x", "levels");
const scalar = fc.constantFrom(
  '"info"',
  '"WARNING"',
  '"Err"',
  '"severe"',
  '"crit"',
  '"EMERG"',
  '"panic"',
  '"high"',
  '""',
);
const number = fc.constantFrom("10", "30", "50", "60", "70", "5", "500", "30.0", "-30", "null");
const inner = fc
  .uniqueArray(fc.tuple(name, fc.oneof(scalar, number)), { maxLength: 3, selector: ([key]) => key })
  .map((all) => objectOf(all));
const member = fc.tuple(name, fc.oneof(scalar, number, inner, fc.constant('["info",{"level":"error"}]')));
const anyObject = fc.uniqueArray(member, { maxLength: 5, selector: ([key]) => key }).map((all) => objectOf(all));

function objectOf(members: readonly (readonly [string, string])[]): string {
  return `{${members.map(([key, value]) => `"${key}":${value}`).join(",")}}`;
}

test("the same level in a tree as in bytes", () => {
  fc.assert(
    fc.property(anyObject, (text) => assert.equal(inTree(text), inBytes(text), text)),
    { numRuns: 5000 },
  );
});
