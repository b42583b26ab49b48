import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { SpillwayError } from "../../src/core/errors.ts";
import { Dice, FAULTS_EXPLAINED, faultsText, NO_FAULTS, parseFaults } from "../../src/sandbox/faults.ts";

test("faults are read as they are written on a command line", () => {
  assert.deepEqual(parseFaults(""), NO_FAULTS);
  assert.deepEqual(parseFaults("none"), NO_FAULTS);
  for (const [form] of Object.values(FAULTS_EXPLAINED)) assert.notDeepEqual(parseFaults(form), NO_FAULTS, form);
  assert.deepEqual(parseFaults("slow=200ms,429=30%"), { ...NO_FAULTS, slow: 200, "429": 0.3 });
  assert.deepEqual(parseFaults(" lost , rate = 2MB/s"), { ...NO_FAULTS, lost: 1, rate: 2_000_000 });
  assert.deepEqual(parseFaults("down"), { ...NO_FAULTS, down: Infinity });
  assert.deepEqual(parseFaults("down=1m30s,413=1MiB,mapping=a=b"), {
    ...NO_FAULTS,
    down: 90_000,
    "413": 1_048_576,
    mapping: "a=b",
  });
});

test("what is written is read again", () => {
  const share = fc.integer({ min: 0, max: 1000 }).map((n) => Number(`${n}e-3`));
  const faults = fc.record(
    {
      slow: fc.nat(100_000),
      rate: fc.nat(2 ** 31),
      "429": share,
      "503": share,
      reset: share,
      lost: share,
      hang: share,
      html: share,
      "401": share,
      "429-items": share,
      "413": fc.nat(2 ** 31),
      mapping: fc.stringMatching(/^[a-z.= ]*[a-z]$|^$/).map((text) => text.trim()),
      down: fc.oneof(fc.nat(100_000), fc.constant(Infinity)),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(faults, (some) => {
      const text = faultsText(some);
      assert.deepEqual(parseFaults(text === "none" ? "" : text), some);
    }),
  );
});

const wrong: readonly [text: string, message: RegExp][] = [
  ["slwo=1s", /"slwo" is not known/],
  ["toString", /"toString" is not known/],
  ["slow", /"slow" lacks its value/],
  ["slow=200", /"slow" has "200", which is a duration without a unit/],
  ["429=120%", /"429" has "120%", which is above 100%/],
  ["413=many", /"413" has "many", which is not a size/],
  ["=3", /"" is not known/],
];
for (const [text, message] of wrong) {
  test(`"${text}" is refused by name`, () => {
    assert.throws(
      () => parseFaults(text),
      (error) =>
        error instanceof SpillwayError && error.exit === 64 && message.test(error.message) && error.hint !== "",
    );
  });
}

test("a share is spread evenly", () => {
  const dice = new Dice();
  const hits = Array.from({ length: 10 }, () => dice.hits(0.3));
  assert.equal(hits.filter(Boolean).length, 3);
  const always = new Dice();
  assert.ok(Array.from({ length: 100 }, () => always.hits(1)).every(Boolean));
  const never = new Dice();
  assert.ok(!Array.from({ length: 100 }, () => never.hits(0)).some(Boolean));
});
