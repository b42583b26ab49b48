// JSON objects as text: conflicting, dotted, repeated, escaped and deep names and values, and numbers of any length.
import fc from "../../../../helpers/fc.ts";

export const anyName = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "a.b",
    "level",
    "log",
    "log.level",
    "log.x",
    "log.offset",
    "log.file",
    "@timestamp",
    "host",
  ),
  fc.constantFrom("host.name", "host.x", "name", "file", "_id", "json", "json.a", "service", "sample", "", "__proto__"),
  fc.string({ unit: "binary", maxLength: 6 }).map((text) => text.toWellFormed()),
);
export const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("1", "-0.5e7", "123456789012345678901234567890", "1.0", "1e999", "true", "null", '"info"', "30"),
    fc.constantFrom('"2026-11-24T06:40:12Z"', '"INFO"', '"\\ud800"', '"\\u0041"'),
    fc.string({ unit: "binary", maxLength: 9 }).map((text) => JSON.stringify(text.toWellFormed())),
    fc.array(tie("value"), { maxLength: 3 }).map((all) => `[${all.join(",")}]`),
    fc.array(fc.tuple(anyName, tie("value")), { maxLength: 5 }).map((all) => objectOf(all)),
    fc.integer({ min: 1, max: 100 }).map((depth) => `${"[".repeat(depth)}${"]".repeat(depth)}`),
  ),
}));
export const anyObject = fc.array(fc.tuple(anyName, anyValue), { maxLength: 9 }).map((all) => objectOf(all));

function objectOf(members: readonly (readonly [string, unknown])[]): string {
  return `{${members.map(([key, inner]) => `${escapedSometimes(key)} : ${String(inner)}`).join(" , ")}}`;
}

/** Sometimes writes letters as equivalent escapes. */
function escapedSometimes(key: string): string {
  const text = JSON.stringify(key);
  return text.includes("\\") ? text : text.replace(/b|x/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`);
}
