import assert from "node:assert/strict";
import {
  appendFileSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { fastClock } from "../../helpers/fast-clock.ts";
import { openBelow } from "../../helpers/open-files.ts";
import { bench } from "./setup.ts";

const clock = fastClock(10);

test("the rest of a renamed file is read, and its identity follows the name", async (t) => {
  const { dir, intake, run } = bench(t);
  const [file, rotated] = [join(dir, "a.log"), join(dir, "a.log.1")];
  writeFileSync(file, "one\n");
  const input = await run();
  await intake.until(() => intake.text === "one\n", "the first line");
  intake.shut();
  appendFileSync(file, "two\n");
  await intake.until(() => input.status().lagBytes === 4, "the look");
  renameSync(file, rotated);
  writeFileSync(file, "new\n");
  await intake.until(() => input.status().rotatedBytes === 4, "the rotated file under its new name");
  intake.reopen();
  await intake.until(() => intake.texts.includes("one\ntwo\n") && intake.texts.includes("new\n"), "both files");
  appendFileSync(rotated, "three\n");
  await intake.until(() => intake.texts.includes("one\ntwo\nthree\n"), "a writer that kept the rotated file open");
  const [source] = intake.sources.values();
  assert.equal(source?.known.identity.path, rotated);
  assert.equal(intake.sources.size, 2);
});

test("several renames between two looks, and the pattern matches only the first name", async (t) => {
  const { dir, intake, run } = bench(t);
  const names = ["a.log", "a.log.1", "a.log.2", "a.log.3"].map((name) => join(dir, name));
  const [file = "", ...others] = names;
  await run({}, { clock });
  for (let round = 0; round < 10; round++) {
    writeFileSync(file, `${round} first\n`);
    await intake.until(() => intake.texts.includes(`${round} first\n`), `round ${round}`);
    appendFileSync(file, `${round} second\n`);
    for (const [i, other] of others.entries()) renameSync(names[i] ?? "", other);
    await intake.until(() => intake.texts.includes(`${round} first\n${round} second\n`), `the rest of ${round}`);
  }
  assert.equal(intake.sources.size, 10);
});

test("a chain of renames, several times between two looks, and the pattern matches all names", async (t) => {
  const { dir, intake, run } = bench(t);
  const name = (n: number): string => join(dir, n === 0 ? "a.log" : `a.log.${n}`);
  await run({ paths: [join(dir, "*")] }, { clock });
  let files = 0;
  for (let round = 0; round < 15; round++) {
    for (let i = 0; i <= round % 3; i++) {
      for (let n = files; n > 0; n--) renameSync(name(n - 1), name(n));
      writeFileSync(name(0), `${files} first\n`);
      if (files > 0) appendFileSync(name(1), `${files - 1} second\n`);
      files++;
    }
    await intake.until(() => intake.texts.includes(`${files - 1} first\n`), `round ${round}`);
  }
  const expected = (n: number): string => (n === files - 1 ? `${n} first\n` : `${n} first\n${n} second\n`);
  const all = Array.from({ length: files }, (_, n) => expected(n));
  await intake.until(() => all.every((text) => intake.texts.includes(text)), "all of all");
  assert.equal(intake.sources.size, files);
});

test("a file deleted while unread is kept open, at risk, read in its own lane, and forgotten", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  for (let i = 0; i < 8; i++) writeFileSync(join(dir, `b${i}.log`), "busy\n");
  intake.shut();
  const input = await run({}, { clock: fastClock(50) });
  writeFileSync(file, "one\ntwo\nno end");
  await intake.until(() => input.status().lagBytes === 8 * 5 + 14, "the look");
  unlinkSync(file);
  await intake.until(() => input.status().atRiskBytes === 14, "the notice");
  assert.equal([...intake.sources.values()].find((source) => source.known.identity.path === file)?.state, "gone");
  intake.reopen("at-risk");
  await intake.until(() => intake.text === "one\ntwo\nno end", "the deleted file, its last line without end included");
  intake.reopen();
  await intake.until(() => input.status().files === 8 && input.status().open === 0, "the descriptor to be let go");
  assert.deepEqual(input.status().unread, { skipped: 0, deleted: 0, truncated: 0, abandoned: 0 });
  await intake.until(() => [...intake.sources.values()].some((source) => source.state === "forgotten"), "the end");
});

