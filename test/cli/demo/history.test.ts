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

test("remembers changes of rung with their direction and how long the rung before lasted", () => {
  const history = new History();
  history.add(statusWith("accept", 0, 0.1, 0), 0, 0);
  history.add(statusWith("block", 1, 0.72, 0), 0, 3000);
  history.add(statusWith("block", 1, 0.8, 0), 0, 4000);
  history.add(statusWith("accept", 0, 0.5, 0), 0, 9000);
  assert.deepEqual(history.transitions, [
    { atMs: 3000, from: "accept", to: "block", direction: "up", utilization: 0.72, afterMs: 3000 },
    { atMs: 9000, from: "block", to: "accept", direction: "down", utilization: 0.5, afterMs: 6000 },
  ]);
  assert.equal(history.highest, 0.8);
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
  history.add(statusWith("accept", 0, 0, 1e9), 2e9, 0);
  assert.equal(history.flow, undefined);
  for (let s = 1; s <= 10; s++) history.add(statusWith("accept", 0, 0, 1e9 + s * 100), 2e9 + s * 300, s * 1000);
  assert.deepEqual(history.flow, { produced: 300, delivered: 100 });
});

test("memory is bounded however long it runs", () => {
  const history = new History();
  for (let s = 0; s < 1000; s++) history.add(statusWith("accept", 0, 0, 0), 0, s * 1000);
  assert.ok(history.points.length <= 121);
});

test("a change of rung has the level at which the ladder decided it", () => {
  const history = new History();
  history.add(statusWith("accept", 0, 0.1, 0), 0, 0);
  history.add(statusWith("block", 1, 0.66, 0), 0, 250, { to: "block", utilization: 0.71 });
  history.add(statusWith("accept", 0, 0.4, 0), 0, 6000, { to: "block", utilization: 0.71 });
  assert.deepEqual(
    history.transitions.map((t) => t.utilization),
    [0.71, 0.4],
  );
  assert.equal(history.highest, 0.71);
});
