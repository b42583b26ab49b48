import assert from "node:assert/strict";
import { test } from "node:test";
import type { LossFacts } from "../../../src/buffer/inspect/losses.ts";
import { LossSums, lossLine, lossesDocument } from "../../../src/cli/state/losses-report.ts";

const LOSS: LossFacts = {
  ...{ id: 1, atMs: 0, input: "app", source: "s", path: "/a.log", start: 3, end: 9, fate: "dropped.oldest" as never },
  ...{ records: 2, bytes: 6, uncertain: false, keep: 0, hashVersion: 0, merged: false, backfilledTo: 0 },
};

test("what some of it may have become stands behind a range", () => {
  assert.match(lossLine(LOSS), / 2 +6 B {2}\/a\.log:3-9$/);
  assert.match(lossLine({ ...LOSS, uncertain: true }), /:3-9 {2}uncertain: some may have been stored$/);
  assert.match(lossLine({ ...LOSS, merged: true }), /:3-9 {2}merged: between its ends some was kept$/);
});

test("what was delivered later stands behind a range, in the sum, and in the document", () => {
  assert.match(lossLine({ ...LOSS, backfilledTo: 5 }), /:3-9 {2}backfilled up to 5$/);
  assert.match(lossLine({ ...LOSS, backfilledTo: 9 }), /:3-9 {2}backfilled$/);
  const sums = new LossSums();
  for (const backfilledTo of [0, 5, 9]) sums.add({ ...LOSS, backfilledTo });
  assert.equal(sums.line(), "3 ranges, 6 records, 18 B; 1 backfilled");
  const { losses } = lossesDocument("/state", [{ ...LOSS, backfilledTo: 5 }]) as {
    losses: { backfilled_to: number }[];
  };
  assert.equal(losses[0]?.backfilled_to, 5);
});

test("a path cannot forge a line", () => {
  assert.ok(!lossLine({ ...LOSS, path: "/a\n2026 app" }).includes("\n"));
});

test("the document says what was merged, the sum how much is uncertain", () => {
  const { losses } = lossesDocument("/state", [LOSS, { ...LOSS, merged: true }]) as { losses: { merged: boolean }[] };
  assert.deepEqual(
    losses.map(({ merged }) => merged),
    [false, true],
  );
  const sums = new LossSums();
  for (const uncertain of [false, true]) sums.add({ ...LOSS, uncertain });
  assert.equal(sums.line(), "2 ranges, 4 records, 12 B; 1 uncertain");
});
