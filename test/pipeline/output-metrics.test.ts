import assert from "node:assert/strict";
import { test } from "node:test";
import { EXISTS, REFUSED, RETRY, STORED } from "../../src/core/output.ts";
import { OutputMetrics } from "../../src/pipeline/output-metrics.ts";

test("documents are counted by what became of them, requests by how they ended", () => {
  const metrics = new OutputMetrics();
  const times: number[] = [];
  metrics.observe = (ms) => times.push(ms);
  for (let i = 0; i < 3; i++) metrics.started();
  assert.deepEqual([metrics.requests, metrics.inFlight], [3, 3]);
  const verdicts = Uint8Array.from([STORED, STORED, EXISTS, RETRY, REFUSED]);
  metrics.ended({ kind: "mixed", verdicts, refusals: new Map(), busy: true, why: "rejected", hint: "" }, 5, 100, 8);
  metrics.ended({ kind: "stored" }, 10, 50, 9);
  metrics.ended({ kind: "unanswered", why: "reset" }, 10, 50, 10);
  assert.deepEqual(metrics.items, { stored: 12, exists: 1, retry: 1, refused: 1 });
  assert.deepEqual([metrics.requests, metrics.failed, metrics.inFlight, metrics.bodyBytes], [3, 1, 0, 200]);
  assert.deepEqual(times, [8, 9, 10]);
});
