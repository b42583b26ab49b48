// Text that is not UTF-8, compared with the reference in lines.reference.ts: records in UTF-8, offsets in the source's bytes.
import assert from "node:assert/strict";
import test from "node:test";
import fc from "../../../helpers/fc.ts";
import { CRI } from "../../../../src/inputs/file/records/format-cri.ts";
import { PLAIN } from "../../../../src/inputs/file/records/line-format.ts";
import { cuts, NO_RULES, read, RULES, RUNS, written } from "./lines.ts";
import * as reference from "./lines.reference.ts";

const units = (order: "le" | "be") =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(..."ab \n\n\r\u00e9\u65e5\u0a0a\u0a00\u000d\u010a\ufeff\ud83d\ude42".split("")),
        fc.constantFrom("\u{1f642}", "\n", "\r\n", "\uffff", "\0", "\0".repeat(200), "drop", "\u0d0a"),
      ),
      { maxLength: 60, size: "max" },
    )
    .map((all) => {
      const bytes = Buffer.from(all.join(""), "utf16le");
      return order === "le" ? bytes : bytes.swap16();
    });
const bytes = fc
  .array(
    fc.constantFrom(
      0x41,
      0x20,
      0x0a,
      0x0a,
      0x0d,
      0x80,
      0xb5,
      0xc4,
      0xe9,
      0xb1,
      0xff,
      0x5c,
      0x81,
      0x30,
      0x84,
      0x31,
      0x8e,
    ),
    { maxLength: 120, size: "max" },
  )
  .map((all) => Buffer.from(all));
const japanese = fc
  .array(fc.constantFrom("\x1b$B", "\x1b(B", "\x1b(J", "\x1b(I", "%*", "F|", "\n", "\r\n", "a", "\x0e"), {
    maxLength: 60,
    size: "max",
  })
  .map((all) => Buffer.from(all.join("")));

/** Bytes at the start that could be a byte order mark, and perhaps an odd byte at the end. */
const torn = fc.tuple(fc.constantFrom("", "", "\xff\xfe", "\xfe\xff", "\xef\xbb\xbf", "\x84\x31\x95\x33"), fc.nat(1));

for (const [label, source] of [
  ["utf-8", bytes],
  ["utf-16le", units("le")],
  ["utf-16be", units("be")],
  ["utf-16", fc.oneof(units("be"), units("le"))],
  ["latin1", bytes],
  ["gbk", bytes],
  ["gb18030", bytes],
  ["shift_jis", bytes],
  ["euc-jp", bytes],
  ["big5", bytes],
  ["iso-2022-jp", japanese],
] as const) {
  test(`${label}: the same records whatever the read boundaries`, () => {
    fc.assert(
      fc.property(
        source,
        torn,
        cuts,
        fc.integer({ min: 40, max: 300 }),
        fc.integer({ min: 4, max: 40 }),
        fc.constantFrom("truncate", "skip"),
        fc.constantFrom(NO_RULES, RULES),
        fc.constantFrom({ start: /^a|\u65e5/ }, { end: /a$/ }, { indent: true }, undefined, undefined),
        (content, [mark, odd], sizes, reach, maxRecord, oversize, rules, by) => {
          const multiline = by && { start: undefined, end: undefined, indent: false, timeout: 0, maxRecords: 5, ...by };
          const options = { ...rules, multiline, maxRecord, oversize };
          const all = Buffer.concat([Buffer.from(mark, "latin1"), content, Buffer.from("z".repeat(odd))]);
          const { chunks: _chunks, ...found } = read(PLAIN, options, reach, all, sizes, label);
          assert.deepEqual(found, reference.expected("plain", options, reach, all, written(label, all)));
        },
      ),
      { numRuns: RUNS },
    );
  });
}

test("gbk in parts that a runtime cut where it liked", () => {
  const text = Buffer.from([0xc8, 0xd5, 0xb1, 0xbe, 0x61]);
  const source = [...text].map((byte, i) =>
    Buffer.concat([
      Buffer.from(`2026-11-24T06:40:12Z stdout ${i === text.length - 1 ? "F" : "P"} `),
      Buffer.from([byte, 0x0a]),
    ]),
  );
  const options = { ...NO_RULES, maxRecord: 1000, oversize: "truncate" } as const;
  const { records } = read(CRI, options, 4096, Buffer.concat(source), [4096], "gbk");
  assert.deepEqual(
    records.map(({ content }) => content),
    [Buffer.from("\u65e5\u672ca").toString("latin1")],
  );
});
