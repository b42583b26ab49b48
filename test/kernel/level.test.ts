import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { LEVELS } from "../../src/core/options.ts";
import { level as reference } from "./level.reference.ts";
import { anyRecord, kernel, ROUNDS, withText } from "./rig.ts";

function level(text: string | Uint8Array, shift = 0): number {
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  return withText(bytes, (src, from) => kernel.level(src, from, bytes.length), shift);
}

const RECOGNISED: Readonly<Record<string, string>> = {
  '2026-11-24 06:40:12,000 ERROR [main] c.e.Shop - "GET" failed': "error",
  "2026-11-24T06:40:12Z INFO  started in 3 ms, no ERROR": "info",
  "[2026-11-24 06:40:12,000: WARNING/MainProcess] late": "warn",
  "06:40:12 DEBUG|worker|x": "debug",
  "2026-11-24 06:40:12 UTC [77] FATAL:  database is gone": "fatal",
  "2026/11/24 06:40:12 [error] 7#7: *1 open() failed": "error",
  "[Tue Nov 24 06:40:12 2026] [core:notice] [pid 1] resuming": "notice",
  "2026-11-24T06:40:12Z 0 [Warning] [MY-010055] slow": "warn",
  "Nov 24 06:40:12 web sshd[7]: error: PAM: failure": "error",
  "fatal: not a git repository": "fatal",
  "<warning> disk": "warn",
  "E1124 06:40:12.000000       1 proxy.go:1] gone": "error",
  "I1124 06:40:12.000000       1 proxy.go:1] ERROR in name": "info",
  'time="2026-11-24T06:40:12Z" level=warning msg="an ERROR"': "warn",
  'ts=1 lvl=dbg severity="crit"': "critical",
  "caller=x.go:1 level=ERROR": "error",
  "\x1b[31mERROR\x1b[0m red": "error",
  "kernel PANIC - not syncing": "fatal",
  '{"level":"dpanic","ts":1,"msg":"zap"}': "fatal",
  '{"level":30,"time":1,"msg":"pino"}': "info",
  '{ "level" : 50 }': "error",
  '{"msg":"\\"level\\":\\"info\\"","LEVEL":"Warn"}': "warn",
  '{"@timestamp":"x","log":{"logger":"a","level":"error"},"level":"info"}': "error",
  '{"message":"level","severity":"CRITICAL"}': "critical",
  '{"a":{"level":"debug"},"log.level":"notice"}': "notice",
  ' {"level":"odd","lvl":"alert"}': "alert",
  '{"m":"\\"","level":"error"}': "error",
  'm="a\\"b" level=error': "error",
};

const WITHOUT: readonly string[] = [
  "",
  '203.0.113.9 - - [24/Nov/2026:06:40:12 +0000] "GET /ERROR?x=ERROR HTTP/1.1" 200 1 "-" "ERROR"',
  "an error happened",
  "exit code ERROR_CODE=7, log /var/log/ERROR.log, state=ERROR",
  "errors: 0, warning count 7",
  "level=high lvl= severity",
  "E112 06:40:12 x",
  '{"level":"high","x":{"level":"error"}}',
  '{"level":3,"severity":12}',
  '{"log":{"a":1},"b":{"level":"error"}}',
  '{"msg":"level","error":"x"}',
  '{"level":"err',
  "xERROR ERRORx ERROR7",
  `${"x ".repeat(128)}ERROR`,
];

test("levels of formats that people have", () => {
  for (const [text, expected] of Object.entries(RECOGNISED)) {
    assert.equal(LEVELS[reference(Buffer.from(text))], expected, `reference: ${text}`);
    assert.equal(LEVELS[level(text)], expected, text);
  }
});

test("no level where none is clear", () => {
  for (const text of WITHOUT) {
    assert.equal(reference(Buffer.from(text)), -1, `reference: ${text}`);
    assert.equal(level(text), -1, text);
  }
});

const parts = [
  ...[
    "ERROR",
    "error",
    "Warn",
    "INFO",
    "level",
    "lvl",
    "severity",
    "log.level",
    "loglevel",
    "log",
    "Levelname",
    "FATAL",
    "x",
  ],
  ...[
    '"',
    '"',
    "\\",
    "[",
    "]",
    "<",
    ">",
    "{",
    "{",
    "}",
    ":",
    ": ",
    "]: ",
    "=",
    " ",
    ",",
    "/",
    "_",
    "-",
    "\x1b[1m",
    "\x1b[",
  ],
  ...["10", "30", "60 ", "7", "E1124 06:40:", "\t", "|", ".", "é", "y".repeat(60), "y ".repeat(20)],
];
const soup = fc.array(fc.constantFrom(...parts), { maxLength: 30 }).map((all) => all.join(""));
const pairs = fc
  .array(
    fc.tuple(
      fc.constantFrom("level", "lvl", "log", "a", "log.level"),
      fc.constantFrom('"error"', "30", '{"level":"warn"}', "[1]", '"x'),
      fc.constantFrom("", " "),
    ),
  )
  .map((all) => `{${all.map(([name, value, space]) => `"${name}"${space}:${space}${value}`).join(",")}}`);

test("at every place about blocks and the end of what is looked at", () => {
  const before = ["y ", "yy, ", "y", '"q" ', '"a\\"b" ', "\x1b[1;31m", "'", 'open "'];
  const words = [
    "ERROR ",
    "ERROR",
    "[error]",
    "level=warn",
    'lvl="info" x',
    "\x1b[1mALERT\x1b[0m",
    "xERROR",
    "severity=x",
  ];
  const whole = before.flatMap((some) => words.map((word) => [some, word] as const));
  for (let place = 0; place < 290; place++) {
    for (const [some, word] of place % 64 < 6 || place % 64 > 50 ? whole : whole.slice(0, 8)) {
      const text = some.repeat(place).slice(0, place) + word;
      assert.equal(level(text, place % 19), reference(Buffer.from(text)), JSON.stringify(text));
    }
  }
});

test("the same as its reference on soups of what matters", () => {
  const anything = fc.oneof(
    soup,
    pairs,
    soup.map((text) => `{${text}`),
    fc.tuple(pairs, soup).map(([a, b]) => a.slice(0, -1) + b),
  );
  fc.assert(
    fc.property(anything, fc.nat(20), (text, shift) => {
      assert.equal(level(text, shift), reference(Buffer.from(text)));
    }),
    { numRuns: 6000 * ROUNDS },
  );
});

test("the same as its reference on any record", () => {
  fc.assert(
    fc.property(anyRecord, (text) => {
      assert.equal(level(text), reference(text));
    }),
    { numRuns: 1000 * ROUNDS },
  );
});
