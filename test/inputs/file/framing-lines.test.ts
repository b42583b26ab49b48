import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Arena } from "../../../src/core/arena.ts";
import { TABLE, TABLE_ENTRY } from "../../../src/core/chunk.ts";
import type { MultilineOptions } from "../../../src/core/options.ts";
import { DROPPED_FILTERED, DROPPED_OVERSIZE } from "../../../src/core/fate.ts";
import { CRI } from "../../../src/inputs/file/format-cri.ts";
import { DOCKER } from "../../../src/inputs/file/format-docker.ts";
import { multilineFormat } from "../../../src/inputs/file/format-multiline.ts";
import { LineFraming, type LineOptions } from "../../../src/inputs/file/framing-lines.ts";
import type { Framed } from "../../../src/inputs/file/framing.ts";
import { type LineFormat, PLAIN } from "../../../src/inputs/file/line-format.ts";
import * as twin from "./lines.twin.ts";

const arena = new Arena(4 << 20);
const RUNS = Number(process.env["SPILLWAY_RUNS"] ?? 1500);

interface Outcome {
  readonly records: twin.Found[];
  readonly skipped: number;
  readonly filtered: number;
  readonly chunks: number[];
}

/** Reads `source` in pieces as a reader does, and checks what must hold of every chunk. */
function read(
  format: LineFormat,
  options: LineOptions,
  reach: number,
  source: Buffer,
  sizes: readonly number[],
): Outcome {
  const framing = new LineFraming(format, options, reach, () => 0);
  const records: twin.Found[] = [];
  const chunks: number[] = [];
  let [position, searched, line, turn, skipped, filtered] = [0, 0, "start", 0, 0, 0];
  while (position < source.length) {
    const size = Math.min(reach, Math.max(sizes[turn++ % sizes.length] ?? 1, 2 * (searched - position)));
    const piece = source.subarray(position, position + size);
    const region = arena.alloc(piece.length);
    assert.ok(region);
    const bytes = arena.view(region);
    piece.copy(bytes);
    const after = position + piece.length === source.length ? "end" : "more";
    const room = Math.min(reach, framing.growth * bytes.length);
    const framed =
      line === "start" ? framing.frame({ region, bytes, after, room }) : framing.pass({ region, bytes, after, room });
    assert.ok(bytes.equals(piece), "the source's bytes changed");
    arena.release(region);
    assert.ok(framed.end > 0 || (after === "more" && size < reach), "no progress");
    if (framed.end > 0) {
      const [found, sum] = recordsOf(framed, piece, position);
      records.push(...found);
      assert.equal(sum, framed.end, "bytes that are neither a record's nor counted");
      chunks.push(framed.records);
    }
    skipped += framed.counted.get(DROPPED_OVERSIZE)?.records ?? 0;
    filtered += framed.counted.get(DROPPED_FILTERED)?.records ?? 0;
    searched = framed.rest === "partial" ? position + piece.length : position + framed.end;
    position += framed.end;
    line = framed.rest === "oversized" ? "oversized" : "start";
  }
  return { records, skipped, filtered, chunks };
}

/** Also the bytes that are accounted for. */
function recordsOf(framed: Framed, piece: Buffer, position: number): [twin.Found[], number] {
  const found: twin.Found[] = [];
  let sum = [...framed.counted.values()].reduce((all, { bytes }) => all + bytes, 0);
  if (framed.rewritten === undefined) {
    let offset = position;
    for (const text of framed.kept > 0 ? piece.toString("latin1", 0, framed.kept).split("\n") : []) {
      const content = text.endsWith("\r") ? text.slice(0, -1) : text;
      if (content !== "") found.push({ offset, time: null, content });
      offset += text.length + 1;
    }
    assert.equal(found.length, framed.records);
    return [found, sum + framed.kept];
  }
  const bytes = Buffer.from(framed.rewritten.bytes);
  const table = Buffer.from(framed.rewritten.table);
  assert.equal(table.length, framed.records * TABLE_ENTRY);
  assert.equal(bytes.length, framed.kept);
  let from = 0;
  for (let at = 0; at < table.length; at += TABLE_ENTRY) {
    const to = table.readUInt32LE(at + TABLE.end);
    const time = table.readDoubleLE(at + TABLE.time);
    const offset = position + table.readUInt32LE(at + TABLE.start);
    found.push({ offset, time: Number.isNaN(time) ? null : time, content: bytes.toString("latin1", from, to) });
    assert.equal(table.readUInt32LE(at + TABLE.weight), 1);
    sum += table.readUInt32LE(at + TABLE.length);
    from = to;
  }
  assert.equal(from, bytes.length);
  return [found, sum];
}

