// copytruncate at any moment of a comparison: the copy is made, and the file is truncated while it is compared with the copy.
// Nothing is read twice, whenever the truncation happens.
import assert from "node:assert/strict";
import fs, { appendFileSync, copyFileSync, truncateSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { bench } from "../setup.ts";

const TEXT = Array.from({ length: 100 }, (_, i) => `line ${i} ${"-".repeat(20)}\n`).join("");
/** Longer than a copy is held. */
const HELD_MS = 70_000;

/** Truncates the file before the given read or fstat after its copy was opened. @returns the count of these calls */
function cutOff(t: TestContext, file: string, copy: string, before: number): { reads: number } {
  const { openSync, readSync, fstatSync } = fs;
  const seen = { reads: 0 };
  let isOpen = false;
  const step = (): void => {
    if (isOpen && ++seen.reads === before) truncateSync(file);
  };
  Object.assign(fs, {
    openSync: (...args: Parameters<typeof openSync>) => {
      if (String(args[0]) === copy) isOpen = true;
      return openSync(...args);
    },
    readSync: (...args: [number, Buffer]) => (step(), readSync(...args)),
    fstatSync: (...args: [number]) => (step(), fstatSync(...args)),
  });
  const restore = (): void => {
    Object.assign(fs, { openSync, readSync, fstatSync });
    syncBuiltinESMExports();
  };
  t.after(restore);
  syncBuiltinESMExports();
  return seen;
}

for (let before = 1; before <= 16; before++) {
  test(`a file that is cut off before look ${before} at it or at its copy`, async (t) => {
    const { dir, intake, run } = bench(t);
    const clock = fastClock(200);
    const [file, copy] = [join(dir, "a.log"), join(dir, "a.log.1")];
    writeFileSync(file, TEXT);
    await run({ paths: [join(dir, "*.log*")] }, { clock });
    await intake.until(() => intake.text === TEXT, "the file");
    const seen = cutOff(t, file, copy, before);
    copyFileSync(file, copy);
    await intake.until(() => seen.reads >= before, "the copy to be looked at");
    appendFileSync(file, "new\n");
    await intake.until(() => intake.text.includes("new\n"), "what came after");
    await clock.sleep(HELD_MS);
    assert.equal(intake.text, `${TEXT}new\n`);
  });
}
