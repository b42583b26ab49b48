import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../../src/cli/demo/history.ts";
import { buildStatus, type Status } from "../../../src/ops/status.ts";
import { sampleFacts } from "../../ops/sample-facts.ts";

function statusWith(action: "accept" | "block", rung: number, utilization: number, delivered: number): Status {
  const status = buildStatus(sampleFacts());
  const policy = status.policies["default"] as Status["policies"][string];
  status.policies = { default: { ...policy, action, rung, utilization } };
  status.ledger.delivered.bytes = delivered;
  return status;
}

test("remembers changes of rung with how long the rung before lasted, several of one look too", () => {
  const history = new History();
  const up = { from: "accept", to: "block", direction: "up", utilization: 0.82 } as const;
  const on = { from: "block", to: "sample", direction: "up", utilization: 0.86 } as const;
  history.add(statusWith("accept", 0, 0.1, 0), 0, 0, []);
  history.add(statusWith("block", 1, 0.8, 0), 0, 3000, [up, on]);
  history.add(statusWith("block", 1, 0.8, 0), 0, 4000, []);
  const down = { from: "block", to: "accept", direction: "down", utilization: 0.5 } as const;
  history.add(statusWith("accept", 0, 0.5, 0), 0, 9000, [down]);
  assert.deepEqual(history.transitions, [
    { atMs: 3000, ...up, afterMs: 3000 },
    { atMs: 3000, ...on, afterMs: 0 },
    { atMs: 9000, ...down, afterMs: 6000 },
  ]);
  assert.equal(history.highest, 0.86);
  assert.deepEqual(
    [...history.actionMs],
    [
      ["accept", 3000],
      ["block", 6000],
    ],
  );
});

test("the flow is that of the last two seconds, and unknown before there is one", () => {
  const history = new History();
  history.add(statusWith("accept", 0, 0, 1e9), 2e9, 0, []);
  assert.equal(history.flow, undefined);
  for (let s = 1; s <= 10; s++) history.add(statusWith("accept", 0, 0, 1e9 + s * 100), 2e9 + s * 300, s * 1000, []);
  assert.deepEqual(history.flow, { produced: 300, delivered: 100 });
});

test("memory is bounded however long it runs", () => {
  const history = new History();
  for (let s = 0; s < 1000; s++) history.add(statusWith("accept", 0, 0, 0), 0, s * 1000, []);
  assert.ok(history.points.length <= 121);
});
