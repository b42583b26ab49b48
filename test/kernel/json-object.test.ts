import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { namesOf } from "../../src/kernel/names.ts";
import { anyRecord, arena, kernel, ROUNDS, withText } from "./rig.ts";
import { type Found, object as reference } from "./object.reference.ts";

const OURS = [
  "@timestamp",
  "log.file.path",
  "log.offset",
  "log.level",
  "host.name",
  "sample.rate",
  "_id",
  "kubernetes.x",
];
const NAMES = new Map(["", "ts", "a.b", "a.b.c", "log.x"].map((field) => [field, namesOf(OURS, field)]));

function object(text: string | Uint8Array, field = "", shift = 0): Found {
  const bytes = Buffer.from(text);
  return withText(
    bytes,
    (src, from) => {
      kernel.object(arena.view(src), from, from + bytes.length, NAMES.get(field));
      const { found } = kernel;
      const { verdict } = found;
      if (verdict !== "sound") return { verdict };
      const cut = (start: number, end: number): string => bytes.toString("utf8", start, end);
      const listed = Array.from({ length: found.count }, (_, i) => ({
        what: found.what(i),
        member: cut(found.key(i), found.valueEnd(i)),
      }));
      for (let i = 0; i < found.count; i++) assert.match(cut(found.value(i), found.value(i) + 1), /[^\s:,]/);
      const time = found.field === 0 ? "" : cut(found.field, found.fieldEnd);
      return { verdict, text: cut(found.start, found.end), level: found.level, field: time, listed };
    },
    shift,
  );
}

/** The kernel may leave invalid text undecided if it meets a reason for that before the fault. */
function check(text: string | Uint8Array, field = "", shift = 0): void {
  const [own, wanted] = [object(text, field, shift), reference(Buffer.from(text), OURS, field)];
  if (wanted.verdict === "invalid" && own.verdict === "undecided") return;
  assert.deepEqual(own, wanted);
}

const SOUND = [
  "{}",
  ' {\t"a" :\r 1 } ',
  '{"a":[],"b":{},"c":[{}],"d":[[1,-0,2.5e+7,1E-2],true,false,null,"x"]}',
  '{"@timestamp":"2026-11-24T06:40:12Z","log.level":"INFO","log.logger":"a.B","host":"web","log.file":[1,{"b":{}}]}',
  '{"host.name":{"a":1},"_id":7,"log.offset.x":null,"_idx":1,"logs":1,"ho":1}',
  '{"@timestamp":17,"log.level":30}',
  '{"x":{"level":"error"},"log":{"a":{"level":"error"},"level":"warn"},"host":{"name":"w","ip":[{}]},"log.file":{}}',
  '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud800"}',
  '{"é":"日本🙂","e":1}',
  `{"deep":${"[".repeat(127)}${"]".repeat(127)}}`,
  `{${Array.from({ length: 256 }, (_, i) => `"k${i}":${i}`).join(",")}}`,
];
const UNDECIDED = [
  '{"a":1,"a":2}',
  '{"x":[{"a":1,"b":2,"a":3}]}',
  '{"\\u0061":1}',
  '{"log":{"level":"info"},"host.ip":1}',
  '{"json":1}',
  Buffer.from('{"a":"\xe9"}', "latin1"),
  `{"deep":${"[".repeat(128)}${"]".repeat(128)}}`,
  `{${Array.from({ length: 257 }, (_, i) => `"k${i}":${i}`).join(",")}}`,
  `{${Array.from({ length: 9 }, (_, i) => `"_id.${i}":${i}`).join(",")}}`,
  // More names than the kernel has room for, all of them in objects that are still open.
  `${`{${Array.from({ length: 250 }, (_, i) => `"k${i}":${i}`).join(",")},"in":`.repeat(20)}1${"}".repeat(20)}`,
];
const INVALID = [
  ...[
    "{",
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,}',
    "{,}",
    '{"a":1 "b":2}',
    '{"a" 1}',
    "{a:1}",
    "{1:2}",
    '{"a":1}}',
    '{"a":1}x',
  ],
  ...[
    '{"a":01}',
    '{"a":-}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":1e}',
    '{"a":+1}',
    '{"a":tru}',
    '{"a":nulls}',
    '{"a":Infinity}',
  ],
  ...[
    '{"a":"\\x"}',
    '{"a":"\\u12g4"}',
    '{"a":"\t"}',
    '{"a":"',
    '{"a":"\\',
    '{"a":"\\u12',
    '{"a":[1,]}',
    '{"a":[1}]',
    '{"a":[}',
  ],
  ...['{"a":1]', '{"a":\u00a01}', '{"a\t":1}', '{"a":"x}', "{}{}", '{"a":--1}', '{"a":1e+}', '{"a":}'],
];

