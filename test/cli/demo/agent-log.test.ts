import assert from "node:assert/strict";
import { test } from "node:test";
import { AgentLog } from "../../../src/cli/demo/agent-log.ts";

test("keeps faults and the ladder's decisions, and nothing else", () => {
  const log = new AgentLog();
  log.info("ready", "in 3 ms");
  assert.deepEqual(log.take(), []);
  log.warn("rung_entered", "default: block at 71 %", { from: "accept", to: "block", utilization: 0.71 });
  log.warn("output_busy", "the output asks to slow down");
  log.info("rung_left", "default: accept again", { from: "block", to: "accept", utilization: 0.59 });
  log.error("disk_failed", "could not write");
  assert.deepEqual(log.take(), [
    { from: "accept", to: "block", utilization: 0.71, direction: "up" },
    { from: "block", to: "accept", utilization: 0.59, direction: "down" },
  ]);
  assert.deepEqual(log.take(), []);
  assert.deepEqual(log.complaints, ["disk_failed: could not write"]);
});
