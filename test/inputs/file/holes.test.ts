// Holes of NUL bytes: a program that does not use O_APPEND goes on at its old offset after its log was truncated.
import assert from "node:assert/strict";
import { appendFileSync, closeSync, copyFileSync, openSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { DROPPED_FILTERED } from "../../../src/core/fate.ts";
import type { FileInputOptions } from "../../../src/core/options.ts";
import { TURN_BYTES } from "../../../src/inputs/file/records/framing.ts";
import { TABLE_BYTES } from "../../../src/inputs/file/records/record-writer.ts";
import type { FakeSource } from "../../helpers/fake-intake.ts";
import { fastClock } from "../../helpers/fast-clock.ts";
import { bench } from "./setup.ts";

const clock = fastClock(20);
const NUL = "\0";

/** Opens a file without O_APPEND. @returns writes to it */
function opened(t: TestContext, path: string): (text: string) => void {
  const fd = openSync(path, "w");
  t.after(() => closeSync(fd));
  return (text) => void writeSync(fd, text);
}

/** The whole lines of the records, each with its offset. Works for drafts with and without a record table. */
function linesOf(source: FakeSource | undefined): string[] {
  return (source?.taken ?? []).flatMap(({ start, text, entries }) => {
    if (entries.length > 0) return entries.map((entry) => `${entry.offset} ${entry.text}`);
    let at = start;
    return text.split(/(?<=\n)/).flatMap((line) => {
      at += line.length;
      return line === "" ? [] : [`${at - line.length} ${line.trimEnd()}`];
    });
  });
}

for (const [size, what] of [
  [3 << 20, "longer than a record may be"],
  [1 << 12, "short"],
] as const)
  test(`truncated under a program that does not append, ${what}: every line is read, at its offset`, async (t) => {
    const { dir, intake, run } = bench(t);
    const path = join(dir, "a.log");
    const write = opened(t, path);
    await run({}, { clock });
    let at = 0;
    for (let rotation = 0; rotation < 3; rotation++) {
      const first = `first after ${rotation}\n`;
      const rest = `${`line of ${rotation} ${"x".repeat(90)}\n`.repeat(size / 100)}last of ${rotation}\n`;
      write(first);
      await intake.until(
        () => linesOf([...intake.sources.values()][rotation])[0] === `${at} ${first.trimEnd()}`,
        first,
      );
      write(rest);
      await intake.until(() => intake.text.endsWith(rest), `all of ${rotation}`);
      const source = [...intake.sources.values()][rotation];
      assert.equal(source?.text, first + rest);
      assert.equal(source?.bytesOf(DROPPED_FILTERED), at);
      at += first.length + rest.length;
      assert.equal(source?.end, at);
      copyFileSync(path, join(dir, `a.log.${3 - rotation}`));
      truncateSync(path, 0);
    }
    assert.equal(intake.sources.size, 3);
  });

for (const [what, changes] of [
  ["text", {}],
  ["skip", { oversize: "skip" }],
  ["with patterns", { redact: [/secret/] }],
  ["json", { format: "json" }],
] as [string, Partial<FileInputOptions>][])
  test(`${what}: a hole of 100 MB is passed over by turns, also through a restart within it`, async (t) => {
    const { dir, intake, run } = bench(t);
    const size = 100 << 20;
    const path = join(dir, "a.log");
    writeFileSync(path, "");
    truncateSync(path, size);
    appendFileSync(path, '{"n":1}\n{"n":2}\n');
    for (const taken of [undefined, 1, 40, 1e6]) {
      if (taken !== undefined) intake.restart(({ taken: { length } }) => Math.min(taken, length));
      const input = await run(changes, { clock });
      const [source] = intake.sources.values();
      await intake.until(() => source?.end === size + 16, "the end");
      assert.deepEqual(linesOf(source), [`${size} {"n":1}`, `${size + 8} {"n":2}`]);
      assert.equal(source?.bytesOf(DROPPED_FILTERED), size);
      assert.equal(source?.records, 2);
      await input.stop();
    }
    assert.ok(intake.largestRoom <= 4 * TURN_BYTES + TABLE_BYTES + 64, `${intake.largestRoom} bytes were read at once`);
  });

test("in a compressed file, and through a restart behind the hole", async (t) => {
  const { dir, intake, run } = bench(t);
  const size = 3 << 20;
  writeFileSync(join(dir, "a.log.gz"), gzipSync(`${NUL.repeat(size)}first\nsecond\n`));
  for (const taken of [undefined, 5, 12]) {
    if (taken !== undefined) intake.restart(() => taken);
    const input = await run({ paths: [join(dir, "*.gz")] }, { clock });
    const [source] = intake.sources.values();
    await intake.until(() => source?.end === size + 13, "the end");
    assert.deepEqual(linesOf(source), [`${size} first`, `${size + 6} second`]);
    await input.stop();
  }
});

test("within a file, where a machine went down: no longer than a record it is part of one, otherwise it is none", async (t) => {
  const { dir, intake, run } = bench(t);
  const [short, long] = [100, 2 << 20];
  writeFileSync(join(dir, "a.log"), `one\n${NUL.repeat(short)}two\n${NUL.repeat(long)}three\nhalf${NUL.repeat(10)}\n`);
  await run({}, { clock });
  const [source] = intake.sources.values();
  await intake.until(() => source?.end === 4 + short + 4 + long + 6 + 15, "the end");
  const at = 4 + short + 4 + long;
  assert.deepEqual(linesOf(source), [
    "0 one",
    `4 ${NUL.repeat(short)}two`,
    `${at} three`,
    `${at + 6} half${NUL.repeat(10)}`,
  ]);
  assert.equal(source?.bytesOf(DROPPED_FILTERED), long);
});

test("nothing but a hole, to the end that there is", async (t) => {
  const { dir, intake, run } = bench(t);
  writeFileSync(join(dir, "a.log"), NUL.repeat(5000));
  const input = await run({}, { mode: "once" });
  await input.done();
  const [source] = intake.sources.values();
  assert.deepEqual([source?.end, source?.records, source?.bytesOf(DROPPED_FILTERED)], [5000, 0, 5000]);
});
