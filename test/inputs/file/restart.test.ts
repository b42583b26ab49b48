import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { DROPPED_OVERSIZE } from "../../../src/core/fate.ts";
import { fastClock } from "../../helpers/fast-clock.ts";
import { type Bench, bench, ownDisk, remake } from "./setup.ts";

const clock = fastClock(10);

/** A file that had the content `first` when an earlier process read it. That process has ended. */
async function readOnce(t: TestContext, first: string): Promise<Bench & { file: string }> {
  const it = bench(t, ownDisk());
  const file = join(it.dir, "a.log");
  writeFileSync(file, first);
  const input = await it.run({}, { clock });
  const whole = first.slice(0, first.lastIndexOf("\n") + 1);
  await it.intake.until(() => it.intake.text === whole, "the first life");
  await input.stop();
  it.intake.restart();
  return { ...it, file };
}

test("goes on at the checkpoint, a partial line included", async (t) => {
  const { file, intake, run } = await readOnce(t, "one\ntw");
  appendFileSync(file, "o\nthree\n");
  await run({ start: "end" }, { clock });
  await intake.until(() => intake.text === "one\ntwo\nthree\n", "the rest");
  assert.equal(intake.sources.size, 1);
});

test("a file that was emptied before anything of it was read: what comes then is read for what it is", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\n");
  intake.shut();
  const input = await run({}, { clock });
  assert.equal(intake.sources.size, 1);
  await input.stop();
  intake.restart();
  truncateSync(file);
  await run({}, { clock });
  appendFileSync(file, "two\n");
  intake.reopen();
  await intake.until(() => intake.text === "two\n", "the new line");
});

test("reads again what had no fate", async (t) => {
  const it = bench(t);
  const file = join(it.dir, "a.log");
  const input = await it.run({}, { clock });
  for (const line of ["one\n", "two\n", "three\n"]) {
    appendFileSync(file, line);
    await it.intake.until(() => it.intake.text.endsWith(line), line);
  }
  await input.stop();
  it.intake.restart(() => 1);
  assert.equal(it.intake.text, "one\n");
  await it.run({}, { clock });
  await it.intake.until(() => it.intake.text === "one\ntwo\nthree\n", "the rest again");
});

test("rotated while stopped, once and twice: the rest is found under a name that no pattern matches", async (t) => {
  const { dir, file, intake, run } = await readOnce(t, "one\n");
  appendFileSync(file, "two\n");
  renameSync(file, join(dir, "a.log.2"));
  writeFileSync(join(dir, "a.log.1"), "between\n");
  writeFileSync(file, "new\n");
  const input = await run({ start: "end" }, { clock });
  const all = ["between\n", "new\n", "one\ntwo\n"];
  await intake.until(() => all.every((text) => intake.texts.includes(text)), "all, the never seen one in between too");
  assert.equal(intake.sources.size, 3);
  assert.equal([...intake.sources.values()][0]?.known.identity.path, join(dir, "a.log.2"));
  await input.stop();
});

test("rotated again before a restart: what came behind a file that is known under a rotated name is found", async (t) => {
  const { dir, intake, run } = bench(t);
  const [first, second, third] = ["one\n", "two\n", "three\n"] as const;
  const log = join(dir, "a.log");
  writeFileSync(log, first);
  const input = await run({}, { clock });
  await intake.until(() => intake.text === first, "the first life");
  renameSync(log, join(dir, "a.log.1"));
  const renamed = (): boolean => [...intake.sources.values()][0]?.known.identity.path.endsWith(".1") ?? false;
  await intake.until(renamed, "the new name");
  await input.stop();
  intake.restart();
  renameSync(join(dir, "a.log.1"), join(dir, "a.log.2"));
  // Killed before these files were durable.
  writeFileSync(join(dir, "a.log.1"), second);
  writeFileSync(log, third);
  await run({}, { clock });
  await intake.until(() => intake.texts.toSorted().join("") === first + third + second, "all three");
});

test("truncated while stopped: smaller, larger or of the same size", async (t) => {
  for (const content of ["x\n", "another one\ntwo\n", "six\nnew\n"]) {
    const { file, intake, run } = await readOnce(t, "one\ntwo\n");
    truncateSync(file, 0);
    appendFileSync(file, content);
    await run({}, { clock });
    await intake.until(() => intake.texts[1] === content, "the new content");
    const [old] = intake.sources.values();
    await intake.until(() => old?.state === "forgotten", "the old generation to be forgotten");
    assert.equal(old?.text, "one\ntwo\n");
  }
});

test("cut and written anew behind an equal head, while stopped", async (t) => {
  const head = `${"h".repeat(2000)}\n`;
  const { file, intake, run } = await readOnce(t, `${head}one\n`);
  truncateSync(file, head.length);
  appendFileSync(file, "six\n");
  await run({}, { clock });
  await intake.until(() => intake.texts[1] === `${head}six\n`, "the new content");
});

test("written over while stopped by a text of the same length that ends alike", async (t) => {
  const end = `${"and ends with this ".repeat(10)}\n`;
  const { file, intake, run } = await readOnce(t, `one begins so\n${end}`);
  writeFileSync(file, `two begins so\n${end}`);
  await run({}, { clock });
  await intake.until(() => intake.texts.includes(`two begins so\n${end}`), "the other text");
});

