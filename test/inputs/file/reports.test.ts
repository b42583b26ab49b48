import assert from "node:assert/strict";
import test from "node:test";
import { silentLog } from "../../../src/core/log.ts";
import { Reports } from "../../../src/inputs/file/reports.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";

function made(): { clock: ManualClock; reports: Reports; said: string[] } {
  const clock = new ManualClock();
  const said: string[] = [];
  const say =
    (level: string) =>
    (event: string, message: string): void =>
      void said.push(`${level} ${event}: ${message}`);
  const reports = new Reports({ ...silentLog, info: say("info"), warn: say("warn") }, clock);
  return { clock, reports, said };
}

test("of thousands of files of which there is something to say ten are named, and the rest is one line", () => {
  const { clock, reports, said } = made();
  for (let i = 0; i < 2000; i++) reports.info("source_gone", `file ${i} is gone.`, {});
  reports.sumUp();
  assert.deepEqual(
    said,
    Array.from({ length: 10 }, (_, i) => `info source_gone: file ${i} is gone.`),
  );
  clock.advance(60_000);
  reports.sumUp();
  reports.sumUp();
  assert.equal(said.length, 11);
  assert.equal(said[10], "info source_gone: file 1999 is gone. (1990 of these within a minute, this is the last)");
  reports.info("source_gone", "another is gone.", {});
  assert.equal(said[11], "info source_gone: another is gone.");
});

test("trouble that comes with every poll is said once a minute, and what is held back at the end too", () => {
  const { clock, reports, said } = made();
  for (let i = 0; i < 130; i++) {
    reports.warn("file_unreadable", `poll ${i}`, {});
    clock.advance(1000);
  }
  reports.warn("other", "said at once", {});
  reports.end();
  assert.deepEqual(said, [
    "warn file_unreadable: poll 0",
    "warn file_unreadable: poll 59 (59 of these within a minute, this is the last)",
    "warn file_unreadable: poll 60",
    "warn file_unreadable: poll 119 (59 of these within a minute, this is the last)",
    "warn file_unreadable: poll 120",
    "warn other: said at once",
    "warn file_unreadable: poll 129 (9 of these within a minute, this is the last)",
  ]);
});