for (const form of ["plain", "gzip"])
  test(`nameless ${form} files keep their place on the disk until they are read or beyond held, answered for or not`, async (t) => {
    const { dir, intake, run } = bench(t);
    const text = (name: string): string => `${name.repeat(99)}\n`.repeat(10);
    intake.answering = "never";
    intake.shut();
    // A fast clock, so that the time for which unlinked files are kept for late writers passes quickly.
    const input = await run({ held: 1500 }, { clock: fastClock(50) });
    for (const [i, name] of ["a", "b"].entries()) {
      const content = form === "gzip" ? gzipSync(text(name), { level: 0 }) : text(name);
      writeFileSync(join(dir, `${name}.log`), content);
      await intake.until(() => intake.texts.length === i + 1, "the look");
      unlinkSync(join(dir, `${name}.log`));
      await intake.until(() => input.status().atRiskBytes === content.length, "the notice");
    }
    await intake.until(() => input.status().unread.abandoned > 0, "the older one to be abandoned");
    // A scan opens the directory for a moment.
    const isOpen = (...paths: readonly string[]) =>
      intake.until(() => isDeepStrictEqual(openBelow(dir, process.pid), paths), `only ${paths.join()} to be open`);
    await isOpen(join(dir, "b.log (deleted)"));
    intake.reopen();
    await intake.until(() => intake.text === text("b"), "the younger file");
    await intake.until(() => input.status().files === 0, "its end");
    await isOpen();
  });

test("deleted and created again, each time before anybody has looked: a new generation", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  await run({}, { clock });
  for (let i = 0; i < 10; i++) {
    writeFileSync(file, `${i} ${"x".repeat(i % 2 ? 10 : 100)}\n`);
    await intake.until(() => intake.texts.some((text) => text.startsWith(`${i} `)), `file ${i}`);
    unlinkSync(file);
  }
  assert.equal(intake.sources.size, 10);
});

test("truncated with bytes that were missed, and no copy", async (t) => {
  const { dir, intake, run, log } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\n");
  const input = await run({}, { clock });
  await intake.until(() => intake.text === "one\n", "the first line");
  intake.shut();
  appendFileSync(file, "missed\n");
  await intake.until(() => input.status().lagBytes === 7, "the look");
  truncateSync(file, 0);
  await intake.until(() => input.status().unread.truncated === 7, "the notice");
  intake.reopen();
  appendFileSync(file, "x\n");
  await intake.until(() => intake.texts.includes("x\n"), "the new content");
  assert.deepEqual(intake.texts, ["one\n", "x\n"]);
  assert.ok(log.events.includes("file_truncated"));
  await intake.until(
    () => [...intake.sources.values()][0]?.state === "forgotten",
    "the old generation to be forgotten",
  );
});

test("truncation and growth past the old offset between two looks", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\n");
  await run({}, { clock });
  await intake.until(() => intake.text === "one\n", "the first line");
  writeFileSync(file, "another one\ntwo\n");
  await intake.until(() => intake.texts.includes("another one\ntwo\n"), "all of the new content");
  writeFileSync(file, "another two\nsix\n");
  await intake.until(() => intake.texts.includes("another two\nsix\n"), "content of the very same size");
  assert.equal(intake.sources.size, 3);
});

test("a link that is switched to another file: the rest of the old target is read", async (t) => {
  const { dir, intake, run } = bench(t);
  const link = join(dir, "a.log");
  mkdirSync(join(dir, "targets"));
  const target = (n: number): string => join(dir, "targets", `${n}`);
  writeFileSync(target(1), "one\n");
  symlinkSync(target(1), link);
  const input = await run({}, { clock });
  await intake.until(() => intake.text === "one\n", "the first target");
  intake.shut();
  appendFileSync(target(1), "rest\n");
  await intake.until(() => input.status().lagBytes === 5, "the look");
  writeFileSync(target(2), "two\n");
  rmSync(link);
  symlinkSync(target(2), link);
  await intake.until(() => input.status().files === 2, "the second target");
  intake.reopen();
  await intake.until(() => intake.texts.includes("one\nrest\n") && intake.texts.includes("two\n"), "both");
});

test("not to be able to look at a file never means that it is gone", async (t) => {
  const { dir, intake, run, log } = bench(t);
  const [file, aside] = [join(dir, "a.log"), join(dir, "aside")];
  writeFileSync(file, "one\n");
  const input = await run({}, { clock });
  await intake.until(() => intake.text === "one\n", "the first line");
  renameSync(file, aside);
  symlinkSync(file, file);
  await intake.until(() => log.events.includes("file_unreadable"), "the complaint");
  assert.equal(input.status().files, 1);
  rmSync(file);
  renameSync(aside, file);
  appendFileSync(file, "two\n");
  await intake.until(() => intake.text === "one\ntwo\n", "the file again");
  assert.equal(intake.sources.size, 1);
});

