// Directories that the agent cannot read, beside files that are renamed and removed: a directory below the logs (lost+found), a
// link to a file in a private directory, and the logs' own directory.
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { asNobody, without } from "../../../helpers/nobody.ts";
import { type Bench, bench } from "../setup.ts";

const clock = fastClock(20);
const ALL = 0o700;
const LIST = 0o400;

const known = ({ intake }: Bench): number => intake.known("app").length;

/** Makes an unreadable directory below the logs, and a link to a file in it. */
function closedBelow(dir: string): string {
  const closed = join(dir, "lost+found");
  mkdirSync(closed, 0o700);
  writeFileSync(join(closed, "a.log"), "not for you\n");
  symlinkSync(join(closed, "a.log"), join(dir, "link"));
  return closed;
}

test("a file that is removed next to a closed directory is gone", async (t) => {
  const it = bench(t);
  const { dir, intake, run } = it;
  const file = join(dir, "a.log");
  await asNobody([dir], () =>
    without(ALL, closedBelow(dir), async () => {
      writeFileSync(file, "one\n");
      const input = await run({}, { clock });
      await intake.until(() => intake.text === "one\n" && input.status().open === 0, "the line");
      rmSync(file);
      await intake.until(() => input.status().files === 0 && known(it) === 0, "it to be forgotten");
      await input.stop();
    }),
  );
});

test("a file that was removed next to a closed directory while nobody looked is gone, and its successor is read", async (t) => {
  const it = bench(t);
  const { dir, intake, run } = it;
  const [first, second] = [join(dir, "app-2026-11-24.log"), join(dir, "app-2026-11-25.log")];
  await asNobody([dir], () =>
    without(ALL, closedBelow(dir), async () => {
      writeFileSync(first, "#header\n");
      const one = await run({}, { clock });
      await intake.until(() => intake.text === "#header\n", "the header");
      await one.stop();
      intake.restart();
      rmSync(first);
      writeFileSync(second, "#header\nline\n");
      const two = await run({}, { clock });
      await intake.until(() => intake.texts.includes("#header\nline\n"), "the successor");
      await intake.until(() => known(it) === 1, "the first one to be forgotten");
      await two.stop();
    }),
  );
});

test("a file whose directory cannot be listed any more is not deleted: it goes on when it can be", async (t) => {
  const it = bench(t);
  const { dir, intake, run } = it;
  const logs = join(dir, "logs");
  const [file, renamed] = [join(logs, "a.log"), join(logs, "a.log.1")];
  mkdirSync(logs, 0o700);
  await asNobody([dir, logs], async () => {
    writeFileSync(file, "one\n");
    const changes = { paths: [join(logs, "a.log")] };
    const one = await run(changes, { clock });
    await intake.until(() => intake.text === "one\n" && one.status().open === 0, "the first line");
    await without(LIST, logs, async () => {
      renameSync(file, renamed);
      await clock.sleep(20_000);
      assert.equal(one.status().files, 1, "it cannot be looked for, which does not mean that it is gone");
      await one.stop();
      intake.restart();
      const two = await run(changes, { clock });
      await clock.sleep(20_000);
      assert.equal(known(it), 1, "nor after a restart");
      appendFileSync(renamed, "two\n");
      t.after(() => two.stop());
    });
    await intake.until(() => intake.text === "one\ntwo\n", "the second line");
    assert.equal(intake.sources.size, 1);
  });
});

test("nor is it waited for without end when its name is gone, running or stopped", async (t) => {
  const it = bench(t);
  const { dir, intake, log, run } = it;
  const logs = join(dir, "logs");
  const [file, still] = [join(logs, "a.log"), join(logs, "b.log")];
  mkdirSync(logs, 0o700);
  await asNobody([dir, logs], async () => {
    const quick = { clock: fastClock(200) };
    const changes = { paths: [join(logs, "*.log")] };
    for (const path of [file, still]) writeFileSync(path, "one\n");
    const one = await run(changes, quick);
    await intake.until(() => intake.text === "one\none\n" && one.status().open === 0, "the lines");
    await without(LIST, logs, async () => {
      rmSync(file);
      await intake.until(() => one.status().files === 1 && known(it) === 1, "the removed one to be forgotten");
      assert.ok(log.events.includes("directory_unreadable"));
      await one.stop();
      intake.restart();
    });
    writeFileSync(file, "two\n");
    const two = await run(changes, quick);
    await intake.until(() => intake.text === "one\none\ntwo\n", "another line");
    await two.stop();
    intake.restart();
    await without(LIST, logs, async () => {
      rmSync(file);
      const three = await run(changes, quick);
      await intake.until(() => known(it) === 1, "the one that was removed meanwhile to be forgotten");
      await three.stop();
      intake.restart();
    });
    const four = await run(changes, quick);
    appendFileSync(still, "three\n");
    await intake.until(() => intake.texts.includes("one\nthree\n"), "the other one, which kept its name");
    assert.equal(intake.sources.size, 3);
    await four.stop();
  });
});

test("a copy of a file that cannot be looked for waits a minute, and says so", async (t) => {
  const it = bench(t);
  const { dir, intake, log, run } = it;
  const logs = join(dir, "logs");
  mkdirSync(logs, 0o700);
  const [file, copy] = [join(logs, "app.log"), join(logs, "app.log.1")];
  const text = "one\n".repeat(300);
  await asNobody([dir, logs], async () => {
    const quick = { clock: fastClock(100) };
    const changes = { paths: [file, copy] };
    writeFileSync(file, text);
    const one = await run(changes, quick);
    await intake.until(() => intake.text === text, "the lines");
    await one.stop();
    intake.restart();
    rmSync(file);
    writeFileSync(copy, `${text}two\n`);
    await without(LIST, logs, async () => {
      const two = await run(changes, quick);
      await intake.until(() => log.events.includes("file_waits"), "the warning");
      assert.equal(intake.text, text);
      await intake.until(() => intake.text === `${text}two\n`, "what came since");
      await two.stop();
    });
    assert.equal(intake.sources.size, 1);
  });
});
