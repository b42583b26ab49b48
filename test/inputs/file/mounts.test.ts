// File systems that are mounted and unmounted below the logs, and one that gives a file a new identity at the first write.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { fastClock } from "../../helpers/fast-clock.ts";
import { bench } from "./setup.ts";

const clock = fastClock(10);

const REFUSED = new Error("refused");

function mount(...words: string[]): void {
  if (spawnSync("mount", words).status !== 0) throw REFUSED;
}

/** Works even while the mount is in use. */
function unmount(path: string): void {
  spawnSync("umount", ["--lazy", path]);
}

/** Unmounts before any other cleanup. */
async function within(t: TestContext, places: readonly string[], run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error !== REFUSED) throw error;
    t.skip("nothing can be mounted here");
  } finally {
    for (const place of places) unmount(place);
  }
}

test("a file system that is unmounted for a while: its files are not deleted, and go on", async (t) => {
  const { dir, intake, run } = bench(t);
  const [place, aside] = [join(dir, "logs"), join(dir, "aside")];
  const file = join(place, "a.log");
  for (const path of [place, aside]) mkdirSync(path);
  await within(t, [place, aside], async () => {
    mount("-t", "tmpfs", "none", aside);
    mount("--bind", aside, place);
    writeFileSync(file, "one\n");
    const input = await run({ paths: [join(place, "*.log")] }, { clock });
    await intake.until(() => intake.text === "one\n" && input.status().open === 0, "the first line");
    unmount(place);
    await clock.sleep(10_000);
    assert.equal(input.status().files, 1, "it cannot be looked at, which does not mean that it is gone");
    mount("--bind", aside, place);
    appendFileSync(file, "two\n");
    await intake.until(() => intake.text === "one\ntwo\n", "the rest");
    assert.equal(intake.sources.size, 1);
    await input.stop();
  });
});

test("a file system that is mounted after the agent has started: its files go on", async (t) => {
  const { dir, intake, run, log } = bench(t);
  const [place, aside] = [join(dir, "logs"), join(dir, "aside")];
  const [file, other] = [join(place, "a.log"), join(place, "b.log")];
  for (const path of [place, aside]) mkdirSync(path);
  await within(t, [place, aside], async () => {
    mount("-t", "tmpfs", "none", aside);
    mount("--bind", aside, place);
    for (const path of [file, other]) writeFileSync(path, "one\n");
    const first = await run({ paths: [join(place, "*.log")] }, { clock });
    await intake.until(() => intake.text === "one\n".repeat(2), "the first lines");
    await first.stop();
    intake.restart();
    unmount(place);
    const second = await run({ paths: [join(place, "*.log")] }, { clock });
    await clock.sleep(10_000);
    assert.ok(!log.events.includes("source_gone"), "it cannot be looked at, which does not mean that it is gone");
    mount("--bind", aside, place);
    rmSync(other);
    appendFileSync(file, "two\n");
    await intake.until(() => intake.texts.includes("one\ntwo\n"), "the rest");
    await intake.until(() => log.events.includes("source_gone"), "the end of what was removed meanwhile");
    assert.equal(intake.sources.size, 2);
    await second.stop();
  });
});

test("overlayfs copies a file when it is first written to: the same file", async (t) => {
  const { dir, intake, run } = bench(t);
  const layers = ["lowerdir", "upperdir", "workdir"].map((name) => [name, join(dir, name)] as const);
  const place = join(dir, "merged");
  for (const path of [place, ...layers.map(([, layer]) => layer)]) mkdirSync(path);
  writeFileSync(join(dir, "lowerdir/a.log"), "one\n");
  const file = join(place, "a.log");
  await within(t, [place], async () => {
    mount("-t", "overlay", "-o", layers.map((layer) => layer.join("=")).join(), "overlay", place);
    const input = await run({ paths: [join(place, "*.log")] }, { clock });
    await intake.until(() => intake.text === "one\n" && input.status().open === 0, "the first line");
    appendFileSync(file, "two\n");
    await intake.until(() => intake.text.endsWith("two\n"), "the second line");
    assert.deepEqual(intake.texts, ["one\ntwo\n"]);
    assert.equal(input.status().files, 1);
    rmSync(file);
    writeFileSync(file, "another\n");
    await intake.until(() => intake.texts.includes("another\n"), "what is made anew is another file");
    await input.stop();
  });
});

test("a directory that is moved, with a link in its place", async (t) => {
  const { dir, intake, run } = bench(t);
  const [place, moved] = [join(dir, "logs"), join(dir, "moved")];
  mkdirSync(place);
  const file = join(place, "a.log");
  writeFileSync(file, "one\n");
  const input = await run({ paths: [join(place, "*.log")] }, { clock });
  await intake.until(() => intake.text === "one\n" && input.status().open === 0, "the first line");
  renameSync(place, moved);
  symlinkSync(moved, place);
  appendFileSync(file, "two\n");
  writeFileSync(join(place, "b.log"), "new\n");
  await intake.until(() => intake.texts.includes("one\ntwo\n") && intake.texts.includes("new\n"), "both");
  assert.equal(intake.sources.size, 2);
});

test("devices that have other numbers since the last start: what was compressed meanwhile goes on after a minute", async (t) => {
  const { dir, intake, run } = bench(t);
  const file = join(dir, "a.log");
  const [changes, quick] = [{ paths: [`${file}*`] }, { clock: fastClock(200) }];
  const long = "one\n".repeat(300);
  writeFileSync(file, long);
  const first = await run(changes, quick);
  await intake.until(() => intake.text === long, "the first lines");
  await first.stop();
  intake.restart();
  for (const { known } of intake.sources.values()) intake.identify(known.id, { ...known.identity, device: "1" });
  rmSync(file);
  writeFileSync(`${file}.1.gz`, gzipSync(`${long}two\n`));
  await run(changes, quick);
  await intake.until(() => intake.text === `${long}two\n`, "the rest");
  assert.equal(intake.sources.size, 1);
});
