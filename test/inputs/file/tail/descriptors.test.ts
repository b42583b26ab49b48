// More files to read than descriptors: a file that waits for its read slot may have lost its name when the slot comes.
import assert from "node:assert/strict";
import { closeSync, openSync, renameSync, unlinkSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { MOST_OPEN, takeAllDescriptors } from "../../../helpers/few-descriptors.ts";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { bench } from "../setup.ts";

const clock = fastClock(10);
const FILES = 40;

test("files that waited for a turn without a descriptor and are gone, renamed or replaced when it comes", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = (n: number): string => join(dir, `${n}.log`);
  const text = (n: number): string => `${n} ${"x".repeat(100)}\n`;
  for (let n = 0; n < FILES; n++) writeFileSync(file(n), text(n));
  intake.shut();
  const { room } = intake;
  let rooms = 0;
  // A loop that stays in microtasks would keep this test from ever ending.
  intake.room = (...args) => {
    assert.ok(++rooms < 10 * FILES, "readers turn round and round");
    return room.apply(intake, args);
  };
  const input = await run({}, { clock });
  assert.ok(input.status().open <= MOST_OPEN, `${input.status().open} files open`);
  let gone = 0;
  const there: string[] = [];
  for (let n = 0; n < FILES; n++) {
    if (n % 4 === 0) {
      unlinkSync(file(n));
      gone += text(n).length;
      continue;
    }
    there.push(text(n));
    if (n % 4 === 3) continue;
    renameSync(file(n), `${file(n)}.1`);
    if (n % 4 === 2) {
      writeFileSync(file(n), text(1000 + n));
      there.push(text(1000 + n));
    }
  }
  // Their read slots come before they are polled.
  intake.reopen();
  await intake.until(() => there.every((each) => intake.texts.includes(each)), "all that is there");
  const read = (): number => intake.texts.filter((each) => !there.includes(each)).join("").length;
  await intake.until(() => input.status().unread.deleted + read() === gone, "the rest to be counted");
  assert.ok(input.status().unread.deleted > 0);
  await intake.until(() => input.status().lagBytes === 0 && input.status().open === 0, "the end");
  assert.equal(intake.sources.size, FILES + FILES / 4);
});

test("files that are written over at the same size while no descriptor is to be had", async (t) => {
  const { dir, intake, log, run } = bench(t);
  const packed = (text: string): Buffer => gzipSync(text, { level: 0 });
  const [plain, gzip] = [join(dir, "plain.log"), join(dir, "packed.log")];
  writeFileSync(plain, "old plain\n");
  writeFileSync(gzip, packed("old packed\n"));
  const input = await run({}, { clock });
  await intake.until(() => intake.sources.size === 2 && input.status().open === 0, "what was there first");
  const files = [plain, gzip].map((path) => openSync(path, "r+"));
  const giveBack = takeAllDescriptors();
  writeSync(files[0] as number, "new plain\n", 0);
  writeSync(files[1] as number, packed("new packed\n"), 0);
  await intake.until(() => log.events.includes("file_unreadable"), "the complaint");
  await clock.sleep(3000);
  giveBack();
  for (const fd of files) closeSync(fd);
  await intake.until(() => intake.texts.includes("new plain\n") && intake.texts.includes("new packed\n"), "both anew");
});

test("a copy that is looked for while no descriptor is to be had", async (t) => {
  const { dir, intake, run } = bench(t);
  const text = "one\n".repeat(300);
  const [file, aside] = [join(dir, "a.log"), join(dir, "aside")];
  writeFileSync(file, text);
  writeFileSync(aside, gzipSync(text));
  const input = await run({ paths: [`${file}*`] }, { clock });
  await intake.until(() => intake.text === text && input.status().open === 0, "the file");
  unlinkSync(file);
  await intake.until(() => [...intake.sources.values()][0]?.state === "gone", "the notice");
  const giveBack = takeAllDescriptors();
  renameSync(aside, `${file}.1.gz`);
  await clock.sleep(3000);
  giveBack();
  await intake.until(() => input.status().files === 1, "the copy");
  assert.deepEqual(intake.texts, [text]);
});

test("files that are touched are not all open at once", async (t) => {
  const { dir, intake, run } = bench(t);
  const files = Array.from({ length: FILES }, (_, n) => join(dir, `${n}.log`));
  for (const file of files) writeFileSync(file, `${file}\n`);
  const input = await run({}, { clock });
  await intake.until(() => intake.texts.length === FILES, "all files");
  let most = 0;
  for (let round = 0; round < 5; round++) {
    for (const file of files) utimesSync(file, round, round);
    for (let i = 0; i < 10; i++) {
      await clock.sleep(100);
      most = Math.max(most, input.status().open);
    }
  }
  assert.ok(most <= MOST_OPEN, `${most} of ${FILES} files open`);
});
