import assert from "node:assert/strict";
import { test } from "node:test";
import { COLUMNS, History, rowOf } from "../../../src/ops/events/history.ts";
import { totals } from "../../../src/ops/rates.ts";
import { type Status, buildStatus } from "../../../src/ops/status.ts";
import { sampleFacts } from "../sample-facts.ts";

const status: Status = buildStatus(sampleFacts());

test("a row is time, flows, output and the ladders, and what is not known is null", () => {
  const row = rowOf(status, undefined, totals(status, 1_000_400));
  assert.equal(row.length, COLUMNS.length + 4);
  assert.deepEqual(row, [1000, null, null, null, 0.438, 90, 4, 3, 0.87, 2, 0.12, 0]);
  const before = { ...totals(status, 0), delivered: 0 };
  const later = rowOf(status, before, totals(status, 10_000));
  assert.deepEqual(later.slice(0, 4), [10, 0, 0, status.ledger.delivered.bytes / 10]);
});

test("it keeps a quarter of an hour and six hours, and no more, however often it is fed", () => {
  const history = new History();
  const hours = 8;
  for (let ms = 0; ms < hours * 3_600_000; ms += 1000) history.add(status, ms);
  const { fine, coarse } = history.view();
  assert.equal(fine.length, 180);
  assert.equal(coarse.length, 360);
  const at = fine.map(([seconds]) => seconds as number);
  assert.ok(at.every((seconds, i) => i === 0 || seconds - (at[i - 1] as number) === 5));
  assert.equal(at.at(-1), hours * 3600 - 5);
});

test("timers that come a little early leave no gap", () => {
  const history = new History();
  for (let i = 0; i < 10; i++) history.add(status, i * 4998);
  assert.equal(history.view().fine.length, 10);
});

test("other ladders are other graphs", () => {
  const history = new History();
  history.add(status, 0);
  history.add(status, 5000);
  const { default: only } = status.policies;
  history.add({ ...status, policies: { other: only as NonNullable<typeof only> } }, 10_000);
  assert.deepEqual(history.view().policies, ["other"]);
  assert.equal(history.view().fine.length, 1);
});
