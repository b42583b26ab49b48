import assert from "node:assert/strict";
import { test } from "node:test";
import type { SendReport } from "../../src/core/output.ts";
import { askedMs, endingOf, isOverload } from "../../src/pipeline/reports.ts";

const MIXED = { kind: "mixed", verdicts: new Uint8Array(1), refusals: new Map(), why: "", hint: "" } as const;
const REFUSAL = { status: 413, type: "too_large", reason: "no" };
const HELP = { why: "no", hint: "" };

const REPORTS: readonly (readonly [SendReport, "answered" | "failed", boolean, number])[] = [
  [{ kind: "stored" }, "answered", false, 0],
  [{ ...MIXED, busy: false }, "answered", false, 0],
  [{ ...MIXED, busy: true }, "answered", true, 0],
  [{ kind: "busy", why: "429", isPressure: true, retryAfterMs: 7000 }, "failed", true, 7000],
  [{ kind: "busy", why: "429", isPressure: true, retryAfterMs: undefined }, "failed", true, 0],
  [{ kind: "unanswered", why: "reset", retryAfterMs: 30 }, "failed", true, 30],
  [{ kind: "indigestible", refusal: REFUSAL, why: "size", isCertain: true }, "answered", false, 0],
  [{ kind: "denied", by: "target", ...HELP }, "answered", false, 0],
  [{ kind: "denied", by: "server", ...HELP }, "failed", false, 0],
];

for (const [report, ending, overload, asked] of REPORTS) {
  const name = [report.kind, "by" in report ? report.by : "", "busy" in report && report.busy ? "busy" : ""].join(" ");
  test(`${name.trim()}: ${ending}, ${overload ? "an" : "no"} overload, ${asked} ms asked for`, () => {
    assert.deepEqual([endingOf(report), isOverload(report), askedMs(report)], [ending, overload, asked]);
  });
}
