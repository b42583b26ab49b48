// Multiline records through a whole file input: when the last record is taken, and what a restart does to it.
import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { MultilineOptions } from "../../../../src/core/options.ts";
import type { FakeSource } from "../../../helpers/fake-intake.ts";
import { bench } from "../setup.ts";

const BY_DATE: MultilineOptions = {
  start: /^\d{4}-/,
  end: undefined,
  indent: false,
  timeout: 60_000,
  maxRecords: 1000,
};
const FIRST = "2026-11-24 a\n\tat b\n\n\tat c\n";
const SECOND = "2026-11-24 d\n\tat e\n";

function texts(source: FakeSource | undefined): [number, string][] {
  return (source?.taken ?? []).flatMap(({ entries }) => entries.map(({ offset, text }) => [offset, text]));
}

test("a record is not passed before the next begins, and is whole after a restart", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "a.log");
  writeFileSync(log, FIRST + SECOND);
  const first = await run({ multiline: BY_DATE });
  const [source] = intake.sources.values();
  await intake.until(() => source?.records === 1, "the first record");
  await first.stop();
  assert.equal(source?.end, FIRST.length);
  intake.restart();

  await run({ multiline: BY_DATE });
  appendFileSync(log, "\tat f\n2026-11-24 g\n");
  await intake.until(() => source?.records === 2, "the second record");
  assert.deepEqual(texts(source), [
    [0, FIRST.trimEnd()],
    [FIRST.length, `${SECOND}\tat f`],
  ]);
});

test("after its timeout a record is taken as it is, but not half a line", async (t) => {
  const { dir, intake, run } = bench(t);
  const log = join(dir, "a.log");
  writeFileSync(log, `${SECOND}\thalf`);
  await run({ multiline: { ...BY_DATE, timeout: 300 } });
  const [source] = intake.sources.values();
  await intake.until(() => source?.records === 1, "the record");
  assert.equal(source?.end, SECOND.length);
  appendFileSync(log, " and its end\n");
  await intake.until(() => source?.records === 2, "the rest");
  assert.equal(source?.end, `${SECOND}\thalf and its end\n`.length);
});

test("a record at the end of a last reading", async (t) => {
  const { dir, intake, run } = bench(t);
  writeFileSync(join(dir, "a.log"), `${FIRST}2026-11-24 end\n\tat x`);
  const input = await run({ multiline: BY_DATE }, { mode: "once" });
  await input.done();
  const [source] = intake.sources.values();
  assert.deepEqual(texts(source), [
    [0, FIRST.trimEnd()],
    [FIRST.length, "2026-11-24 end\n\tat x"],
  ]);
});
