// Patterns over records through a whole input: however slow a pattern is on the lines, the agent does its other work meanwhile.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import test, { type TestContext } from "node:test";
import { systemClock } from "../../../../src/core/clock.ts";
import type { FileInputOptions } from "../../../../src/core/options.ts";
import { Rules } from "../../../../src/inputs/file/records/rules.ts";
import { bench } from "../setup.ts";

/** A backtracking engine practically never finishes this pattern on a line of 60 letters. */
const SLOW = /^(\w+\s?)*$/;
const MULTILINE = { start: SLOW, end: undefined, indent: false, timeout: 1000, maxRecords: 1000 };

const LINES: Readonly<Record<string, string>> = {
  "of 61 bytes": `${"a".repeat(60)}!\n`.repeat(1000),
  "of 1 KiB": `${"a".repeat(1022)}!\n`.repeat(500),
  "of 4 KiB": `${"a".repeat(4094)}!\n`.repeat(200),
  "of 1 MiB": `${"a".repeat(1_000_000)}!\n`,
};
const KINDS: Readonly<Record<string, Partial<FileInputOptions>>> = {
  exclude_lines: { excludeLines: [SLOW] },
  include_lines: { includeLines: [/!$/, SLOW] },
  redact: { redact: [SLOW] },
  "multiline.start": { multiline: MULTILINE },
  "multiline.end": { multiline: { ...MULTILINE, start: undefined, end: SLOW } },
};

async function ship(t: TestContext, text: string, changes: Partial<FileInputOptions>): Promise<void> {
  const { dir, intake, run } = bench(t);
  writeFileSync(join(dir, "a.log"), text);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const input = await run(changes, { mode: "once" });
  await input.done();
  delay.disable();
  const read = [...intake.sources.values()].reduce((sum, source) => sum + source.end, 0);
  assert.equal(read, text.length);
  assert.ok(delay.max < 1e9, `nothing else was done for ${delay.max / 1e6} ms`);
}

for (const [kind, changes] of Object.entries(KINDS))
  for (const [what, text] of Object.entries(LINES))
    test(`${kind} over lines ${what} that are slow to match`, (t) => ship(t, text, changes));

test("a record that takes too long is kept, and what was not looked through of it is masked", () => {
  let late = 0;
  const tools = { wall: () => 0, now: () => systemClock.now(), late: () => late++ };
  const options = { includeLines: [], excludeLines: [/x$/], redact: [/a[a-z]*@|a/, /b/], timestamp: undefined };
  const rules = new Rules(options, tools);
  const bytes = Buffer.from(`${"a".repeat(500_000)}b`);
  const end = rules.judge(bytes, 0, bytes.length);
  assert.match(bytes.toString("latin1", 0, end), /^\*+$/);
  assert.ok(rules.changed);
  assert.equal(late, 1);
  assert.equal(rules.judge(Buffer.from("short"), 0, 5), 5);
  assert.equal(late, 1);
});
