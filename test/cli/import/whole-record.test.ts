import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { wholeRecord } from "../../../src/cli/import/whole-record.ts";

const root = mkdtempSync(join(tmpdir(), "spillway-whole-record-"));
after(() => rmSync(root, { recursive: true }));

/** For the start of each line, and for the end of the file: the index of the line at which reading begins. */
function begins(lines: readonly string[], format: "text" | "cri" | "docker"): readonly number[] {
  const path = join(root, "log");
  writeFileSync(path, lines.join(""));
  const starts = lines.map((_, i) => lines.slice(0, i).join("").length);
  const fd = openSync(path, "r");
  try {
    return [...starts, lines.join("").length].map((offset) =>
      [...starts, Infinity].indexOf(wholeRecord(fd, offset, format)),
    );
  } finally {
    closeSync(fd);
  }
}

test("behind parts of a record reading begins with the first of them", () => {
  const cri = (part: string, text = "x"): string => `2026-11-24T20:00:00.000000000Z stdout ${part} ${text}\n`;
  const long = "y".repeat(16_384);
  const lines = [cri("F"), cri("P", long), cri("P:a=1", long), cri("F", " P "), cri("P"), cri("F")];
  assert.deepEqual(begins(lines, "cri"), [0, 1, 1, 1, 4, 4, -1]);
  assert.deepEqual(begins([cri("P"), cri("P")], "cri"), [0, 0, 0]);
  const docker = (log: string): string =>
    `${JSON.stringify({ log, stream: "stdout", time: "2026-11-24T20:00:00Z" })}\n`;
  assert.deepEqual(begins([docker("a\n"), docker(long), docker("b\n"), docker("c\\n")], "docker"), [0, 1, 1, 3, 3]);
});

test("lines of other formats, without form or without end are no parts", () => {
  const cri = "2026-11-24T20:00:00.000000000Z stdout P x\n";
  assert.deepEqual(begins([cri, cri], "text"), [0, 1, -1]);
  assert.deepEqual(begins(["\n", "\n", "P\n", "{}\n", "{\n"], "cri"), [0, 1, 2, 3, 4, -1]);
  assert.deepEqual(begins(["\n", "null\n", "{}\n", "{\n"], "docker"), [0, 1, 2, 3, -1]);
  assert.deepEqual(begins([`${"z".repeat(300_000)}\n`, cri.replace(" P ", " F ")], "cri"), [0, 1, -1]);
});