const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 });
const message = fc
  .array(fc.constantFrom("a", "b", " ", "\r", "é", "\u{1f642}", "日", "secret", "drop", "keep", '"', "\\", "\0"), {
    maxLength: 9,
  })
  .map((all) => all.join(""));
const time = fc.constantFrom(
  "2026-11-24T06:40:12.123456789Z",
  "2024-02-29T23:59:59Z",
  "1969-12-31T23:59:59.9Z",
  "2026-11-24T06:40:12.5+05:30",
  "2026-11-24T06:40:12.000-00:30",
  "2026-13-24T06:40:12Z",
  "2026-11-24T06:40:12",
  "yesterday",
);
const stream = fc.constantFrom("stdout", "stdout", "stderr", "stdin");
const ending = fc.constantFrom("\n", "\n", "\n", "\r\n", "");

const criLine = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(time, stream, fc.constantFrom("F", "F", "P", "P", "F:x:y", "P:x", "X"), fc.constantFrom(" ", ""), message)
      .map(([at, name, tag, gap, text]) => `${at} ${name} ${tag}${gap}${text}`),
  },
  { weight: 1, arbitrary: message },
);

const dockerLine = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(message, fc.constantFrom("\n", "\n", ""), stream, time, fc.constantFrom(undefined, { a: ["}", { b: 1 }] }))
      .map(([text, end, name, at, attrs]) => JSON.stringify({ log: text + end, stream: name, attrs, time: at })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(message, fc.nat(60), fc.constantFrom("", '"', "\\", "}", ",", "\\ud83d", "\\u00E9", "\\q", "\t"))
      .map(([text, at, more]) => {
        const line = JSON.stringify({ log: `${text}\n`, stream: "stdout" });
        return line.slice(0, at) + more + line.slice(at + 1);
      }),
  },
  { weight: 1, arbitrary: message },
);

const NO_RULES = { decoder: undefined, timestamp: undefined, includeLines: [], excludeLines: [], redact: [] };
const RULES = {
  decoder: undefined,
  timestamp: undefined,
  includeLines: [/a|keep/, /secret/],
  excludeLines: [/^drop|p$/],
  redact: [/secret/, /b+/, /x*/],
};

for (const [name, format, line, rules] of [
  ["cri", CRI, criLine, NO_RULES],
  ["docker", DOCKER, dockerLine, NO_RULES],
  ["plain", PLAIN, message, NO_RULES],
  ["plain with rules", PLAIN, message, RULES],
  ["cri with rules", CRI, criLine, RULES],
] as const) {
  test(`${name}: the same records whatever the read boundaries`, () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(line, ending).map(([text, end]) => text + end),
          { maxLength: 14 },
        ),
        cuts,
        fc.integer({ min: 60, max: 200 }),
        fc.integer({ min: 4, max: 24 }),
        fc.constantFrom("truncate", "skip"),
        (lines, sizes, reach, maxRecord, oversize) => {
          const options = { ...rules, maxRecord, oversize };
          const source = Buffer.from(lines.join(""));
          const { records, skipped, filtered } = read(format, options, reach, source, sizes);
          assert.deepEqual(
            { records, skipped, filtered },
            twin.expected(name.split(" ")[0] as string, options, reach, source),
          );
        },
      ),
      { numRuns: RUNS },
    );
  });
}

