import assert from "node:assert/strict";
import { test } from "node:test";
import type { Left } from "../../../src/cli/import/entry.ts";
import type { Plan, Taken } from "../../../src/cli/import/plan.ts";
import { importDocument, importLines, warningLines } from "../../../src/cli/import/report.ts";

const identity = { path: "/l/a.log", device: "1", inode: "2", birthNs: "3", headLength: 0, headHash: 0 };
const mark = { length: 0, hash: 0 };

function taken(offset: number, more: Partial<Taken> = {}): Taken {
  const source = { id: "s", input: "app", identity, origin: offset, checkpoint: offset, mark };
  const entry = {
    name: "e",
    input: undefined,
    path: "/l/a.log",
    recognised: { by: "path", seenMs: 0 },
    offset,
  } as const;
  return { entry, source, path: "/l/a.log", size: 1000, how: "new", ...more };
}

function lines(plan: Plan, mode: "written" | "dry run" = "written"): readonly string[] {
  const reading = {
    files: ["/f"],
    locks: [],
    entries: plan.taken.map(({ entry }) => entry),
    left: plan.left,
    faults: [],
  };
  return importLines({ agent: "filebeat", reading, plan, directory: "/s", mode });
}

test("the farthest behind come first, with what is peculiar of each", () => {
  const half = taken(100);
  const files = [
    taken(1000, { how: "kept" }),
    { ...half, entry: { ...half.entry, offset: 150 } },
    taken(50, { path: "/l/a.log.1", how: "moved" }),
  ];
  assert.deepEqual(lines({ taken: files, left: [], fresh: [], unreadable: [] }), [
    "filebeat: 3 entries in /f",
    "",
    "TAKEN OVER, bytes  offset   size  left  path",
    "app                    50  1,000   950  /l/a.log, now /l/a.log.1, was here before, unread",
    "app                   100  1,000   900  /l/a.log, 50 back to the start of its line",
    "app                 1,000  1,000     0  /l/a.log, was here before and stays",
    "",
    "3 files taken over, 1.9 kB of them left to read; 1 of them were here before",
  ]);
});

test("what is gone comes last among what is left out, escapes are shown, and long tables are cut", () => {
  const left = (n: number, reason: Left["reason"]): Left => {
    return { name: "e", path: `/l/${n}\x1b[2J`, offset: n, reason, message: "it is so" };
  };
  const many = [...Array.from({ length: 60 }, (_, n) => left(n, "gone")), left(60, "truncated")];
  const fresh = [{ input: "app", path: "/l/n.log", size: 2000, begins: "beginning" } as const];
  const [, , ...rest] = lines({ taken: [], left: many, fresh, unreadable: [] }, "dry run");
  assert.match(rest[1] ?? "", /^truncated +60 {2}\/l\/60\\x1b\[2J: it is so$/);
  assert.equal(rest[7], "and 55 more: --json shows all");
  assert.equal(
    rest.at(-1),
    "0 files would be taken over, 0 B of them left to read; 61 entries left out (60 gone, 1 truncated); " +
      "1 file without an entry begins at the start, 2.0 kB",
  );
});

test("the document has everything, and null for what is not there", () => {
  const left: Left = { name: "e", path: undefined, offset: undefined, reason: "gone", message: "m" };
  const faults = [{ file: "/f", line: undefined, message: "is broken" }];
  const reading = { files: ["/f"], locks: [], entries: [], left: [left], faults };
  const plan = { taken: [taken(10)], left: [left], fresh: [], unreadable: [] };
  const document = importDocument({ agent: "vector", reading, plan, directory: "/s", mode: "dry run" }) as any;
  assert.deepEqual(document.left, [{ entry: "e", path: null, offset: null, reason: "gone", message: "m" }]);
  assert.deepEqual(document.faults, [{ file: "/f", line: null, message: "is broken" }]);
  assert.deepEqual([document.dry_run, document.taken[0].lag_bytes, document.taken[0].how], [true, 990, "new"]);
});

test("what could not be read is said with its place, and too much of it is counted", () => {
  const faults = Array.from({ length: 12 }, (_, i) => ({ file: "/f", line: i + 1, message: "is no JSON object" }));
  const said = warningLines({ faults }, { unreadable: ["/x\n"] });
  assert.deepEqual([said[0], said[10]], ["/f:1 is no JSON object; the rest was read", "and 3 more: --json shows all"]);
});
