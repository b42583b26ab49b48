import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { faultOfPattern, Pattern } from "../../src/core/pattern.ts";
import { cpuMs } from "../helpers/cpu.ts";

const { now } = systemClock;

/** With a backtracking engine, each of these takes minutes or hours over one of the texts below. */
const SLOW = [
  String.raw`^(\w+\s?)*$`,
  "(a+)+$",
  "^(a|aa)+$",
  "(.*b){12}c",
  "[a-z.]+@",
  "[a-z]*[a-z]*=",
  String.raw`[\w.+-]+@[\w-]+\.[\w.]+`,
  String.raw`(?:\w[ -]?){13,19}!!`,
];

for (const source of SLOW) {
  test(`${source} takes bounded time, in short texts and in long ones`, () => {
    const pattern = new Pattern(source, now);
    for (const [length, most] of [
      [61, 100],
      [1000, 100],
      [4096, 200],
      [65_536, 1000],
      [1 << 20, 5000],
    ] as const) {
      const text = `${"a".repeat(length - 1)}!`;
      const expected = length === 61 ? [true, false] : [false];
      for (let call = 0; call < (length > 4096 ? 1 : 3); call++) {
        const took = cpuMs(() => assert.ok(expected.includes(pattern.test(text))));
        assert.ok(took < most, `${took} ms for ${length} characters`);
      }
    }
  });
}

test("lines that are slow for the usual engine cost little once that has shown", () => {
  const pattern = new Pattern("[a-z]*[a-z]*=", now);
  const line = "a".repeat(1000);
  const took = cpuMs(() => {
    for (let i = 0; i < 2000; i++) pattern.test(line);
  });
  // All lines take 5 s with the usual engine and 0.3 s with the linear one.
  assert.ok(took < 2500, `${took} ms for 2,000 lines`);
});

test("what is replaced in long texts is the same as in short ones", () => {
  const pattern = new Pattern(String.raw`\d+|x*`, now);
  const part = "ab12xx 3,";
  const replaced = part.replace(/\d+|x*/g, (match) => `<${match}>`);
  for (const count of [1, 300, 20_000])
    assert.equal(
      pattern.replace(part.repeat(count), (match) => `<${match}>`, Infinity).replaceAll("<>", ""),
      replaced.repeat(count).replaceAll("<>", ""),
    );
});

test("a look-behind sees what stands before, in short texts and in long ones, and cannot make them slow", () => {
  const pattern = new Pattern(String.raw`(?<=password=)\S+|(?<!\d)\d{4}`, now);
  const part = "user=a password=b12 12345 1234 a password=password=x;";
  const replaced = (text: string): string => pattern.replace(text, (match) => `<${match}>`, Infinity);
  for (const count of [1, 3, 100, 1000]) {
    const text = `${part}\n`.repeat(count);
    assert.equal(
      replaced(text),
      text.replace(/(?<=password=)\S+|(?<!\d)\d{4}/g, (match) => `<${match}>`),
    );
  }
  const each = new Pattern("(?<=a)a", now);
  assert.equal(
    each.replace("aaaa", () => "-", Infinity),
    "a---",
  );
  const slow = new Pattern(String.raw`(?<=a)(\w+\s?)*$`, now);
  const took = cpuMs(() => slow.replace(`${"a".repeat(1000)}!`, () => "*", now() + 200));
  assert.ok(took < 500, `${took} ms`);
});

test("matches without end: what stands behind the deadline is replaced as a whole", () => {
  const pattern = new Pattern("a[a-z]*@|a", now);
  let replaced = "";
  const took = cpuMs(() => (replaced = pattern.replace("a".repeat(1 << 18), () => "*", now() + 200)));
  assert.match(replaced, /^\*+$/);
  assert.ok(took < 2000, `${took} ms`);
});

for (const source of [
  "(?i:error)",
  "^(?!DEBUG|TRACE)",
  "^(?!.*(?:ERROR|WARN))",
  String.raw`^(?!\s+at )`,
  String.raw`(['"])x\1`,
  "colou?r(?= )",
  "[0-9a-f]{64}",
  "(?<=password=)\\S+",
  String.raw`\b(?:\d[ -]?){13,19}\b`,
  String.raw`[+*\]{1,2}](?!x)`,
])
  test(`${source} is taken`, () => assert.equal(faultOfPattern(source), undefined));

test("what the usual engine bounds by itself stays fast", () => {
  const pattern = new Pattern(String.raw`^(?!\s+at )x`, now);
  const took = cpuMs(() => pattern.test(" ".repeat(1 << 20)));
  assert.ok(took < 200, `${took} ms`);
});

for (const [source, why, help] of [
  ["(?=x)a*|^b", /look-ahead/, /another pattern/],
  ["(?=x)a+", /look-ahead/, /another pattern/],
  ["^(?=x)a+b+", /look-ahead/, /another pattern/],
  ["^(?=x)(ab)+", /look-ahead/, /another pattern/],
  ["^(?!.*ERROR.*late)", /look-ahead/, /exclude_lines/],
  ["^(?!x)|a*b", /look-ahead/, /exclude_lines/],
  ["(a+)(?=b)", /look-ahead/, /another pattern/],
  [String.raw`(a+)\1`, /reference to a group/, /write out/],
  [String.raw`(?<one>a+)\k<one>`, /reference to a group/, /write out/],
  ["(?i:error).*x", /flags of its own/, /\[Ee\]rror/],
  ["(?<=(a|b))x+", /capturing group in a look-behind/, /\(\?:/],
  ["(?:a{1000}){1000}", /counts that are too large/, /smaller/],
] as const)
  test(`${source} is refused, and what to write instead is said`, () => {
    const fault = faultOfPattern(source);
    assert.equal(fault?.kind, "unbounded");
    assert.match(fault.why, why);
    assert.match(fault.help, help);
  });

test("what is no expression says so in the engine's words", () => {
  assert.deepEqual(faultOfPattern("("), { kind: "no pattern", why: "Unterminated group", help: "" });
});
