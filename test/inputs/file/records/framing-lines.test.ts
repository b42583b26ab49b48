import assert from "node:assert/strict";
import test from "node:test";
import fc from "../../../helpers/fc.ts";
import { CRI } from "../../../../src/inputs/file/records/format-cri.ts";
import { DOCKER } from "../../../../src/inputs/file/records/format-docker.ts";
import { PLAIN } from "../../../../src/inputs/file/records/line-format.ts";
import { criLine, cuts, dockerLine, ending, message, NO_RULES, read, RULES, RUNS } from "./lines.ts";
import * as reference from "./lines.reference.ts";

for (const [name, format, line, rules] of [
  ["cri", CRI, criLine, NO_RULES],
  ["docker", DOCKER, dockerLine, NO_RULES],
  ["plain", PLAIN, message, NO_RULES],
  ["plain with rules", PLAIN, message, RULES],
  ["cri with rules", CRI, criLine, RULES],
] as const) {
  test(`${name}: the same records whatever the read boundaries`, () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(line, ending).map(([text, end]) => text + end),
          { maxLength: 14, size: "max" },
        ),
        cuts,
        fc.integer({ min: 60, max: 200 }),
        fc.integer({ min: 4, max: 24 }),
        fc.constantFrom("truncate", "skip"),
        (lines, sizes, reach, maxRecord, oversize) => {
          const options = { ...rules, maxRecord, oversize };
          const source = Buffer.from(lines.join(""));
          const { records, skipped, filtered } = read(format, options, reach, source, sizes);
          assert.deepEqual(
            { records, skipped, filtered },
            reference.expected(name.split(" ")[0] as string, options, reach, source),
          );
        },
      ),
      { numRuns: RUNS },
    );
  });
}

test("random bytes: never a crash, never a byte lost", () => {
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('\n\r {}",:\\FP2026-')));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 300 }), cuts, fc.constantFrom(CRI, DOCKER), (bytes, sizes, format) => {
      read(format, { ...RULES, maxRecord: 20, oversize: "truncate" }, 64, Buffer.from(bytes), sizes);
    }),
    { numRuns: RUNS },
  );
});

test("a chunk never has more records than there is room for in a table", () => {
  const source = Buffer.from("2026-11-24T06:40:12Z stdout F x\n".repeat(20_000));
  const reach = 1 << 19;
  const { records, chunks } = read(CRI, { ...NO_RULES, maxRecord: 1 << 20, oversize: "truncate" }, reach, source, [
    reach,
  ]);
  assert.equal(records.length, 20_000);
  assert.deepEqual(chunks, [8192, 8192, 3616]);
});

test("a record that never ends does not hold the others for ever", () => {
  const line = "2026-11-24T06:40:12Z stderr F x\n";
  const source = Buffer.from(`2026-11-24T06:40:12Z stdout P never\n${line.repeat(20_000)}`);
  const reach = 1 << 18;
  const { records } = read(CRI, { ...NO_RULES, maxRecord: 1 << 18, oversize: "truncate" }, reach, source, [reach]);
  assert.equal(records.length, 20_001);
  assert.deepEqual(
    records.filter(({ offset }) => offset === 0).map(({ content }) => content),
    ["never"],
  );
});

test("a record that is cut stands in a chunk of such records alone", () => {
  const line = (text: string): string => `2026-11-24T06:40:12Z stdout F ${text}\n`;
  const texts = ["a", "b".repeat(50), "c".repeat(50), "d", "e".repeat(50), "f"];
  const { records, chunks } = read(
    CRI,
    { ...NO_RULES, maxRecord: 20, oversize: "truncate" },
    1 << 12,
    Buffer.from(texts.map(line).join("")),
    [1 << 12],
  );
  assert.deepEqual(
    records.map(({ content }) => content),
    texts.map((text) => text.slice(0, 20)),
  );
  assert.deepEqual(chunks, [1, 2, 1, 1, 1]);
});
