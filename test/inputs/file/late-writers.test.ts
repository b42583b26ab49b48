// Programs that keep writing to a file after it was unlinked or moved, because they were not told of a rotation.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fastClock } from "../../helpers/fast-clock.ts";
import { bench, directory } from "./setup.ts";

const clock = fastClock(40);

interface Writer {
  write(text: string): void;
  close(): void;
}

/** A process that keeps the file open and appends the given text. */
function writer(t: TestContext, path: string): Writer {
  const child = spawn("sh", ["-c", 'exec cat >> "$0"', path], { stdio: ["pipe", "ignore", "inherit"] });
  t.after(() => child.kill());
  return { write: (text) => child.stdin.write(text), close: () => child.stdin.end() };
}

for (const [what, hide] of [
  ["unlinked", (file: string) => unlinkSync(file)],
  [
    "moved to where nobody looks",
    (file: string, t: TestContext) => renameSync(file, join(directory(t), "elsewhere.log")),
  ],
] as const) {
  test(`${what}: what is written within a minute is read, behind a last line that was taken too`, async (t) => {
    const { dir, intake, run } = bench(t);
    const file = join(dir, "a.log");
    writeFileSync(file, "");
    const program = writer(t, file);
    const input = await run({}, { clock });
    program.write("one\nhalf");
    await intake.until(() => intake.text === "one\n", "the first line");
    hide(file, t);
    await intake.until(() => intake.text === "one\nhalf", "the last line as it is");
    let text = "one\nhalf";
    for (const [pause, more] of [
      [10_000, " a line\ntwo\n"],
      [30_000, "three\n"],
      [30_000, "four\nhalf"],
    ] as const) {
      await clock.sleep(pause);
      program.write(more);
      text += more;
      await intake.until(() => intake.text === text, more);
    }
    const [source] = intake.sources.values();
    assert.deepEqual(
      source?.taken.map((taken) => taken.text),
      ["one\n", "half", " a line\ntwo\n", "three\n", "four\n", "half"],
    );
    assert.equal(source?.state, "gone");
    program.close();
    await intake.until(() => source?.state === "forgotten", "its end");
    assert.deepEqual([input.status().files, input.status().open, intake.sources.size], [0, 0, 1]);
    assert.deepEqual(input.status().unread, { skipped: 0, deleted: 0, truncated: 0, abandoned: 0 });
  });
}

test("a line that goes on within 5 s is not cut", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "");
  const program = writer(t, file);
  await run({}, { clock: fastClock(5) });
  program.write("one\nhalf");
  await intake.until(() => intake.text === "one\n", "the first line");
  unlinkSync(file);
  await intake.until(() => [...intake.sources.values()][0]?.state === "gone", "the notice");
  program.write(" a line\n");
  await intake.until(() => intake.text === "one\nhalf a line\n", "the line in whole");
});

test("deleted files that are only kept for their writers are the first to be let go beyond held", async (t) => {
  const { dir, intake, run, log } = bench(t);
  const input = await run({ held: 25 }, { clock });
  const lost = async (name: string, text: string): Promise<void> => {
    const known = intake.sources.size;
    writeFileSync(join(dir, name), text);
    await intake.until(() => intake.sources.size > known, name);
    unlinkSync(join(dir, name));
    await intake.until(() => [...intake.sources.values()].every(({ state }) => state !== "alive"), "the notice");
  };
  await lost("read.log", "read to its end");
  await intake.until(() => intake.text === "read to its end", "all of the first");
  intake.shut();
  await lost("unread.log", "unread\n");
  await lost("more.log", "more\n");
  const [read] = intake.sources.values();
  await intake.until(() => read?.state === "forgotten", "the one that was read to be let go");
  intake.reopen();
  await intake.until(() => intake.texts.includes("unread\n") && intake.texts.includes("more\n"), "the others");
  assert.ok(!log.events.includes("file_abandoned"));
  assert.equal(input.status().unread.abandoned, 0);
});

test("where very many files lose their names none is kept longer than it takes to read it", async (t) => {
  const { dir, intake, run } = bench(t);
  const input = await run({}, { clock: fastClock(4) });
  for (let i = 0; i < 150; i++) writeFileSync(join(dir, `${i}.log`), "half");
  await intake.until(() => input.status().lagBytes === 600, "all files");
  for (const name of readdirSync(dir)) unlinkSync(join(dir, name));
  await intake.until(() => input.status().files <= 100, "most of them to be let go");
  assert.equal(input.status().files, 100);
  assert.equal(intake.text.length, 600);
});
