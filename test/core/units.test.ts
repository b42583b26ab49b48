import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { durationText, parseDuration, parseRatio, parseSize, ratioText, sizeText } from "../../src/core/units.ts";

const good = (cases: Record<string, number>, parse: (text: string) => unknown): void => {
  for (const [text, value] of Object.entries(cases)) assert.equal(parse(text), value, text);
};
const bad = (texts: readonly string[], parse: (text: string) => unknown): void => {
  for (const text of texts) assert.equal(typeof parse(text), "object", text);
};

test("sizes: KiB and kB differ, a unit is required, case counts", () => {
  good(
    { "0": 0, "64MiB": 67108864, "100MB": 1e8, "1.5KiB": 1536, "1kB": 1000, "10 GiB": 10 * 2 ** 30, "7B": 7 },
    parseSize,
  );
  bad(
    ["", "64", "64mib", "1foo", "1e3kb", "-1MiB", "1 K", "KiB", "1MiB ", "1,5MiB", "9999999999TiB", "0x10B", "1KB"],
    parseSize,
  );
  assert.deepEqual(parseSize("64"), { why: "a size without a unit", help: "`64MiB`, `64kB` or `64B`" });
});

test("durations: compound in falling order, nonsense refused", () => {
  good(
    { "0": 0, "0s": 0, "500ms": 500, "30s": 30000, "1h30m": 5_400_000, "2d": 172_800_000, "1.5s": 1500 },
    parseDuration,
  );
  bad(["", "10", "abc 5s", "5 s", "30m1h", "1s1s", "-1s", "1S", "1ms1s"], parseDuration);
});

test("ratios: percent or a fraction, 70 alone is ambiguous", () => {
  good({ "70%": 0.7, "0.7": 0.7, "7%": 0.07, "100%": 1, "0%": 0, "12.5 %": 0.125 }, parseRatio);
  bad(["", "70", "101%", "-1%", "x", "1/4"], parseRatio);
});

test("what is written exactly reads back as the same number", () => {
  fc.assert(fc.property(fc.nat({ max: 2 ** 51 }), (n) => parseSize(sizeText(n)) === n));
  fc.assert(fc.property(fc.nat({ max: 2 ** 51 }), (n) => parseDuration(durationText(n)) === n));
  fc.assert(
    fc.property(fc.nat(10000), (n) => Math.abs((parseRatio(ratioText(n / 10000)) as number) - n / 10000) < 1e-12),
  );
});

test("no text makes a reader throw or return something else than a number or a reason", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const parse of [parseSize, parseDuration, parseRatio]) {
        const value = parse(text);
        assert.ok(typeof value === "number" ? value >= 0 && Number.isFinite(value) : value.why !== "");
      }
    }),
  );
});
