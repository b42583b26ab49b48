import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../../helpers/fc.ts";
import { leadingRfc3339, rfc3339 } from "../../../../src/inputs/file/records/rfc3339.ts";
import { timeOf } from "./lines.reference.ts";

const read = (text: string): number => rfc3339(Buffer.from(text), 0, text.length);

test("as Date reads it", () => {
  const dates = fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(dates, fc.constantFrom("Z", "+05:30", "-12:00", "+14:00"), fc.nat(999_999), (date, zone, finer) => {
      const text = date.toISOString().replace("Z", `${String(finer).padStart(6, "0")}${zone}`);
      assert.equal(read(text), timeOf(text));
      assert.equal(leadingRfc3339(Buffer.from(`${text}5 and more`), 0, text.length + 10), timeOf(text));
    }),
  );
});

test("what is none", () => {
  for (const text of [
    "",
    "2026-11-24T06:40:12",
    "2026-11-24T06:40:12.Z",
    "2026-11-24T06:40:12.5",
    "2026-00-24T06:40:12Z",
    "2026-11-32T06:40:12Z",
    "2026-11-24T24:40:12Z",
    "2026-11-24T06:40:12+0100",
    "2026-11-24X06:40:12Z",
    "2o26-11-24T06:40:12Z",
  ]) {
    assert.ok(Number.isNaN(read(text)), text);
    assert.ok(Number.isNaN(leadingRfc3339(Buffer.from(text), 0, text.length)), text);
  }
});
