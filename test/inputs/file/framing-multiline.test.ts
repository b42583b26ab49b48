// Records of several lines, of text and of what runtimes write, against their twin.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import type { MultilineOptions } from "../../../src/core/options.ts";
import { CRI } from "../../../src/inputs/file/format-cri.ts";
import { DOCKER } from "../../../src/inputs/file/format-docker.ts";
import { PLAIN } from "../../../src/inputs/file/line-format.ts";
import { cuts, ending, message, NO_RULES, read, RULES, RUNS } from "./lines.ts";
import * as twin from "./lines.twin.ts";

const text = fc.oneof(message, message, fc.constantFrom("", "\tat x", " y", "drop", "a end", "a\r\r", "\r"));
const stream = fc.constantFrom("stdout", "stdout", "stdout", "stderr");
/** A second or none passes between two lines. */
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
          assert.deepEqual(found, twin.expected(name, options, most, source));
        },
      ),
      { numRuns: RUNS },
    );
  });
}
