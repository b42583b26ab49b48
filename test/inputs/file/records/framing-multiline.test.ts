// Multiline records, of plain text and of container runtimes' formats, compared with the reference in lines.reference.ts.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "../../../helpers/fc.ts";
import type { MultilineOptions } from "../../../../src/core/options.ts";
import { CRI } from "../../../../src/inputs/file/records/format-cri.ts";
import { DOCKER } from "../../../../src/inputs/file/records/format-docker.ts";
import { PLAIN } from "../../../../src/inputs/file/records/line-format.ts";
import { cuts, ending, message, NO_RULES, read, RULES, RUNS } from "./lines.ts";
import * as reference from "./lines.reference.ts";

const text = fc.oneof(message, message, fc.constantFrom("", "\tat x", " y", "drop", "a end", "a\r\r", "\r"));
const stream = fc.constantFrom("stdout", "stdout", "stdout", "stderr");
/** Seconds between two lines, mostly none. */
const second = fc.constantFrom(0, 0, 0, 1);

interface Said {
  readonly text: string;
  readonly stream: string;
  readonly part: string;
  readonly at: string;
}

const said = fc.array(fc.tuple(text, stream, fc.constantFrom("F", "F", "F", "P"), second), {
  maxLength: 24,
  size: "max",
});

const WRITTEN: Readonly<Record<string, (said: Said) => string>> = {
  plain: ({ text: line }) => line,
  cri: ({ text: line, stream: name, part, at }) => `${at} ${name} ${part} ${line}`,
  docker: ({ text: line, stream: name, part, at }) =>
    JSON.stringify({ log: part === "F" ? `${line}\n` : line, stream: name, time: at }),
};

const style = fc.constantFrom<Partial<MultilineOptions>>(
  { start: /^a/ },
  { end: /d$|^b/ },
  { indent: true },
  { start: /^[ab]/, end: /end$/ },
);

for (const [name, format, reach] of [
  ["plain", PLAIN, fc.integer({ min: 20, max: 200 })],
  ["cri", CRI, fc.integer({ min: 60, max: 600 })],
  ["docker", DOCKER, fc.integer({ min: 80, max: 900 })],
] as const) {
  test(`${name}, several lines a record: the same records whatever the read boundaries`, () => {
    fc.assert(
      fc.property(
        said,
        fc.array(ending, { minLength: 1, maxLength: 6 }),
        cuts,
        style,
        fc.constantFrom(1, 2, 3, 1000),
        fc.constantFrom(1000, 2000, 60_000),
        reach,
        fc.integer({ min: 4, max: 40 }),
        fc.constantFrom("truncate", "skip"),
        fc.constantFrom(NO_RULES, RULES),
        (all, endings, sizes, by, maxRecords, timeout, most, maxRecord, oversize, rules) => {
          const multiline = { start: undefined, end: undefined, indent: false, timeout, maxRecords, ...by };
          const options = { ...rules, multiline, maxRecord, oversize };
          let now = Date.UTC(2026, 10, 24);
          const lines = all.map(([line, to, part, later], i) => {
            now += later * 1000;
            const at = new Date(now).toISOString();
            return WRITTEN[name]?.({ text: line, stream: to, part, at }) + (endings[i % endings.length] ?? "");
          });
          const source = Buffer.from(lines.join(""));
          const { chunks: _chunks, ...found } = read(format, options, most, source, sizes);
          assert.deepEqual(found, reference.expected(name, options, most, source));
        },
      ),
      { numRuns: RUNS },
    );
  });
}

test("bounded by lines of the file: what began first is over, the other stream's record is not", () => {
  const multiline = { start: /^a/, end: undefined, indent: false, timeout: 60_000, maxRecords: 1000 };
  const options = { ...NO_RULES, multiline, maxRecord: 1 << 20, oversize: "truncate" } as const;
  const said = Array.from({ length: 30_000 }, (_, i) => {
    if (i === 5000) return "stderr F a";
    if (i === 12_000 || i === 13_187) return "stderr F b";
    return `stdout ${i % 7 === 3 ? "P" : "F"} ${i % 5 === 0 ? "a" : "c"}`;
  });
  const source = Buffer.from(said.map((line) => `2026-11-24T06:40:12Z ${line}\n`).join(""));
  const reach = 1 << 20;
  const { chunks: _chunks, ...expected } = { ...reference.expected("cri", options, reach, source), chunks: [] };
  for (const sizes of [[reach], [70_001], [300_000, 1000]]) {
    const { chunks, ...found } = read(CRI, options, reach, source, sizes);
    assert.deepEqual(found, expected);
    assert.ok(Math.max(...chunks) <= 8192);
  }
  // The group begins with the record of stdout at line 4995. Its limit is before line 4995 + 8192.
  const stderr = expected.records.filter(({ content }) => content.startsWith("a\nb") || content.startsWith("b"));
  assert.deepEqual(
    stderr.map(({ content }) => content),
    ["a\nb", "b"],
  );
  // No record of stdout was cut: each one but the first begins with a line that matches.
  const cut = expected.records.filter(({ content }) => content.startsWith("c"));
  assert.equal(cut.length, 0);
});