test("multiline: the same records whatever the read boundaries", () => {
  const line = fc.oneof(message, message, fc.constantFrom("", "\tat x", " y", "drop", "a end", "a\r\r", "\r"));
  const style = fc.constantFrom<Partial<MultilineOptions>>(
    { start: /^a/ },
    { end: /d$|^b/ },
    { indent: true },
    { start: /^[ab]/, end: /end$/ },
  );
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(line, ending).map(([text, end]) => text + end),
        { maxLength: 20 },
      ),
      cuts,
      style,
      fc.constantFrom(1, 2, 3, 1000),
      fc.integer({ min: 20, max: 200 }),
      fc.integer({ min: 4, max: 40 }),
      fc.constantFrom("truncate", "skip"),
      fc.constantFrom(NO_RULES, RULES),
      (lines, sizes, by, maxRecords, reach, maxRecord, oversize, rules) => {
        const multiline = { start: undefined, end: undefined, indent: false, timeout: 0, maxRecords, ...by };
        const options = { ...rules, maxRecord, oversize };
        const source = Buffer.from(lines.join(""));
        const { chunks: _chunks, ...found } = read(
          multilineFormat(multiline, undefined),
          options,
          reach,
          source,
          sizes,
        );
        assert.deepEqual(found, twin.expected("multiline", options, reach, source, multiline));
      },
    ),
    { numRuns: RUNS },
  );
});

for (const encoding of ["latin1", "gbk", "shift_jis"]) {
  test(`${encoding}: the same records as from the text in UTF-8`, () => {
    const char = fc.constantFrom(0x41, 0x20, 0x0a, 0x0a, 0x0d, 0x80, 0xb5, 0xc4, 0xe9, 0xb1, 0xff, 0x5c);
    fc.assert(
      fc.property(
        fc.array(char, { maxLength: 200 }),
        cuts,
        fc.integer({ min: 60, max: 90 }),
        (bytes, sizes, maxRecord) => {
          const decoder = new TextDecoder(encoding);
          const source = Buffer.from(bytes);
          const { records } = read(
            PLAIN,
            { ...NO_RULES, decoder, maxRecord, oversize: "truncate" },
            300,
            source,
            sizes,
          );
          const lines: twin.Found[] = [];
          let offset = 0;
          for (const line of source.toString("latin1").split("\n")) {
            const text = Buffer.from(decoder.decode(Buffer.from(line.replace(/\r$/, ""), "latin1")));
            const whole = text.length <= maxRecord;
            const content = text.toString("latin1", 0, whole ? text.length : twin.boundary(text, maxRecord));
            if (content !== "") lines.push({ offset, time: null, content });
            offset += line.length + 1;
          }
          assert.deepEqual(records, lines);
        },
      ),
      { numRuns: RUNS },
    );
  });
}

test("random bytes: never a crash, never a byte lost", () => {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('\n\r {}",:\\FP2026-')));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 300 }), cuts, fc.constantFrom(CRI, DOCKER), (bytes, sizes, format) => {
      read(format, { ...RULES, maxRecord: 20, oversize: "truncate" }, 64, Buffer.from(bytes), sizes);
    }),
    { numRuns: RUNS },
  );
});

test("a chunk never has more records than there is room for in a table", () => {
  const source = Buffer.from("2026-11-24T06:40:12Z stdout F x\n".repeat(20_000));
  const reach = 1 << 19;
  const { records, chunks } = read(CRI, { ...NO_RULES, maxRecord: 1 << 20, oversize: "truncate" }, reach, source, [
    reach,
  ]);
  assert.equal(records.length, 20_000);
  assert.deepEqual(chunks, [8192, 8192, 3616]);
});

test("a record that never ends does not hold the others for ever", () => {
  const line = "2026-11-24T06:40:12Z stderr F x\n";
  const source = Buffer.from(`2026-11-24T06:40:12Z stdout P never\n${line.repeat(20_000)}`);
  const reach = 1 << 18;
  const { records } = read(CRI, { ...NO_RULES, maxRecord: 1 << 18, oversize: "truncate" }, reach, source, [reach]);
  assert.equal(records.length, 20_001);
  assert.deepEqual(
    records.filter(({ offset }) => offset === 0).map(({ content }) => content),
    ["never"],
  );
});
