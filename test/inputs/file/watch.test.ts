import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { FSWatcher } from "chokidar";
import { fastClock } from "../../helpers/fast-clock.ts";
import { bench } from "./setup.ts";

test("no watchers left: said once, and files are found and read by looking", async (t) => {
  const { dir, intake, run, log } = bench(t);
  t.mock.method(FSWatcher.prototype, "add", function (this: FSWatcher) {
    const limit = Object.assign(new Error("System limit for number of file watchers reached"), { code: "ENOSPC" });
    queueMicrotask(() => this.closed || this.emit("error", limit));
    return this;
  });
  writeFileSync(join(dir, "a.log"), "one\n");
  await run({ paths: [join(dir, "*.log"), join(dir, "x/*.log")] }, { clock: fastClock(20) });
  await intake.until(() => intake.text === "one\n", "the first line");
  appendFileSync(join(dir, "a.log"), "two\n");
  writeFileSync(join(dir, "b.log"), "new\n");
  await intake.until(() => intake.texts.includes("one\ntwo\n") && intake.texts.includes("new\n"), "both files");
  assert.equal(log.events.filter((event) => event === "watch_limit").length, 1);
});

test("settings of the environment do not turn watching into polling", async (t) => {
  process.env.CHOKIDAR_USEPOLLING = "1";
  const { dir, intake, run } = bench(t);
  await run();
  writeFileSync(join(dir, "a.log"), "one\n");
  await intake.until(() => intake.text === "one\n", "the hint", 5000);
  assert.equal(process.env.CHOKIDAR_USEPOLLING, undefined);
});
