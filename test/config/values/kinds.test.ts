// Single values: what each kind accepts and refuses, and that every kind describes itself.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  always,
  concurrency,
  encoding,
  host,
  id,
  keep,
  listen,
  pattern,
  utilization,
} from "../../../src/config/values/kinds.ts";
import { shapeOf } from "../../../src/config/values/shape.ts";
import {
  about,
  choice,
  count,
  duration,
  flag,
  list,
  optional,
  rate,
  ratio,
  section,
  size,
  text,
  validate,
} from "../../../src/config/values/vocabulary.ts";
import type { Schema } from "../../../src/config/values/vocabulary.ts";

/** Validates a value against a kind. @returns the output, or the codes of the refusals */
function read(schema: Schema, value: unknown): unknown {
  const { output, issues } = validate(schema, value);
  return issues.length === 0 ? output : issues.map((issue) => issue.misfit?.code ?? "missing").join();
}

const TABLE: readonly (readonly [
  name: string,
  schema: Schema,
  cases: readonly (readonly [value: unknown, becomes: unknown])[],
])[] = [
  [
    "text",
    text(),
    [
      ["x", "x"],
      ["", "bad-value"],
      [7, "wrong-type"],
      [null, "wrong-type"],
      [true, "wrong-type"],
    ],
  ],
  [
    "choice",
    choice("a", "b"),
    [
      ["a", "a"],
      ["A", "bad-value"],
      [null, "bad-value"],
      [1, "bad-value"],
    ],
  ],
  [
    "flag",
    flag(),
    [
      [true, true],
      ["false", false],
      ["maybe", "wrong-type"],
      [1, "wrong-type"],
    ],
  ],
  [
    "count",
    count(1, 9),
    [
      [9, 9],
      ["3", 3],
      [0, "out-of-range"],
      [10, "out-of-range"],
      [1.5, "wrong-type"],
      ["x", "wrong-type"],
    ],
  ],
  [
    "size",
    size({ value: 1, text: "1B" }),
    [
      ["1KiB", 1024],
      [0, "out-of-range"],
      [5, "bad-size"],
      [true, "bad-size"],
      [null, "bad-size"],
    ],
  ],
  [
    "duration",
    duration(),
    [
      ["90s", 90_000],
      [0, 0],
      ["90", "bad-duration"],
    ],
  ],
  [
    "rate",
    rate(),
    [
      ["1MB/s", 1e6],
      ["1MB", 1e6],
      [0, 0],
      ["1/s", "bad-size"],
    ],
  ],
  [
    "ratio",
    ratio(),
    [
      ["30%", 0.3],
      [0.3, 0.3],
      [0, 0],
      [30, "bad-ratio"],
      [-1, "bad-ratio"],
    ],
  ],
  [
    "utilization",
    utilization(),
    [
      ["70%", 0.7],
      [1, 1],
      [0, "out-of-range"],
      ["101%", "bad-ratio"],
      [[], "bad-ratio"],
    ],
  ],
  [
    "keep",
    keep(),
    [
      ["1/4", 4],
      ["25%", 4],
      [0.1, 10],
      ["50 %", 2],
      ["1/1", "bad-keep"],
      ["100%", "bad-keep"],
      ["2/4", "bad-keep"],
      [0, "bad-keep"],
      ["1/10000001", "out-of-range"],
      ["x", "bad-keep"],
      [null, "bad-keep"],
    ],
  ],
  [
    "always",
    always(),
    [
      ["level >= warn", "warn"],
      ["level>=ERROR", "error"],
      ["level > warn", "bad-value"],
      ["warn", "bad-value"],
      [7, "bad-value"],
    ],
  ],
  [
    "concurrency",
    concurrency(),
    [
      ["auto", "auto"],
      [4, 4],
      ["4", 4],
      [0, "out-of-range"],
      [257, "out-of-range"],
      ["x", "out-of-range"],
    ],
  ],
  [
    "id",
    id(),
    [
      ["a-b.c_D9", "a-b.c_D9"],
      ["-a", "bad-id"],
      ["a b", "bad-id"],
      ["a".repeat(65), "bad-id"],
    ],
  ],
  [
    "encoding",
    encoding(),
    [
      ["utf-8", "utf-8"],
      ["GBK", "GBK"],
      ["utf-16", "utf-16"],
      ["ebcdic", "bad-encoding"],
      ["iso-2022-kr", "bad-encoding"],
      [" Replacement", "bad-encoding"],
    ],
  ],
  [
    "host",
    host(),
    [
      ["http://h:1/", "http://h:1"],
      ["https://h/p//", "https://h/p"],
      ["h:1", "bad-host"],
      ["http://h?x", "bad-host"],
      ["http://u:p@h", "credentials-in-url"],
      ["ftp://u:p@h", "credentials-in-url"],
      ["u:p@h:1", "credentials-in-url"],
      [7, "bad-host"],
    ],
  ],
  [
    "listen",
    listen(),
    [
      ["127.0.0.1:9", { host: "127.0.0.1", port: 9 }],
      ["[::1]:0", { host: "::1", port: 0 }],
      ["unix:/x", { socket: "/x" }],
      ["off", "off"],
      [false, "off"],
      ["unix:x", "bad-listen"],
      ["h:65536", "bad-listen"],
      [":1", "bad-listen"],
      ["::1:9", "bad-listen"],
    ],
  ],
];

for (const [name, schema, cases] of TABLE) {
  test(`a ${name} takes what it should and names what it does not`, () => {
    for (const [value, becomes] of cases) assert.deepEqual(read(schema, value), becomes, JSON.stringify(value));
  });
}

test("a pattern is compiled once, and says why where it is none", () => {
  assert.deepEqual(read(pattern(), "^\\d+$"), /^\d+$/);
  assert.match(validate(pattern(), "(").issues[0]?.misfit?.says ?? "", /Unterminated group/);
  assert.equal(read(pattern(), ""), "bad-pattern");
});

test("sections say what is missing, fill in defaults, and go on after a misfit", () => {
  const schema = section({ a: text(), b: optional(size(), "1KiB"), c: list(flag()) });
  assert.deepEqual(validate(schema, { a: "x", c: [true] }), { output: { a: "x", b: 1024, c: [true] }, issues: [] });
  const { issues } = validate(schema, { b: "1", c: [true, "no", 7] });
  assert.deepEqual(
    issues.map(({ path, misfit }) => [path.join("."), misfit?.code]),
    [
      ["a", undefined],
      ["b", "bad-size"],
      ["c.1", "wrong-type"],
      ["c.2", "wrong-type"],
    ],
  );
});

test("schemas can be walked", () => {
  const schema = section({ a: about("says", optional(flag(), true)), b: list(text()) });
  const shape = shapeOf(schema);
  assert.ok(shape.kind === "section");
  const { a, b } = shape.keys as { a: Schema; b: Schema };
  assert.equal(shapeOf(a).kind, "flag");
  assert.equal(shapeOf(b).kind, "list");
});
