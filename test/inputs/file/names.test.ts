// File names that are not valid text, and names with terminal escapes. Such files are read like others. Wherever their names are
// shown, each byte that is not printable text appears as \xHH.
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fastClock } from "../../helpers/fast-clock.ts";
import { bench } from "./setup.ts";

const clock = fastClock(20);
const NO_TEXT = Buffer.from("caf\xe9.log", "latin1");

for (const [name, shown] of [
  [NO_TEXT, String.raw`caf\xE9.log`],
  [Buffer.from("\x1b[2J\r.log"), String.raw`\x1B[2J\x0D.log`],
  [Buffer.from("\u202egol.exe.log"), String.raw`\xE2\x80\xAEgol.exe.log`],
  [Buffer.from(String.raw`\x41.log`), String.raw`\x5Cx41.log`],
] as const)
  test(`${shown} is read, followed through a rotation, and goes on after a restart`, async (t) => {
    const { dir, intake, run } = bench(t);
    const file = Buffer.concat([Buffer.from(`${dir}/`), name]);
    const rotated = Buffer.concat([file, Buffer.from(".1")]);
    const first = await run({}, { clock });
    writeFileSync(file, "one\n");
    await intake.until(() => intake.text === "one\n", "the first line");
    assert.equal([...intake.sources.values()][0]?.taken[0]?.path, join(dir, shown));
    await intake.until(() => first.status().open === 0, "the idle file to be closed");
    appendFileSync(file, "two\n");
    await intake.until(() => intake.text === "one\ntwo\n", "the second line");
    renameSync(file, rotated);
    writeFileSync(file, "new\n");
    await intake.until(() => intake.texts.includes("new\n"), "the next file");
    await intake.until(
      () => [...intake.sources.values()][0]?.known.identity.path === join(dir, `${shown}.1`),
      "the name of the rotated file",
    );
    await first.stop();
    intake.restart();
    appendFileSync(rotated, "three\n");
    appendFileSync(file, "newer\n");
    await run({}, { clock });
    const all = ["one\ntwo\nthree\n", "new\nnewer\n"];
    await intake.until(() => all.every((text) => intake.texts.includes(text)), "the rest of both");
    assert.equal(intake.sources.size, 2);
  });

test("a directory and a link's target whose names are no text", async (t) => {
  const { dir, intake, run } = bench(t);
  const directory = Buffer.from(`${dir}/d\xe9p\xf4t`, "latin1");
  mkdirSync(directory);
  writeFileSync(Buffer.concat([directory, Buffer.from("/a.log")]), "one\n");
  writeFileSync(Buffer.concat([directory, Buffer.from("/target")]), "two\n");
  symlinkSync(Buffer.concat([directory, Buffer.from("/target")]), join(dir, "link.log"));
  await run({ paths: [join(dir, "**/*.log")] }, { clock });
  await intake.until(() => intake.texts.includes("one\n") && intake.texts.includes("two\n"), "both");
  appendFileSync(Buffer.concat([directory, Buffer.from("/target")]), "three\n");
  await intake.until(() => intake.texts.includes("two\nthree\n"), "what is appended");
});
