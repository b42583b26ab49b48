// Both sides of a kernel call have the same fields in the same order.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { KERNEL_BYTES } from "../../src/core/arena.ts";
import { TABLE, TABLE_ENTRY } from "../../src/core/chunk.ts";
import { LEVELS } from "../../src/core/options.ts";
import {
  ENCODE,
  JOB,
  LEVEL,
  MEMBER_WORDS,
  MEMBERS,
  MOST_MEMBERS,
  NAMES,
  NAMES_BYTES,
  OBJECT,
  SCAN,
  THIN,
} from "../../src/kernel/layout.ts";

const assembly = new URL("../../src/kernel/assembly/", import.meta.url);

function source(name: string): string {
  return readFileSync(new URL(name, assembly), "utf8");
}

/** Byte offset of each field of a class in AssemblyScript's layout: f64 first, then 32-bit words. */
function offsets(file: string, name: string): Record<string, number> {
  const body = new RegExp(`class ${name} \\{([^}]*)\\}`).exec(source(file))?.[1] ?? "";
  const found: Record<string, number> = {};
  let at = 0;
  for (const [, field = "", type] of body.matchAll(/^ {2}(\w+): (\w+);/gm)) {
    found[field] = at;
    at += type === "f64" ? 8 : 4;
  }
  return found;
}

test("the structs of a call", () => {
  const bytes = (words: Record<string, number>): Record<string, number> =>
    Object.fromEntries(Object.entries(words).map(([field, word]) => [field, field === "base" ? word * 8 : word * 4]));
  assert.deepEqual(offsets("job.ts", "ScanJob"), bytes(SCAN));
  assert.deepEqual(offsets("job.ts", "EncodeJob"), bytes(ENCODE));
  assert.deepEqual(offsets("job.ts", "ThinJob"), bytes(THIN));
  assert.deepEqual(offsets("job.ts", "LevelJob"), bytes(LEVEL));
  assert.deepEqual(offsets("job.ts", "ObjectJob"), bytes(OBJECT));
  assert.ok(JOB + Object.keys(ENCODE).length * 8 <= KERNEL_BYTES);
});

test("an entry of the record table, and the number of levels", () => {
  const { kind, ...words } = TABLE;
  assert.deepEqual(offsets("table.ts", "Entry"), words);
  assert.equal(kind, TABLE.weight + 3);
  assert.match(source("table.ts"), new RegExp(`ENTRY_BYTES: usize = ${TABLE_ENTRY};`));
  assert.match(source("thin.ts"), new RegExp(`NO_LEVEL: i32 = ${LEVELS.length};`));
});

test("what `object` keeps in the arena's first page", () => {
  const address = (name: string): number => {
    const [, jobs, more] = new RegExp(`${name}: usize = (JOB)? ?\\+? ?(\\d+)`).exec(source("page.ts")) ?? [];
    return (jobs === undefined ? 0 : JOB) + Number(more);
  };
  assert.equal(address("JOB"), JOB);
  assert.deepEqual([address("MEMBERS"), address("NAMES"), address("MOST_MEMBERS")], [MEMBERS, NAMES, MOST_MEMBERS]);
  assert.equal(address("MEMBER_BYTES"), MEMBER_WORDS * 4);
  assert.ok(JOB + (Object.keys(ENCODE).length + 1) * 4 <= MEMBERS);
  assert.ok(MEMBERS + MOST_MEMBERS * MEMBER_WORDS * 4 <= NAMES);
  assert.equal(NAMES + NAMES_BYTES, address("WALK"));
  assert.ok(address("FRAMES") + address("MOST_DEPTH") * 12 <= address("HASHES"));
});
