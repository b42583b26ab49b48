import assert from "node:assert/strict";
import fs, {
  appendFileSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import test from "node:test";
import { systemClock } from "../../../../src/core/clock.ts";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { bench } from "../setup.ts";

/** Lifetime of a rotated file. */
const LIFE_MS = 600;

test("rotated and removed within the first second of the agent: read all the same", async (t) => {
  const { dir, intake, run } = bench(t);
  const names = ["a.log", "a.log.1", "a.log.2"].map((name) => join(dir, name));
  const [file = "", first = "", second = ""] = names;
  await run();
  writeFileSync(file, "one\n");
  renameSync(file, second);
  writeFileSync(file, "two\n");
  renameSync(file, first);
  writeFileSync(file, "three\n");
  await systemClock.sleep(LIFE_MS);
  for (const rotated of [first, second]) unlinkSync(rotated);
  const all = ["one\n", "two\n", "three\n"];
  await intake.until(() => all.every((text) => intake.texts.includes(text)), "all three");
});

test("files in directories that are made later, and in what links to directories lead to", async (t) => {
  const { dir, intake, run } = bench(t);
  mkdirSync(join(dir, "elsewhere"));
  const input = await run({ paths: [join(dir, "logs/*/*.log")] });
  mkdirSync(join(dir, "logs"));
  await systemClock.sleep(LIFE_MS);
  mkdirSync(join(dir, "logs/x"));
  writeFileSync(join(dir, "logs/x/a.log"), "one\n");
  await intake.until(() => intake.texts.includes("one\n"), "a file in a new directory", 3000);
  symlinkSync(join(dir, "elsewhere"), join(dir, "logs/y"));
  await systemClock.sleep(LIFE_MS);
  writeFileSync(join(dir, "elsewhere/b.log"), "two\n");
  await intake.until(() => intake.texts.includes("two\n"), "a file behind a link", 3000);
  for (let i = 0; i < 3; i++) {
    rmSync(join(dir, "logs/x"), { recursive: true });
    mkdirSync(join(dir, "logs/x"));
    writeFileSync(join(dir, "logs/x/a.log"), `again ${i}\n`);
    await intake.until(() => intake.texts.includes(`again ${i}\n`), "a file in a directory that was made again", 3000);
  }
  assert.equal(input.status().unread.deleted, 0);
});

test("files that are ignored, hard links among them, cost a stat in every scan and no more", async (t) => {
  const { dir, intake, run } = bench(t);
  const [old, link, other] = ["old.log", "link.log", "other.log"].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(old, "old\n");
  utimesSync(old, 1, 1);
  linkSync(old, link);
  const resolved = t.mock.method(fs.realpathSync, "native");
  const looked = t.mock.method(fs, "statSync");
  syncBuiltinESMExports();
  t.after(() => syncBuiltinESMExports());
  const calls = (): number => looked.mock.calls.filter(({ arguments: [path] }) => path === link).length;
  await run({ ignoreOlder: 3_600_000 }, { clock: fastClock(20) });
  await intake.until(() => calls() >= 3, "three scans");
  const files = resolved.mock.calls.filter(({ arguments: [path] }) => path !== dir);
  assert.equal(files.length, 0);
  linkSync(old, other);
  appendFileSync(old, "new\n");
  await intake.until(() => intake.text === "old\nnew\n", "the file, once");
});
