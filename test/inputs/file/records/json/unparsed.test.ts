// Lines that are not JSON through a whole file input: shipped as messages, and logged once.
import assert from "node:assert/strict";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { KIND, TABLE, TABLE_ENTRY } from "../../../../../src/core/chunk.ts";
import { unparsedIn } from "../../../../../src/inputs/file/records/json/unparsed.ts";
import { bench } from "../../setup.ts";

function table(kinds: readonly number[]): Buffer {
  const bytes = Buffer.alloc(kinds.length * TABLE_ENTRY + 8, 0xff);
  kinds.forEach((kind, i) => {
    bytes.writeUInt32LE(i * 100, 8 + i * TABLE_ENTRY + TABLE.start);
    bytes[8 + i * TABLE_ENTRY + TABLE.kind] = kind;
  });
  return bytes.subarray(8);
}

test("lines that are no JSON, and where the first of them is", () => {
  const object = KIND.object | (9 << 4);
  assert.deepEqual(unparsedIn(table([])), { lines: 0, first: 0 });
  assert.deepEqual(unparsedIn(table([object, KIND.text])), { lines: 0, first: 0 });
  assert.deepEqual(unparsedIn(table([object, KIND.cut, object, KIND.other])), { lines: 2, first: 100 });
});

test("a log in which some lines are no JSON", async (t) => {
  const { dir, intake, log, run } = bench(t);
  const path = join(dir, "app.log");
  writeFileSync(path, '{"a":1}\n');
  await run({ format: "json" });
  await intake.until(() => intake.text === '{"a":1}', "the first line");
  assert.deepEqual(log.events.includes("json_invalid"), false);
  appendFileSync(path, 'panic: gone\n{"host":"x"}\n');
  await intake.until(() => intake.text.endsWith('{"json":{"host":"x"}}'), "the rest");
  assert.equal(intake.text, '{"a":1}panic: gone{"json":{"host":"x"}}');
  assert.deepEqual(
    log.events.filter((event) => event === "json_invalid"),
    ["json_invalid"],
  );
  const [source] = intake.sources.values();
  assert.deepEqual(
    source?.taken.flatMap(({ entries }) => entries.map(({ offset }) => offset)),
    [0, 8, 20],
  );
});
