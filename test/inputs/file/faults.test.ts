// A disk that fails now and then, a server that forgets its handles, a bad sector: such faults concern only the file that meets
// them. The operation is retried, logged and counted. Everything else goes on, and after the fault each line has arrived once.
import { failing } from "../../helpers/failing-fs.ts";
import assert from "node:assert/strict";
import { appendFileSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { fastClock } from "../../helpers/fast-clock.ts";
import { bench } from "./setup.ts";

const clock = fastClock(20);

async function whileFailing(t: TestContext, rate: number, act: () => Promise<void>): Promise<void> {
  t.after(() => (failing.rate = 0));
  failing.rate = rate;
  try {
    await act();
  } finally {
    failing.rate = 0;
  }
}

test("EIO right after a read: the input goes on, says so, and stops", async (t) => {
  const { dir, intake, run, log } = bench(t);
  const file = join(dir, "a.log");
  writeFileSync(file, "one\n");
  const input = await run({}, { clock });
  await intake.until(() => intake.text === "one\n", "the first line");
  await whileFailing(t, 1, async () => {
    failing.matches = (call) => call === "readSync";
    appendFileSync(file, "two\n");
    await intake.until(() => log.events.includes("file_unreadable"), "the complaint");
  });
  failing.matches = () => true;
  await intake.until(() => intake.text === "one\ntwo\n", "the second line");
  assert.ok(input.status().failures > 0, "it is counted");
  await input.stop();
  await input.ended;
});

test("a bad sector in one file: it is tried again and said, and the others go on", async (t) => {
  const { dir, intake, run, log } = bench(t);
  const [bad, good] = [join(dir, "bad.log"), join(dir, "good.log")];
  for (const file of [bad, good]) writeFileSync(file, "one\n");
  const input = await run({}, { clock });
  await intake.until(() => intake.text === "one\n".repeat(2), "the first lines");
  await whileFailing(t, 1, async () => {
    failing.matches = (call, path) => call.startsWith("readv") && path === bad;
    appendFileSync(bad, "two\n");
    for (let i = 0; i < 30; i++) {
      appendFileSync(good, `${i}\n`);
      await clock.sleep(2000);
    }
    await intake.until(() => intake.text.endsWith("29\n"), "the other file");
    assert.equal(input.status().lagBytes, 4);
    assert.ok(input.status().failures >= 6, `${input.status().failures} attempts in a minute`);
    // The first error, the summary of that minute, and one in the next minute.
    assert.ok(log.events.filter((event) => event === "file_unreadable").length <= 3, "said at most once a minute");
  });
  failing.matches = () => true;
  await intake.until(() => intake.texts.includes("one\ntwo\n"), "the rest of the bad one");
});

test("every call may fail while files are written, rotated, compressed and removed", async (t) => {
  const { dir, intake, run, log } = bench(t);
  const names = ["a", "b", "c", "d"].map((name) => join(dir, `${name}.log`)) as [string, string, string, string];
  const banner = "what all of them begin with, longer than a fingerprint\n".repeat(30);
  let count = 0;
  const lines: string[] = [];
  const write = (file: string): void => {
    lines.push(`line ${count++}`);
    appendFileSync(file, `${lines.at(-1)}\n`);
  };
  for (const [i, name] of names.entries()) writeFileSync(name, `${i} ${banner}`);
  const input = await run({ paths: [join(dir, "*.log*")] }, { clock });
  await intake.until(() => intake.texts.filter((text) => text.length > 1024).length === names.length, "all banners");
  await whileFailing(t, 0.1, async () => {
    for (let round = 0; round < 40; round++) {
      for (const name of names) write(name);
      await clock.sleep(500);
      if (round === 10) renameSync(names[1], `${names[1]}.1`);
      if (round === 20) {
        // The test's own calls would fail too.
        failing.rate = 0;
        writeFileSync(`${names[2]}.1.gz`, gzipSync(readFileSync(names[2])));
        unlinkSync(names[2]);
        failing.rate = 0.1;
      }
    }
  });
  const found = (): string[] => intake.text.split("\n").filter((line) => line.startsWith("line "));
  await intake.until(
    () => found().length >= lines.length,
    () => `${lines.length} lines, not ${found().length}`,
  );
  await clock.sleep(20_000);
  assert.deepEqual(found().sort(), lines.sort());
  assert.ok(failing.count > 20 && log.events.includes("file_unreadable"));
  assert.ok(input.status().failures > 0);
});
