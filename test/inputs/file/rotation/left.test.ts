// What an input leaves to its successor in the same process: nothing of a file without a name is lost, or it is counted.
import assert from "node:assert/strict";
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { closeLeft, nothingLeft } from "../../../../src/inputs/file/rotation/left.ts";
import { fastClock } from "../../../helpers/fast-clock.ts";
import { openBelow } from "../../../helpers/open-files.ts";
import { bench } from "../setup.ts";

const clock = fastClock(10);

/** An input that has read the first line of a.log, and waits for room to read the second. */
async function waiting(t: TestContext) {
  const it = bench(t);
  const file = join(it.dir, "a.log");
  writeFileSync(file, "one\n");
  const input = await it.run({}, { clock });
  await it.intake.until(() => it.intake.text === "one\n", "the first line");
  it.intake.shut();
  appendFileSync(file, "two\n");
  await it.intake.until(() => input.status().lagBytes === 4, "the second line is seen");
  const left = nothingLeft();
  const replace = async (between = (): void => {}) => {
    await input.stop(left);
    it.intake.restart();
    between();
    return it.run({}, { clock, left });
  };
  return { ...it, file, input, left, replace };
}

test("a file without a name is read on by the next input", async (t) => {
  const { dir, file, intake, input, left, replace, log } = await waiting(t);
  rmSync(file);
  await intake.until(() => input.status().atRiskBytes === 4, "the file has lost its name");
  const next = await replace();
  assert.equal(next.status().atRiskBytes, 4);
  assert.equal(left.files.size, 0);
  intake.reopen("at-risk");
  await intake.until(() => intake.text === "one\ntwo\n", "the second line");
  assert.equal(intake.sources.size, 1);
  await intake.until(() => [...intake.sources.values()][0]?.state === "forgotten", "the source to be forgotten");
  assert.deepEqual(next.status().unread, { skipped: 0, deleted: 0, truncated: 0, abandoned: 0 });
  assert.deepEqual(openBelow(dir, process.pid), []);
  assert.ok(!log.events.includes("source_gone"));
});

test("a file that lost its name unnoticed is left too", async (t) => {
  const { file, intake, input, left } = await waiting(t);
  const stopped = input.stop(left);
  rmSync(file);
  await stopped;
  intake.restart();
  assert.equal(left.files.size, 1);
  closeLeft(left);
});

test("of a file that is removed while no input runs, the unread bytes are counted", async (t) => {
  const { file, intake, replace, log } = await waiting(t);
  const next = await replace(() => rmSync(file));
  intake.reopen();
  await intake.until(() => next.status().unread.deleted === 4, "the second line to be counted");
  assert.ok(log.events.includes("source_gone"));
});

test("what nobody takes over is closed", async (t) => {
  const { dir, file, intake, input, left } = await waiting(t);
  rmSync(file);
  await intake.until(() => input.status().atRiskBytes === 4, "the file has lost its name");
  await input.stop(left);
  assert.equal(openBelow(dir, process.pid).length, 1);
  closeLeft(left);
  assert.deepEqual([openBelow(dir, process.pid), left.files.size, left.sizes.size], [[], 0, 0]);
});
