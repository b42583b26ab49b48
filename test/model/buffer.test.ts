// The real buffer against its adversary. SCHEDULES sets how many random schedules run and FROM the first seed; the seeds
// that once failed run first, every time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { keptSeeds } from "./rig.ts";
import { schedule } from "./schedule.ts";

test("seeds that once found a fault stay clean", () => {
  for (const seed of keptSeeds()) assert.equal(schedule(seed), undefined, `seed ${seed}`);
});

test("random schedules with crashes, power cuts and failing disks lose, repeat and miscount nothing", () => {
  const count = Number(process.env["SCHEDULES"] ?? 3000);
  const from = Number(process.env["FROM"] ?? Math.floor(Math.random() * 1e9));
  for (let seed = from; seed < from + count; seed++) assert.equal(schedule(seed), undefined, `seed ${seed}`);
});
