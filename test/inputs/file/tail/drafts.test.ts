// Records of one read that go to several indices: each chunk has one index, and the bytes are not read again for each index.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Arena } from "../../../../src/core/arena.ts";
import type { RecordIndex } from "../../../../src/core/output.ts";
import { Kernel } from "../../../../src/kernel/kernel.ts";
import { FakeIntake } from "../../../helpers/fake-intake.ts";
import { bench } from "../setup.ts";

/** The index is named after the record's member `app`, or after its day if there is none. */
const BY_APP: RecordIndex = {
  members: ["app"],
  of: (timeMs, [app]) => `logs-${app ?? new Date(timeMs).toISOString().slice(0, 10)}`,
};
const line = (n: number, apps: number): string =>
  `${JSON.stringify({ n, app: `a${n % apps}`, pad: "x".repeat(n % 90) })}\n`;

for (const [apps, lines, rooms] of [
  [1, 5000, 4],
  [3, 5000, 16],
  [5000, 5000, 16],
] as const) {
  test(`${lines} JSON records in turn to ${apps} indices: ${rooms} reads at most`, async (t) => {
    const { dir, intake, run } = bench(t);
    let text = "";
    for (let n = 0; n < lines; n++) text += line(n, apps);
    writeFileSync(join(dir, "a.log"), text);
    const input = await run({ format: "json" }, { mode: "once", recordIndex: BY_APP });
    await input.done();
    const [source] = intake.sources.values();
    const found = source?.taken.flatMap(({ index, entries }) => entries.map((entry) => ({ index, ...entry }))) ?? [];
    assert.equal(found.length, lines);
    for (const [n, { index, text: record }] of found.entries()) {
      assert.equal(index, `logs-a${n % apps}`);
      assert.equal(`${record}\n`, line(n, apps));
    }
    assert.equal(source?.end, text.length);
    assert.ok(intake.rooms <= rooms, `${intake.rooms} reads`);
    assert.equal(intake.arena.count, 0);
  });
}

test("text is split at the times that it bears, lines without one are of the time of reading", async (t) => {
  const { dir, intake, run } = bench(t);
  const lines = ["2026-03-01T23:59:59Z a", "2026-03-01T01:00:00Z b", " no time", " none", "2026-03-02T00:00:00Z c"];
  writeFileSync(join(dir, "a.log"), `${lines.join("\n")}\n`);
  const timestamp = { field: undefined, format: "rfc3339" };
  const input = await run({ timestamp }, { mode: "once", recordIndex: BY_APP });
  await input.done();
  const [source] = intake.sources.values();
  const found = source?.taken ?? [];
  assert.deepEqual(
    found.map(({ start, records }) => [start, records]),
    [
      [0, 2],
      [46, 2],
      [61, 1],
    ],
  );
  const [first, untimed, last] = found.map(({ index }) => index);
  assert.deepEqual([first, last], ["logs-2026-03-01", "logs-2026-03-02"]);
  assert.ok(Math.abs(Date.parse(String(untimed).slice("logs-".length)) - Date.now()) < 3 * 86_400_000, String(untimed));
});

test("without room for more regions the rest is read again, and nothing is lost or doubled", async (t) => {
  const { dir, run } = bench(t);
  // Room for one read and little more.
  const arena = new Arena(1100 << 10, { poison: 0xa5 });
  const intake = new FakeIntake(arena);
  let text = "";
  for (let n = 0; n < 3000; n++) text += line(n, 2);
  writeFileSync(join(dir, "a.log"), text);
  const input = await run(
    { format: "json" },
    { mode: "once", recordIndex: BY_APP, intake, arena, kernel: new Kernel(arena) },
  );
  await input.done();
  const [source] = intake.sources.values();
  assert.equal(source?.records, 3000);
  assert.equal(source?.text, text.replaceAll("\n", ""));
});
