// The same adversary, with the store on real SQLite below it. SCHEDULES_ON_SQLITE sets how many schedules run.
import assert from "node:assert/strict";
import { test } from "node:test";
import { schedule } from "./schedule.ts";

test("on real SQLite a crash finds what was committed, and schedules stay clean", () => {
  const from = Math.floor(Math.random() * 1e9);
  const count = Number(process.env["SCHEDULES_ON_SQLITE"] ?? 10);
  for (let seed = from; seed < from + count; seed++) assert.equal(schedule(seed, "sqlite"), undefined, `seed ${seed}`);
});