test("written over while stopped by a longer text that is alike where the first one ended", async (t) => {
  const end = `${"and ends with this ".repeat(10)}\n`;
  const { file, intake, run } = await readOnce(t, `one begins so\n${end}`);
  writeFileSync(file, `two begins so\n${end}and more\n`);
  await run({}, { clock });
  await intake.until(() => intake.texts.includes(`two begins so\n${end}and more\n`), "the other text");
});

test("removed while stopped: forgotten; made again under the same inode: a new generation", async (t) => {
  const { file, intake, run } = await readOnce(t, "one\n");
  remake(t, file, "one\nand more\n");
  await run({}, { clock });
  await intake.until(() => intake.texts[1] === "one\nand more\n", "the new file");
  await intake.until(() => [...intake.sources.values()][0]?.state === "forgotten", "the old source to be forgotten");
});

test("the directory is missing, or the source is nowhere", async (t) => {
  const { dir, intake, run, log } = await readOnce(t, "one\n");
  rmSync(dir, { recursive: true });
  const input = await run({}, { clock });
  await intake.until(() => [...intake.sources.values()][0]?.state === "forgotten", "the source to be forgotten");
  assert.equal(input.status().files, 0);
  for (const event of ["no_files", "source_gone"]) assert.ok(log.events.includes(event));
});

test("in the middle of an oversized line: its rest is still passed over", async (t) => {
  const it = bench(t);
  const file = join(it.dir, "a.log");
  writeFileSync(file, `first\n${"x".repeat(1000)}`);
  const input = await it.run({ maxRecord: 100 }, { clock });
  await it.intake.until(() => it.intake.sources.values().next().value?.end === 1006, "the first part");
  await input.stop();
  it.intake.restart();
  appendFileSync(file, `${"y".repeat(500)}\nlast\n`);
  await it.run({ maxRecord: 100 }, { clock });
  await it.intake.until(() => it.intake.text === `first\n${"x".repeat(100)}last\n`, "the line behind it");
  assert.equal([...it.intake.sources.values()][0]?.bytesOf(DROPPED_OVERSIZE), 900 + 501);
});

test("a last line taken without its end: what is appended begins a record", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\ntwo");
  const input = await run({}, { mode: "once" });
  await input.done();
  await input.stop();
  intake.restart();
  appendFileSync(file, "\nthree\n");
  await (await run({}, { mode: "once" })).done();
  assert.equal(intake.text, "one\ntwo\nthree\n");
});

test("a link, to the file or to its directory, that was led elsewhere while stopped: the rest of the old file is read", async (t) => {
  for (const linked of ["file", "directory"] as const) {
    const it = bench(t);
    const target = (n: number): string => join(it.dir, "data", `${n}`);
    for (const n of [1, 2]) mkdirSync(target(n), { recursive: true });
    const link = join(it.dir, linked === "file" ? "app.log" : "current");
    const lead = (n: number): void => symlinkSync(linked === "file" ? join(target(n), "app.log") : target(n), link);
    const paths = [linked === "file" ? link : join(link, "*.log")];
    writeFileSync(join(target(1), "app.log"), "one\n");
    lead(1);
    const input = await it.run({ paths }, { clock });
    await it.intake.until(() => it.intake.text === "one\n", "the first life");
    await input.stop();
    it.intake.restart();
    appendFileSync(join(target(1), "app.log"), "rest\n");
    rmSync(link);
    lead(2);
    writeFileSync(join(target(2), "app.log"), "two\n");
    const again = await it.run({ paths }, { clock });
    const all = ["one\nrest\n", "two\n"];
    await it.intake.until(() => all.every((text) => it.intake.texts.includes(text)), `both, the ${linked} is linked`);
    await again.stop();
  }
});

test("excluded since: not read on, and known again when it is not excluded any more", async (t) => {
  const { file, intake, run } = await readOnce(t, "one\n");
  appendFileSync(file, "two\n");
  writeFileSync(join(file, "../b.log"), "other\n");
  const input = await run({ exclude: [file] }, { clock });
  await intake.until(() => intake.texts.includes("other\n"), "the other file");
  await clock.sleep(20_000);
  assert.ok(intake.texts.includes("one\n"));
  await input.stop();
  intake.restart();
  await run({}, { clock });
  await intake.until(() => intake.texts.includes("one\ntwo\n"), "the rest");
});

test("excluded by what rotation adds to its name: its rest is read", async (t) => {
  const { file, intake, run } = await readOnce(t, "one\n");
  const rotated = `${file}.1`;
  const input = await run({}, { clock });
  renameSync(file, rotated);
  await intake.until(() => [...intake.sources.values()][0]?.known.identity.path === rotated, "its new name");
  await input.stop();
  intake.restart();
  appendFileSync(rotated, "two\n");
  await run({ exclude: [`${file}.*`] }, { clock });
  await intake.until(() => intake.texts.includes("one\ntwo\n"), "the rest");
});
