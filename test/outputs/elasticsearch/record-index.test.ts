import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../helpers/fc.ts";
import type { RecordIndex } from "../../../src/core/output.ts";
import { recordIndexFault, recordIndexOf } from "../../../src/outputs/elasticsearch/record-index.ts";

const at = (text: string): number => Date.parse(text);
const NOON = at("2026-11-04T12:00:00Z");
const JSON_INPUT = { format: "json", fields: { team: "shop" } } as const;

function indexOf(pattern: string): RecordIndex {
  const found = recordIndexOf(pattern, JSON_INPUT);
  assert.ok(found);
  return found;
}

test("the date is that of the record, in UTC, to the hour", () => {
  const days = indexOf("logs-{date:yyyy.MM.dd}");
  assert.equal(days.of(at("2026-11-04T23:59:59.999Z"), [], NOON), "logs-2026.11.04");
  assert.equal(days.of(at("2026-11-04T23:00:00Z"), [], NOON), "logs-2026.11.04");
  assert.equal(days.of(at("2026-11-05T00:00:00Z"), [], NOON), "logs-2026.11.05");
  assert.equal(days.of(at("2026-11-04T23:59:59Z"), [], NOON), "logs-2026.11.04");
  const hours = indexOf("logs-{date:yyyy-MM-dd-HH}");
  assert.equal(hours.of(at("2026-11-04T07:59:59Z"), [], NOON), "logs-2026-11-04-07");
  assert.equal(hours.of(at("2026-11-04T08:00:00Z"), [], NOON), "logs-2026-11-04-08");
  assert.equal(hours.of(at("1969-12-31T23:59:59Z"), [], NOON), "logs-1969-12-31-23");
});

test("what does not come from a record stays for the envelope to fill", () => {
  for (const pattern of ["logs-default", "logs-{input}", "logs-{field:team}"])
    assert.equal(recordIndexOf(pattern, JSON_INPUT), undefined);
  // A line of text has no members.
  assert.equal(recordIndexOf("logs-{field:app}", { ...JSON_INPUT, format: "text" }), undefined);
  const all = indexOf("logs-{input}-{field:team}-{field:app}-{date:yyyy}");
  assert.deepEqual(all.members, ["app"]);
  assert.equal(all.of(NOON, ["Web"], NOON), "logs-{input}-{field:team}-web-2026");
});

test("the name is one that the server takes, also at the ends of time", () => {
  const years = indexOf("{date:yyyy}-x");
  assert.equal(years.of(at("+010000-01-01T00:00:00Z"), [], NOON), "0000-x");
  assert.equal(years.of(at("-000001-12-31T23:00:00Z"), [], NOON), "0001-x");
  assert.equal(indexOf("{date:-yyyy}").of(NOON, [], NOON), "2026");
});

for (const [value, name] of [
  [undefined, "logs-unknown"],
  ["", "logs-unknown"],
  ["Web Shop", "logs-web_shop"],
  ["../../etc/passwd", "logs-.._.._etc_passwd"],
  ["..", "logs-.."],
  ["-_+a", "logs--_+a"],
  ['a\\b*?"<>|,#:c', `logs-a_b${"_".repeat(9)}c`],
  ["a\u0000b\nc\u007f\u0085\u202e\u2028d", "logs-a_b_c____d"],
  ["{input}{date:yyyy}", "logs-_input__date_yyyy_"],
  ["\ud800x", "logs-\ufffdx"],
  ["x".repeat(300), `logs-${"x".repeat(100)}`],
  ["\u65e5".repeat(300), `logs-${"\u65e5".repeat(33)}`],
  ["%2e%2e", "logs-%2e%2e"],
] as const) {
  test(`the value ${JSON.stringify(value)?.slice(0, 30) ?? "of no member"} makes ${name.slice(0, 30)}`, () => {
    assert.equal(indexOf("logs-{field:app}").of(NOON, [value], NOON), name);
  });
}

test("whatever a record says, the name is legal and begins with the configured text", () => {
  const value = fc.string({ unit: "binary", maxLength: 150, size: "max" });
  fc.assert(
    fc.property(value, value, (a, b) => {
      const name = indexOf("logs-{field:a}-{field:b}-{date:yyyy.MM.dd}").of(NOON, [a, b], NOON);
      assert.match(name, /^logs-.+-.+-2026\.11\.04$/u);
      assert.ok(Buffer.byteLength(name) <= 255 && name.isWellFormed());
      assert.equal(name, name.toLowerCase());
      assert.doesNotMatch(name, /[\\/*?"<>|,#:{}\p{C}\p{Z}]/u);
    }),
  );
});

test("64 values have indices of their own, whatever comes then goes to one more", () => {
  const index = indexOf("logs-{field:app}-{date:yyyy}");
  const names = new Set<string>();
  for (let i = 0; i < 5000; i++) names.add(index.of(NOON, [`app-${i % 1000}`], NOON));
  assert.equal(names.size, 65);
  assert.equal(index.of(NOON, ["app-63"], NOON), "logs-app-63-2026");
  assert.equal(index.of(NOON, ["app-64"], NOON), "logs-other-2026");
  // Records without the member, and records of another day, do not use up one of the 64 places.
  assert.equal(index.of(NOON, [undefined], NOON), "logs-unknown-2026");
  assert.equal(index.of(at("2027-01-01T00:00:00Z"), ["APP-63"], NOON), "logs-app-63-2027");
});

const DAY = 86_400_000;

test("400 dates have indices of their own, whatever comes then goes to one more, and what is of now always has its own", () => {
  const index = indexOf("logs-{date:yyyy.MM.dd}");
  const names = new Set<string>();
  for (let round = 0; round < 2; round++)
    for (let day = 2; day < 3000; day++) names.add(index.of(NOON - day * DAY, [], NOON));
  assert.equal(names.size, 401);
  assert.equal(index.of(NOON - 2 * DAY, [], NOON), "logs-2026.11.02");
  assert.equal(index.of(NOON - 500 * DAY, [], NOON), "logs-other");
  for (const near of [NOON - DAY, NOON, NOON + DAY]) assert.notEqual(index.of(near, [], NOON), "logs-other");
  const later = NOON + 100 * DAY;
  assert.equal(index.of(later, [], later), "logs-2027.02.12", "today is never one of the others");
});

test("dates that were not used for a day leave their place to others", () => {
  const index = indexOf("logs-{date:yyyy.MM.dd}");
  for (let day = 2; day < 500; day++) index.of(NOON - day * DAY, [], NOON);
  assert.equal(index.of(NOON - 600 * DAY, [], NOON + DAY), "logs-other");
  assert.equal(index.of(NOON - 601 * DAY, [], NOON + 1.5 * DAY), "logs-2025.03.13");
});

test("members are allowed only behind constant text", () => {
  for (const pattern of ["{field:app}", ".{field:app}", "{date:yyyy}-{field:app}", "._{field:app}-logs"])
    assert.match(recordIndexFault(pattern, JSON_INPUT) ?? "no fault", /^has \{field:app\}, which records bring/);
  for (const pattern of [
    "logs-{field:app}",
    "{input}{field:app}",
    "{field:team}-{field:app}",
    "{field:team}",
    "a-{date:yyyy}",
  ])
    assert.equal(recordIndexFault(pattern, JSON_INPUT), undefined);
});
