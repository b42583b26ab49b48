import assert from "node:assert/strict";
import { appendFileSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { Arena } from "../../../src/core/arena.ts";
import { TABLE_ENTRY } from "../../../src/core/chunk.ts";
import { DROPPED_FILTERED, DROPPED_OVERSIZE } from "../../../src/core/fate.ts";
import { bench } from "./setup.ts";

test("reads what is there and what is appended", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\ntwo\n");
  const input = await run();
  await intake.until(() => intake.text === "one\ntwo\n", "the first lines");
  appendFileSync(file, "three\n");
  await intake.until(() => intake.text === "one\ntwo\nthree\n", "the appended line");
  const [source] = intake.sources.values();
  assert.equal(source?.records, 3);
  assert.equal(source?.taken[0]?.path, file);
  assert.equal(input.status().lagBytes, 0);
  assert.equal(input.status().files, 1);
});

test("a partial last line stays in the file until its end is written", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\ntw");
  const input = await run();
  await intake.until(() => intake.text === "one\n", "the whole line");
  assert.equal(input.status().lagBytes, 2);
  appendFileSync(file, "o\n");
  await intake.until(() => intake.text === "one\ntwo\n", "the completed line");
});

test("a file that appears later is read from byte 0, also with start: end", async (t) => {
  const { dir, intake, run } = bench(t);
  writeFileSync(join(dir, "a.log"), "old\npart");
  const input = await run({ start: "end" });
  writeFileSync(join(dir, "b.log"), "new\n");
  await intake.until(() => intake.text === "new\n", "the new file");
  appendFileSync(join(dir, "a.log"), "ial\n");
  await intake.until(() => intake.texts.includes("partial\n"), "the line that was not complete at start");
  assert.equal(input.status().unread.skipped, 4);
});

test("directories that appear later, symbolic links and hard links", async (t) => {
  const { dir, intake, run } = bench(t);
  const paths = [join(dir, "logs/**/*.log")];
  await run({ paths });
  mkdirSync(join(dir, "logs/deep/er"), { recursive: true });
  writeFileSync(join(dir, "logs/deep/er/a.log"), "a\n");
  linkSync(join(dir, "logs/deep/er/a.log"), join(dir, "logs/deep/b.log"));
  writeFileSync(join(dir, "elsewhere"), "target\n");
  symlinkSync(join(dir, "elsewhere"), join(dir, "logs/deep/c.log"));
  await intake.until(() => intake.texts.includes("target\n") && intake.texts.includes("a\n"), "both files");
  appendFileSync(join(dir, "elsewhere"), "more\n");
  await intake.until(() => intake.texts.includes("target\nmore\n"), "the link's target");
  assert.equal(intake.sources.size, 2);
});

test("once: all is read, a last line without its end included, and nothing is waited for", async (t) => {
  const { dir, intake, run } = bench(t);
  writeFileSync(join(dir, "a.log"), "one\ntwo");
  writeFileSync(join(dir, "empty.log"), "");
  writeFileSync(join(dir, "big.log"), "x".repeat(99).concat("\n").repeat(10_000));
  const input = await run({}, { mode: "once" });
  await input.done();
  assert.deepEqual(
    intake.texts.map((text) => text.length).sort((a, b) => a - b),
    [7, 1_000_000],
  );
  assert.equal(
    intake.texts.find((text) => text.length === 7),
    "one\ntwo",
  );
});

test("empty lines are no records, and their bytes are passed", async (t) => {
  const { dir, intake, run } = bench(t);
  writeFileSync(join(dir, "a.log"), "\n\r\n\n");
  writeFileSync(join(dir, "b.log"), "\n\none\r\n\ntwo\n\n");
  const input = await run({}, { mode: "once" });
  await input.done();
  const sources = [...intake.sources.values()].sort((a, b) => a.end - b.end);
  assert.deepEqual(
    sources.map((source) => [source.end, source.records]),
    [
      [4, 0],
      [13, 2],
    ],
  );
  assert.equal(sources[0]?.bytesOf(DROPPED_FILTERED), 4);
});

for (const tail of ["", "\r"])
  test(`lines around max_record, ended by ${JSON.stringify(tail + "\n")}`, async (t) => {
    const { dir, intake, run } = bench(t);
    const lines = [99, 100, 101, 102, 400, 5].map((length, i) => String.fromCharCode(97 + i).repeat(length));
    writeFileSync(join(dir, "a.log"), lines.map((line) => line + tail + "\n").join(""));
    const input = await run({ maxRecord: 100 }, { mode: "once" });
    await input.done();
    const [source] = intake.sources.values();
    assert.equal(source?.records, 6);
    const cut = lines.map((line) => line.slice(0, 100) + (line.length > 100 ? "" : tail + "\n")).join("");
    assert.equal(source?.text, cut);
    assert.equal(source?.bytesOf(DROPPED_OVERSIZE), 1 + 2 + 300 + 3 * (tail.length + 1));
  });

test("an oversized line is cut at a character boundary, or skipped", async (t) => {
  const { dir, intake, run } = bench(t);
  writeFileSync(join(dir, "a.log"), "ok\n" + "€".repeat(50) + "\nend\n");
  await (await run({ maxRecord: 100 }, { mode: "once" })).done();
  const [source] = intake.sources.values();
  assert.equal(Buffer.from(source?.text ?? "", "latin1").toString(), "ok\n" + "€".repeat(33) + "end\n");
  const other = bench(t);
  writeFileSync(join(other.dir, "a.log"), "ok\n" + "€".repeat(50) + "\nend\n");
  await (await other.run({ maxRecord: 100, oversize: "skip" }, { mode: "once" })).done();
  const [skipped] = other.intake.sources.values();
  assert.equal(skipped?.text, "ok\nend\n");
  assert.deepEqual(skipped?.taken[1]?.counted, new Map([[DROPPED_OVERSIZE, { records: 1, bytes: 151 }]]));
});

test("a line of 40 MB costs max_record, whole lines longer than a turn are read", async (t) => {
  const { dir, intake, run } = bench(t);
  const long = "l".repeat(900_000);
  writeFileSync(join(dir, "a.log"), `${long}\n${"x".repeat(40_000_000)}\nend\n`);
  await (await run({}, { mode: "once" })).done();
  const [source] = intake.sources.values();
  assert.equal(source?.records, 3);
  assert.equal(source?.text, `${long}\n${"x".repeat(1 << 20)}end\n`);
  assert.ok(intake.largestRoom <= (1 << 20) + 2 + Arena.cost(TABLE_ENTRY));
});

test("a quiet file is read next to busy ones", async (t) => {
  const { dir, intake, run } = bench(t);
  for (let i = 0; i < 20; i++) writeFileSync(join(dir, `busy${i}.log`), "b".repeat(99).concat("\n").repeat(50_000));
  await run();
  writeFileSync(join(dir, "quiet.log"), "quiet\n");
  await intake.until(() => intake.texts.includes("quiet\n"), "the quiet file", 1000);
});