test("a partial line, long quiet, keeps its descriptor: deleted then, it is handed over", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\npart");
  const fast = fastClock(100);
  const input = await run({}, { clock: fast });
  await intake.until(() => intake.text === "one\n", "the whole line");
  await fast.sleep(20_000);
  assert.equal(input.status().open, 1);
  unlinkSync(file);
  await intake.until(() => intake.text === "one\npart", "the partial line");
  await intake.until(() => input.status().files === 0, "the end of the file");
});

test("a partial line that is cut off and written anew", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\nabcd");
  const input = await run({}, { clock });
  await intake.until(() => intake.text === "one\n" && input.status().lagBytes === 4, "the whole line");
  truncateSync(file, 6);
  await intake.until(() => input.status().unread.truncated === 2, "the notice");
  appendFileSync(file, "x\n");
  await intake.until(() => intake.text === "one\nabx\n", "the line as it is now");
  assert.equal(intake.sources.size, 1);
});

test("moved to another directory that the pattern covers: the same file", async (t) => {
  const { dir, intake, run } = bench(t);
  mkdirSync(join(dir, "old"));
  writeFileSync(join(dir, "a.log"), "one\n");
  await run({ paths: [join(dir, "**/*.log")] }, { clock });
  await intake.until(() => intake.text === "one\n", "the first line");
  renameSync(join(dir, "a.log"), join(dir, "old/a.log"));
  appendFileSync(join(dir, "old/a.log"), "two\n");
  await intake.until(() => intake.text === "one\ntwo\n", "the rest");
  assert.equal(intake.sources.size, 1);
});

test("one of two names is removed: the file goes on under the other, and is not read anew", async (t) => {
  const { dir, intake, run } = bench(t);
  for (const name of ["x", "y"]) mkdirSync(join(dir, name));
  writeFileSync(join(dir, "x/a.log"), "one\n");
  linkSync(join(dir, "x/a.log"), join(dir, "y/b.log"));
  const input = await run({ paths: [join(dir, "*/*.log")] }, { clock });
  await intake.until(() => intake.text === "one\n" && input.status().open === 0, "the first line");
  unlinkSync(join(dir, "x/a.log"));
  appendFileSync(join(dir, "y/b.log"), "two\n");
  await intake.until(() => intake.text === "one\ntwo\n", "the second line");
  assert.equal(intake.sources.size, 1);
});

test("a link that is switched to another directory and back: neither file is read anew", async (t) => {
  const { dir, intake, run } = bench(t);
  const link = join(dir, "a.log");
  for (const name of ["x", "y"]) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, "file"), `${name}\n`);
  }
  symlinkSync(join(dir, "x/file"), link);
  const input = await run({}, { clock });
  await intake.until(() => intake.text === "x\n" && input.status().open === 0, "the first target");
  for (const [i, name] of ["y", "x", "y"].entries()) {
    rmSync(link);
    symlinkSync(join(dir, name, "file"), link);
    appendFileSync(join(dir, name, "file"), `${i}\n`);
    await intake.until(() => intake.texts.some((text) => text.endsWith(`${i}\n`)), `switch ${i}`);
  }
  assert.deepEqual(intake.texts, ["x\n1\n", "y\n0\n2\n"]);
});

test("written over with the same size, within one tick of the kernel's clock", async (t) => {
  const { dir, intake, run } = bench(t);
  const tick = new Date();
  await run({}, { clock: { ...clock, wall: () => tick.getTime() + 5 } });
  for (const form of ["plain", "gzip"]) {
    const file = join(dir, `${form}.log`);
    for (const content of ["one\n", "two\n", "six\n"]) {
      const text = `${form} ${content}`;
      writeFileSync(file, form === "gzip" ? gzipSync(text, { level: 0 }) : text);
      utimesSync(file, tick, tick);
      await intake.until(() => intake.texts.includes(text), text);
    }
  }
});

test("written over by lines of the same length that end alike", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  const text = (from: number, lines: number): string =>
    Array.from({ length: lines }, (_, i) => `${from + i} ${"the same message ".repeat(8)}\n`).join("");
  await run({}, { clock });
  for (const content of [text(1000, 3), text(2000, 3), text(3000, 7)]) {
    writeFileSync(file, content);
    await intake.until(() => intake.texts.includes(content), "all of the new content");
  }
  assert.equal(intake.sources.size, 3);
});

test("cut behind the position between the look and the read", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  intake.shut();
  const input = await run({}, { clock });
  writeFileSync(file, "one\npartial");
  await intake.until(() => input.status().lagBytes === 11, "the look");
  truncateSync(file, 6);
  intake.reopen();
  await intake.until(() => intake.text === "one\n", "the whole line");
  renameSync(file, join(dir, "a.log.1"));
  writeFileSync(file, "new\n");
  await intake.until(() => intake.texts.includes("new\n"), "the next file");
});
