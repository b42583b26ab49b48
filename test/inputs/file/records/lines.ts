// Frames a source in pieces, as the reader does, and checks the invariants of every chunk. Also generates lines to frame.
import assert from "node:assert/strict";
import fc from "../../../helpers/fc.ts";
import { TABLE, TABLE_ENTRY } from "../../../../src/core/chunk.ts";
import { DROPPED_FILTERED, DROPPED_OVERSIZE } from "../../../../src/core/fate.ts";
import { LineFraming, type LineOptions } from "../../../../src/inputs/file/records/framing-lines.ts";
import type { Framed } from "../../../../src/inputs/file/records/framing.ts";
import type { LineFormat } from "../../../../src/inputs/file/records/line-format.ts";
import { codeOf, encodingOf } from "../../../../src/inputs/file/records/text-code.ts";
import * as reference from "./lines.reference.ts";
import { inPieces, TOOLS } from "./pieces.ts";

export const RUNS = Number(process.env["SPILLWAY_RUNS"] ?? 1500);

export interface Outcome {
  readonly records: reference.Found[];
  readonly skipped: number;
  readonly filtered: number;
  readonly chunks: number[];
}

/** Frames `source` in pieces, as the reader does, and checks the invariants of every chunk. */
export function read(
  format: LineFormat,
  options: LineOptions,
  reach: number,
  source: Buffer,
  sizes: readonly number[],
  label = "utf-8",
): Outcome {
  const encoding = encodingOf(label);
  const framing = new LineFraming(format, options, { reach, growth: encoding.growth }, TOOLS);
  const code = codeOf(encoding, source);
  const records: reference.Found[] = [];
  const chunks: number[] = [];
  let [skipped, filtered] = [0, 0];
  const room = (bytes: number): number => Math.min(reach, framing.growth * bytes);
  const within = sizes.map((size) => Math.min(reach, size));
  inPieces(framing, source, { sizes: within, reach, room, code }, (framed, piece, position) => {
    const [found, sum] = recordsOf(framed, piece, position);
    records.push(...found);
    assert.equal(sum, framed.end, "bytes that are neither a record's nor counted");
    chunks.push(framed.records);
    skipped += framed.counted.get(DROPPED_OVERSIZE)?.records ?? 0;
    filtered += framed.counted.get(DROPPED_FILTERED)?.records ?? 0;
  });
  return { records, skipped, filtered, chunks };
}

/** The records of a framed piece, and the number of bytes that are accounted for. */
function recordsOf(framed: Framed, piece: Buffer, position: number): [reference.Found[], number] {
  const found: reference.Found[] = [];
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

export const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 });
const text = fc
  .array(fc.constantFrom("a", "b", " ", "\r", "é", "\u{1f642}", "日", "secret", "drop", "keep", '"', "\\", "\0"), {
    maxLength: 9,
  })
  .map((all) => all.join(""));
/** Sometimes after a hole of NUL bytes. */
export const message = fc.oneof(
  { weight: 20, arbitrary: text },
  { weight: 1, arbitrary: fc.tuple(fc.nat(400), text).map(([nuls, behind]) => "\0".repeat(nuls) + behind) },
);
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
export const ending = fc.constantFrom("\n", "\n", "\n", "\r\n", "");

export const criLine = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(time, stream, fc.constantFrom("F", "F", "P", "P", "F:x:y", "P:x", "X"), fc.constantFrom(" ", ""), message)
      .map(([at, name, tag, gap, text]) => `${at} ${name} ${tag}${gap}${text}`),
  },
  { weight: 1, arbitrary: message },
);

export const dockerLine = fc.oneof(
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

export const NO_RULES = { multiline: undefined, timestamp: undefined, includeLines: [], excludeLines: [], redact: [] };
export const RULES = {
  multiline: undefined,
  timestamp: undefined,
  includeLines: [/a|keep/, /secret/],
  excludeLines: [/^drop|p$/],
  redact: [/secret/, /b+/, /x*/],
};

const latin1 = (text: string): string => Buffer.from(text).toString("latin1");

/** Describes how `source` is encoded, in the reference's terms. */
export function written(label: string, source: Buffer): reference.Written {
  if (label === "utf-8") return reference.UTF8;
  const code = codeOf(encodingOf(label), source);
  const name = code === encodingOf("utf-16be").codes[0] ? "utf-16be" : label;
  const decoder = new TextDecoder(name, { ignoreBOM: true });
  const newline = { "utf-16le": "\n\0", "utf-16be": "\0\n" }[decoder.encoding] ?? "\n";
  const mark = code.mark.toString("latin1");
  return {
    unit: newline.length,
    newline,
    mark: (text) => (mark !== "" && text.startsWith(mark) ? mark.length : 0),
    growth: 3,
    decode: (text, more) => {
      const half = text.length % newline.length;
      const decoded = decoder.decode(Buffer.from(text.slice(0, text.length - half), "latin1"), {
        stream: more === true,
      });
      if (more) decoder.decode();
      return latin1(half === 1 && !more ? `${decoded}\ufffd` : decoded);
    },
  };
}
