import assert from "node:assert/strict";
import { test } from "node:test";
import { readProfile } from "../../src/cli/profile.ts";

const read = (text: string): ReturnType<typeof readProfile> => readProfile(text, "--produce <rate>");

test("one rate goes on for ever", () => {
  assert.deepEqual(read("10000/s"), [{ rate: 10_000, forMs: Infinity }]);
  assert.deepEqual(read("0.5/s"), [{ rate: 0.5, forMs: Infinity }]);
});

test("steps follow one another, the last goes on", () => {
  assert.deepEqual(read("10000/s:10m, 0/s:5m,2000/s"), [
    { rate: 10_000, forMs: 600_000 },
    { rate: 0, forMs: 300_000 },
    { rate: 2000, forMs: Infinity },
  ]);
});

for (const text of ["", "10000", "10000/m", "fast", "1/s,2/s", "1/s:10", "1/s:10m,", "-1/s"]) {
  test(`${JSON.stringify(text)} is no rate`, () => {
    assert.throws(() => read(text), { code: "usage", exit: 64, message: /--produce/ });
  });
}