test("what is sound, and what is listed of it", () => {
  for (const text of SOUND) {
    assert.equal(object(text).verdict, "sound", text);
    for (const shift of [0, 1, 5, 15]) check(text, "", shift);
  }
  assert.deepEqual(object(SOUND[3] as string), {
    verdict: "sound",
    text: SOUND[3],
    level: 2,
    field: "",
    listed: [
      { what: "stamp", member: '"@timestamp":"2026-11-24T06:40:12Z"' },
      { what: "level", member: '"log.level":"INFO"' },
      { what: "other", member: '"host":"web"' },
      { what: "other", member: '"log.file":[1,{"b":{}}]' },
    ],
  });
});

test("what is left undecided, what is invalid and what is something else", () => {
  for (const text of UNDECIDED) assert.equal(object(text).verdict, "undecided", String(text));
  for (const text of INVALID) {
    assert.equal(object(text).verdict, "invalid", text);
    for (const shift of [0, 1, 2, 4]) check(text, "", shift);
  }
  for (const text of ["", "  ", "x", "[1]", "123", '"{}"', "\ufeff{}"])
    assert.equal(object(text).verdict, "other", text);
});

test("the time stands where its path leads, nested or dotted", () => {
  const fields: readonly [string, string, string][] = [
    ['{"ts":1.5}', "ts", "1.5"],
    ['{"a":{"b":{"c":"x"}}}', "a.b.c", '"x"'],
    ['{"a.b":{"c":1},"a":{"b.c":2}}', "a.b.c", "1"],
    ['{"a":{"b.c":2},"a.b.c":3}', "a.b.c", "2"],
    ['{"a":[{"b":1}],"x":{"a":{"b":1}},"a.bc":1,"a.":{"b":1}}', "a.b", ""],
    ['{"a":{"b":null},"a.b":true}', "a.b", ""],
    ['{"a":{"b":{"x":1}},"a.b":-1}', "a.b", "-1"],
    ['{"log.x":3}', "log.x", "3"],
  ];
  for (const [text, field, value] of fields) {
    check(text, field);
    const found = object(text, field);
    assert.equal(found.verdict === "sound" && found.field, value, text);
  }
});

const name = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "a.b",
    "b.c",
    "ts",
    "level",
    "log",
    "log.level",
    "log.x",
    "log.offset",
    "@timestamp",
    "host",
  ),
  fc.constantFrom(
    "host.name",
    "host.x",
    "hos",
    "_id",
    "_idx",
    "json",
    "json.a",
    "kubernetes",
    "kubernetez",
    "sample",
    "",
  ),
  fc.string({ maxLength: 20 }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("1", "-0.5e7", "123456789012345678901234567890", "1.0", "true", "false", "null", '"info"', "30"),
    fc.string({ unit: "binary", maxLength: 40 }).map((text) => JSON.stringify(text.toWellFormed())),
    fc.array(tie("value"), { maxLength: 4 }).map((all) => `[${all.join(", ")}]`),
    fc
      .array(fc.tuple(name, tie("value"), fc.constantFrom(":", " : ")), { maxLength: 6 })
      .map((all) => `{${all.map(([key, inner, colon]) => JSON.stringify(key) + colon + String(inner)).join(",")}}`),
  ),
}));
const anyObject = fc
  .array(fc.tuple(name, value), { maxLength: 12 })
  .map((all) => `{${all.map(([key, inner]) => `${JSON.stringify(key)}:${inner}`).join(",")}}`);
const field = fc.constantFrom(...NAMES.keys());

test("the same as its reference on any object", () => {
  fc.assert(
    fc.property(anyObject, field, fc.nat(20), (text, path, shift) => check(text, path, shift)),
    { numRuns: 3000 * ROUNDS },
  );
});

test("the same as its reference on objects that are broken somewhere", () => {
  const fault = fc.constantFrom(
    "",
    '"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "0",
    "-",
    ".",
    "e",
    "\t",
    "\u0001",
    "é",
    "x",
  );
  fc.assert(
    fc.property(anyObject, fc.nat(200), fc.nat(3), fault, fc.nat(20), (text, at, cut, more, shift) => {
      const place = Math.min(at, text.length);
      check(text.slice(0, place) + more + text.slice(place + cut), "a.b", shift);
      check(text.slice(0, place), "", shift);
    }),
    { numRuns: 4000 * ROUNDS },
  );
});

test("the same as its reference on any bytes", () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      check(record);
      check(Buffer.concat([Buffer.from('{"a":"'), record, Buffer.from('"}')]));
      check(Buffer.concat([Buffer.from('{"'), record, Buffer.from('":{}}')]));
    }),
    { numRuns: 1500 * ROUNDS },
  );
});
