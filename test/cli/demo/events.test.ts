import assert from "node:assert/strict";
import { test } from "node:test";
import { eventLine } from "../../../src/cli/demo/events.ts";
import { COLUMNS } from "../../../src/cli/demo/view.ts";
import type { Ladder, Rung } from "../../../src/core/options.ts";
import { ledgerStatus } from "../../../src/ops/ledger-status.ts";
import { sampleLedger } from "../../ops/sample-facts.ts";

const marks = { enter: 0.5, leave: 0.4, notify: undefined };
const rungs: Rung[] = [
  { ...marks, action: "block", until: undefined },
  { ...marks, action: "rate-limit", rate: 5e6, burst: 1e6, excess: "wait" },
  { ...marks, action: "sample", keep: 100, always: "critical" },
  { ...marks, action: "sample", keep: 4, always: undefined },
  { ...marks, action: "drop-newest" },
  { ...marks, action: "drop-random" },
  { ...marks, action: "drop-oldest" },
];

test("every rung has a sentence that fits, on the way up and down", () => {
  const ledger = ledgerStatus(sampleLedger(9_000_000));
  for (const rung of rungs) {
    const ladder: Ladder = [rung];
    const up = { from: "accept", to: rung.action, direction: "up", atMs: 59_000, utilization: 1, afterMs: 1 } as const;
    const down = { ...up, from: rung.action, to: "accept", direction: "down" } as const;
    for (const transition of [up, down, { ...down, to: "block" } as const]) {
      const line = eventLine(transition, ladder, ledger);
      assert.ok(line.length <= COLUMNS, line);
      assert.match(line, /^ 59s {2}[a-z-]+ +100 %: \S/);
    }
  }
});
