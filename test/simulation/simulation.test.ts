// Runs the engine through random schedules of faults. SCHEDULES sets how many, SCHEDULES_IN_FILES how many of them with a
// database in files, SEED the first seed. Seeds that once failed run first, every time.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { simulate } from "./simulation.ts";
import { SEED } from "../helpers/seed.ts";

test("seeds that once found a fault stay clean", async () => {
  const kept = new URL("../fixtures/simulation-seeds.json", import.meta.url);
  for (const seed of JSON.parse(readFileSync(kept, "utf8")) as number[]) {
    for (const all of [false, true])
      assert.equal(await simulate(seed, "memory", undefined, all), undefined, `seed ${seed}, ${all}`);
  }
});

test("in random weather nothing is lost, repeated or shed without need, and everything is delivered when it is over", async () => {
  const count = Number(process.env["SCHEDULES"] ?? 300);
  for (let seed = SEED; seed < SEED + count; seed++) assert.equal(await simulate(seed), undefined, `seed ${seed}`);
});

test("the same on a database in files", async () => {
  const count = Number(process.env["SCHEDULES_IN_FILES"] ?? 10);
  for (let seed = SEED; seed < SEED + count; seed++)
    assert.equal(await simulate(seed, "files"), undefined, `seed ${seed}`);
});
