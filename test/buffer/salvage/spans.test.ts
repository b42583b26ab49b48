import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { inspect } from "../../../src/buffer/inspect/inspect.ts";
import { salvage } from "../../../src/buffer/salvage/salvage.ts";
import { Spans } from "../../../src/buffer/salvage/spans.ts";
import { HEAD, HEAD_WIDTH } from "../../../src/buffer/spool/rows/heads.ts";
import { type Database, openSqlite } from "../../../src/buffer/spool/sqlite.ts";
import { openForReading } from "../../../src/buffer/spool/database.ts";
import { writeBacklog } from "../../helpers/backlog.ts";

/** Sequence numbers of the rows that are taken for wrong. @param rows start and end of each */
function wrong(...rows: readonly (readonly [number, number])[]): number[] {
  const spans = new Spans();
  const found = rows.flatMap(([start, end], i) => {
    const head = new Float64Array(HEAD_WIDTH);
    for (const [column, value] of [
      [HEAD.seq, i],
      [HEAD.start, start],
      [HEAD.end, end],
    ] as const)
      head[column] = value;
    return spans.add(head);
  });
  return [...found, ...spans.rest()].map(({ seq }) => seq).sort((a, b) => a - b);
}

const CASES: Readonly<
  Record<string, readonly [rows: readonly (readonly [number, number])[], wrong: readonly number[]]>
> = {
  "rows with and without gaps": [
    [
      [0, 10],
      [10, 20],
      [50, 60],
    ],
    [],
  ],
  "an end that is too large": [
    [
      [0, 10],
      [10, 900],
      [20, 30],
      [30, 40],
      [40, 50],
    ],
    [1],
  ],
  "an end that is too large, of the first row": [
    [
      [0, 900],
      [10, 20],
      [20, 30],
    ],
    [0],
  ],
  "an end that is too large, of the row before the last: nobody decides": [
    [
      [0, 10],
      [10, 900],
      [20, 30],
    ],
    [2],
  ],
  "a start that is too small": [
    [
      [0, 10],
      [10, 20],
      [5, 30],
      [30, 40],
    ],
    [2],
  ],
  "a row that belongs further back": [
    [
      [0, 10],
      [700, 710],
      [10, 20],
      [20, 30],
      [710, 720],
    ],
    [1],
  ],
  "a row that belongs further ahead": [
    [
      [50, 60],
      [60, 70],
      [0, 10],
      [70, 80],
    ],
    [2],
  ],
  "two in a row": [
    [
      [0, 10],
      [10, 900],
      [5, 30],
      [30, 40],
      [40, 50],
    ],
    [1, 2],
  ],
};
for (const [what, [rows, expected]] of Object.entries(CASES))
  test(`${what}: ${expected.length === 0 ? "none is wrong" : `wrong is ${expected.join(" and ")}`}`, () => {
    assert.deepEqual(wrong(...rows), expected);
  });

for (const [flip, lost] of [
  ['"end" = "end" + 1048576', 0],
  ["start = start - 65536", 0],
  ["records = records + 1", 0],
  ["length = length - 1", 0],
  ["block = block - 8", 0],
  ["source = 2", 10_000],
] as const)
  test(`a flipped bit in the head of a row, ${flip}: ${lost === 0 ? "it is corrected" : "it costs this row alone"}`, (t) => {
    const root = mkdtempSync(join(tmpdir(), "spillway-spans-"));
    t.after(() => rmSync(root, { recursive: true }));
    const directory = join(root, "state");
    const inputs = [{ input: "a", policy: "default", target: "t", paths: ["/nowhere/a.log", "/nowhere/b.log"] }];
    const { bytes } = writeBacklog(directory, { inputs, rows: 500, bytes: 10_000 });
    const db = openSqlite(join(directory, "state.db"));
    db.exec(`UPDATE heads SET ${flip} WHERE seq = 251`);
    db.pragma("wal_checkpoint(TRUNCATE)");
    db.close();
    const { lostBytes } = salvage(directory, 1e12);
    const after = openForReading(directory) as Database;
    const { rows, violations } = inspect(after);
    after.close();
    assert.deepEqual([violations, lostBytes, rows.bytes], [[], lost, bytes - lost]);
  });
