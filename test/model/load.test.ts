// After an outage a busy host must come out of spill mode, and stay out of it. LOADS sets how many loads run.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./load.ts";

test("an outage, then 95 % load for ever: spill mode is left, once", () => {
  const from = Math.floor(Math.random() * 1e9);
  const count = Number(process.env["LOADS"] ?? 5);
  for (let seed = from; seed < from + count; seed++) assert.equal(load(seed), undefined, `seed ${seed}`);
});
