// All encodings named by the WHATWG, one after the other; line ends in code units of two bytes.
import assert from "node:assert/strict";
import { isAscii } from "node:buffer";
import test from "node:test";
import {
  codeOf,
  encodingOf,
  foreignMark,
  markLength,
  wholeCharacters,
} from "../../../../src/inputs/file/records/text-code.ts";

const NAMES =
  "utf-8 ibm866 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 iso-8859-8 iso-8859-8-i iso-8859-10 " +
  "iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16 koi8-r koi8-u macintosh windows-874 windows-1250 windows-1251 " +
  "windows-1252 windows-1253 windows-1254 windows-1255 windows-1256 windows-1257 windows-1258 x-mac-cyrillic gbk gb18030 " +
  "big5 euc-jp iso-2022-jp shift_jis euc-kr utf-16be utf-16le x-user-defined latin1 ascii ucs-2 csunicode unicodefffe";

for (const name of NAMES.split(" ")) {
  test(`${name}: every byte and many a pair of bytes becomes what its decoder says, and line ends stay line ends`, () => {
    const { codes, growth } = encodingOf(name);
    const decoder = new TextDecoder(name, { ignoreBOM: true });
    const [code] = codes;
    const newline = Buffer.alloc(code.unit);
    newline[code.unit - 1] = decoder.encoding === "utf-16be" ? 10 : 0;
    if (newline[code.unit - 1] === 0) newline[0] = 10;
    const pair = Buffer.alloc(6 + code.unit);
    for (let i = 0; i < 65536; i += i < 256 ? 1 : 7) {
      const length = i < 256 && code.unit === 1 ? 1 : 2;
      if (length === 1) pair[0] = i;
      else pair.writeUInt16BE(i);
      const text = decoder.decode(pair.subarray(0, length));
      if (text.includes("\n")) continue;
      newline.copy(pair, length);
      assert.equal(code.lineEnd(pair.subarray(0, length + code.unit), 0, 0), length + code.unit, `${i}`);
      if (code.decode === undefined) continue;
      // Node's Shift_JIS decoder turns some lone control characters into others. ASCII must stay as it is.
      const plain = isAscii(pair.subarray(0, length)) && /^(?!utf-16|iso-2022)/.test(decoder.encoding);
      const wanted = plain ? Buffer.copyBytesFrom(pair, 0, length) : Buffer.from(text);
      assert.ok(wanted.length <= growth * length);
      const decoded = code.decode(pair, 0, length, "whole");
      assert.deepEqual(pair.subarray(0, decoded < 0 ? length : decoded), wanted, `${i}`);
    }
  });
}

test("a line end is found in whole code units, counted from the start of the file", () => {
  const little = codeOf(encodingOf("utf-16le"), Buffer.alloc(0));
  const bytes = Buffer.from([0x61, 0x0a, 0x00, 0x0a, 0x00, 0x00, 0x0a, 0x00]);
  assert.equal(little.lineEnd(bytes, 0, 0), 8);
  assert.equal(little.lineEnd(bytes, 0, 1), 3);
  assert.equal(little.lineEnd(bytes, 2, 1), 5);
  assert.equal(little.lineEnd(bytes, 5, 1), -1);
  assert.equal(little.lastLineEnd(bytes, 0), 8);
  assert.equal(little.lastLineEnd(bytes, 1), 5);
  assert.equal(little.lastLineEnd(bytes.subarray(0, 7), 0), -1);
  const [big] = encodingOf("utf-16be").codes;
  assert.equal(big.lineEnd(bytes, 0, 0), 4);
  assert.equal(big.lineEnd(bytes, 4, 0), -1);
  assert.equal(big.lineEnd(bytes, 0, 1), 7);
  assert.equal(big.lastLineEnd(bytes.subarray(1), 0), 6);
});

