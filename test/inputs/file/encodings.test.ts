// Files that are not UTF-8 through a whole file input: what is handed over is, offsets are the file's.
import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { bench } from "./setup.ts";

const utf8 = (text: string): string => Buffer.from(text, "latin1").toString();

test("latin1, with lines that grow threefold, next to quiet files", async (t) => {
  const { dir, intake, run } = bench(t);
  const line = Buffer.from(`${"\u0080".repeat(999)}\n`, "latin1");
  writeFileSync(join(dir, "a.log"), "plain\n");
  writeFileSync(join(dir, "b.log"), Buffer.concat(Array.from({ length: 1000 }, () => line)));
  await run({ encoding: "latin1", maxRecord: 300_000 });
  await intake.until(() => intake.text.length === 5 + 1 + 1000 * 999 * 3, "all of it");
  const sources = [...intake.sources.values()];
  const big = sources.find(({ records }) => records === 1000);
  assert.equal(big?.end, 1_000_000);
  const found = big?.taken.flatMap(({ entries }) => entries) ?? [];
  assert.deepEqual(
    found.map(({ offset }) => offset),
    Array.from({ length: 1000 }, (_, i) => i * 1000),
  );
  assert.ok(found.every(({ text }) => utf8(text) === "\u20ac".repeat(999)));
});

test("gbk in records of several lines, appended while it is read", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "a.log");
  // 日 and 本, a line that begins with one and one that does not.
  const [day, root] = [Buffer.from([0xc8, 0xd5]), Buffer.from([0xb1, 0xbe])];
  const newline = Buffer.from("\n");
  writeFileSync(log, Buffer.concat([day, root, newline, root, newline, day]));
  const multiline = { start: /^\u65e5/, end: undefined, indent: false, timeout: 60_000, maxRecords: 10 };
  await run({ encoding: "gbk", multiline });
  appendFileSync(log, newline);
  await intake.until(() => intake.text !== "", "the first record");
  assert.equal(utf8(intake.text), "\u65e5\u672c\n\u672c");
  assert.equal([...intake.sources.values()][0]?.end, 8);
});
