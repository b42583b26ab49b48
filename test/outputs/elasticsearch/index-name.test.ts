import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import { indexName, indexPatternFault } from "../../../src/outputs/elasticsearch/index-name.ts";
import type { Envelope } from "../../../src/core/chunk.ts";

function envelope(fields: Record<string, unknown>, input = "nginx"): Envelope {
  return { id: 1, input, path: "/x.log", host: "h", fields, index: "", policy: "default" };
}

const AT = Date.parse("2026-11-04T07:05:00Z");

test("placeholders are filled from input, fields and the time of reading", () => {
  const one = envelope({ "service.name": "shop", team: { name: "a" } });
  assert.equal(indexName("logs-nginx-default", one, AT), "logs-nginx-default");
  assert.equal(indexName("logs-{input}-default", one, AT), "logs-nginx-default");
  assert.equal(indexName("logs-{field:service.name}-{field:team.name}", one, AT), "logs-shop-a");
  assert.equal(indexName("logs-{date:yyyy.MM.dd}", one, AT), "logs-2026.11.04");
  assert.equal(indexName("logs-{date:yyyy-MM-dd-HH}", one, AT), "logs-2026-11-04-07");
});

test("what a placeholder brings is made legal, always the same way", () => {
  const one = envelope({ s: 'My "App"/2', n: 7, none: null }, "Web:1");
  assert.equal(indexName("logs-{input}", one, AT), "logs-web_1");
  assert.equal(indexName("logs-{field:s}", one, AT), "logs-my__app__2");
  assert.equal(indexName("logs-{field:n}", one, AT), "logs-7");
  assert.equal(indexName("logs-{field:none}-{field:other}", one, AT), "logs-unknown-unknown");
  assert.equal(indexName("{field:x}", envelope({ x: "-_+a" }), AT), "a");
  assert.equal(indexName("{field:x}", envelope({ x: ".." }), AT), "unknown");
});

test("any value gives a name that the server takes", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", maxLength: 300, size: "max" }),
      fc.constantFrom("", "logs-"),
      (value, prefix) => {
        const name = indexName(`${prefix}{field:x}`, envelope({ x: value }), AT);
        assert.ok(name.length > 0 && Buffer.byteLength(name) <= 255);
        assert.equal(name, name.toLowerCase());
        // oxlint-disable-next-line no-control-regex
        assert.doesNotMatch(name, /[\\/*?"<>|,#:\s\u0000-\u001f]|^[-_+]|^\.\.?$/u);
        assert.ok(!name.includes("\ufffd") || value.includes("\ufffd"));
      },
    ),
  );
});

const faults: readonly [pattern: string, fault: RegExp][] = [
  ["", /empty/],
  ["Logs", /upper-case/],
  ["a b", /has " "/],
  ["logs/x", /has "\/"/],
  ["logs-*", /has "\*"/],
  ["-logs", /begins with "-"/],
  ["_x-{input}", /begins with "_"/],
  ["..", /no index name/],
  ["logs-{date}", /\{date\}, where/],
  ["logs-{date:YYYY}", /made of yyyy/],
  ["logs-{date:}", /made of yyyy/],
  ["logs-{field:}", /where \{input\}/],
  ["logs-{inputs}", /where \{input\}/],
  ["logs-{input", /brace/],
  ["a".repeat(256), /longer/],
];
for (const [pattern, fault] of faults) {
  test(`the pattern ${JSON.stringify(pattern.slice(0, 20))} is refused`, () => {
    assert.match(indexPatternFault(pattern) ?? "no fault", fault);
  });
}

test("good patterns have no fault", () => {
  for (const pattern of ["logs-generic-default", "{input}", ".hidden", "l-{field:a.b}-{date:yyyy.MM.dd}", "日本"])
    assert.equal(indexPatternFault(pattern), undefined, pattern);
});