test("a file's first bytes choose between the codes of utf-16, and no others", () => {
  const [bigMark, littleMark, utf8Mark] = [
    Buffer.from("feff", "hex"),
    Buffer.from("fffe", "hex"),
    Buffer.from("\ufeff"),
  ];
  const big = encodingOf("utf-16be").codes[0];
  const utf16 = encodingOf("UTF-16");
  assert.equal(codeOf(utf16, bigMark), big);
  assert.equal(codeOf(utf16, littleMark), utf16.codes[0]);
  assert.equal(codeOf(utf16, bigMark.subarray(0, 1)), utf16.codes[0]);
  assert.notEqual(codeOf(encodingOf("utf-16le"), bigMark), big);
  assert.equal(codeOf(encodingOf("utf-16be"), littleMark), big);
  assert.equal(markLength(big, bigMark), 2);
  assert.equal(markLength(big, littleMark), 0);
  assert.equal(markLength(encodingOf("utf-8").codes[0], utf8Mark), 3);
  assert.equal(markLength(encodingOf("latin1").codes[0], utf8Mark), 0);
});

test("the mark of another encoding tells which one it is", () => {
  const [utf8] = encodingOf("utf-8").codes;
  assert.equal(foreignMark(utf8, Buffer.from("fffe6100", "hex")), "utf-16");
  assert.equal(foreignMark(utf8, Buffer.from("\ufeffa")), undefined);
  assert.equal(foreignMark(utf8, Buffer.from("ff", "hex")), undefined);
  assert.equal(foreignMark(encodingOf("latin1").codes[0], Buffer.from("\ufeffa")), "utf-8");
  assert.equal(foreignMark(encodingOf("utf-16be").codes[0], Buffer.from("fffe", "hex")), "utf-16");
  assert.equal(foreignMark(encodingOf("utf-16be").codes[0], Buffer.from("feff", "hex")), undefined);
});

test("what is cut loses the part of a character at its end, what is whole has U+FFFD for it", () => {
  for (const [name, bytes] of [
    ["utf-16le", "61003dd8"],
    ["utf-16be", "0061d83d"],
    ["gbk", "61c8"],
    ["gb18030", "61813081"],
    ["euc-jp", "618fa2"],
    ["iso-2022-jp", "1b284a611b2442252125"],
  ] as const) {
    const [{ decode }] = encodingOf(name).codes;
    const into = Buffer.alloc(64);
    const length = Buffer.from(bytes, "hex").copy(into);
    const cut = decode?.(into, 0, length, "cut") ?? 0;
    const text = into.toString("utf8", 0, cut);
    assert.match(text, /^a[^\ufffd]?$/, name);
    Buffer.from(bytes, "hex").copy(into);
    const whole = decode?.(into, 0, length, "whole") ?? 0;
    assert.equal(into.toString("utf8", 0, whole).slice(0, text.length + 1), `${text}\ufffd`, name);
  }
});

test("what is taken of a last line ends with a whole character", () => {
  const of = (name: string, hex: string, after: "still" | "end" = "still", offset = 0): number => {
    const [code] = encodingOf(name).codes;
    return wholeCharacters({ bytes: Buffer.from(hex, "hex"), code, offset, after });
  };
  assert.deepEqual(
    [
      "",
      "61",
      "61c3",
      "61c3a9",
      "61e282",
      "61e282ac",
      "f0",
      "f09f99",
      "f09f9982",
      "61ff",
      "6180808080",
      "e4b880e4b8",
    ].map((hex) => of("utf-8", hex) * 2 - hex.length),
    [0, 0, -2, 0, -4, 0, -2, -6, 0, 0, 0, -4],
  );
  assert.equal(of("utf-8", "61c3", "end"), 2);
  assert.equal(of("utf-16le", "61003d"), 2);
  assert.equal(of("utf-16le", "61003dd8"), 2);
  assert.equal(of("utf-16le", "61003dd842de"), 6);
  assert.equal(of("utf-16be", "0061d83d"), 2);
  assert.equal(of("utf-16be", "0061d83d", "end"), 4);
  assert.equal(of("utf-16be", "0061d8", "still", 1), 3);
  assert.equal(of("gbk", "61c8"), 2);
});
