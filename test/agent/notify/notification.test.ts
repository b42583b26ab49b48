import assert from "node:assert/strict";
import { test } from "node:test";
import { type Step, notification } from "../../../src/agent/notify/notification.ts";
import type { Rung } from "../../../src/core/options.ts";
import { sampleFacts } from "../../ops/sample-facts.ts";

const RUNG: Rung = { action: "block", enter: 0.7, leave: 0.6, notify: undefined, until: undefined };
const AT = Date.parse("2026-01-01T00:10:00.000Z");
const facts = sampleFacts();

function made(step: Step, from = facts, policy = "default"): Record<string, unknown> {
  const subject = { step, policy, rung: RUNG, number: 1, sinceMs: AT - 60_040, forMs: 60_040 };
  return notification(subject, { host: "web-1", nowMs: AT, facts: from });
}

test("what a receiver gets, with the names of /status", () => {
  const now = facts.policies.get("default");
  assert.ok(now);
  const { text, ...rest } = made("entered");
  assert.deepEqual(rest, {
    event: "rung_entered",
    at: "2026-01-01T00:10:00.000Z",
    host: "web-1",
    version: facts.version,
    policy: "default",
    action: "block",
    rung: 1,
    enter: 0.7,
    leave: 0.6,
    since: "2026-01-01T00:08:59.960Z",
    seconds: 60,
    now: { action: now.action, rung: now.rung, utilization: now.utilization },
    output: { circuit: facts.output.circuit },
  });
  assert.match(
    String(text),
    /^spillway on web-1: ladder default has been at block or above for 1m00s, now \w+ at \d+ %\. Reading waits, nothing is lost\./,
  );
  assert.equal(made("left")["event"], "rung_left");
  assert.match(String(made("left")["text"]), /ladder default has left block after 1m00s, now \w+ at \d+ %\.$/);
});

test("it says that the output does not answer, but not with what words", () => {
  const away = {
    ...facts,
    output: { ...facts.output, circuit: "open" as const, lastError: "preview of field: hunter2" },
  };
  const said = JSON.stringify(made("entered", away));
  assert.match(said, /The output does not answer\./);
  assert.doesNotMatch(said, /hunter2/);
  const well = { ...facts, output: { ...facts.output, circuit: "closed" as const } };
  assert.doesNotMatch(String(made("entered", well)["text"]), /does not answer/);
});

test("of a ladder that a reload took away nothing is said of now", () => {
  const { text, now } = made("left", facts, "gone");
  assert.equal(now, null);
  assert.equal(text, "spillway on web-1: ladder gone has left block after 1m00s.");
});
