import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusalLog } from "../../src/pipeline/refusal-log.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { listening } from "./line.ts";

const REFUSAL = {
  status: 400,
  type: "document_parsing_exception",
  reason: "failed to parse field [n]: 'secret'",
  said: "failed to parse field [n]",
};

function logging(): { readonly clock: ManualClock; readonly said: string[]; readonly refusals: RefusalLog } {
  const clock = new ManualClock();
  const { said, log } = listening();
  return { clock, said, refusals: new RefusalLog(clock, log) };
}

test("the first refusal is said at once, the next ones added up and said once a minute", () => {
  const { clock, said, refusals } = logging();
  refusals.note("logs-a", "app", 3, REFUSAL, false);
  for (let i = 0; i < 10; i++) {
    clock.advance(5000);
    refusals.note("logs-a", "app", 7, { ...REFUSAL, type: `other_${i}` }, false);
  }
  assert.deepEqual(said, [
    "warn documents_refused: logs-a refused 3 documents of input app for good: 400 document_parsing_exception: failed to " +
      "parse field [n]; kept, with the reason of each: spillway dead-letters list",
  ]);
  clock.advance(10_000);
  refusals.logDue();
  assert.match(said[1] ?? "", /refused 70 documents of input app for good: 400 other_0: /);
  clock.advance(600_000);
  refusals.logDue();
  assert.equal(said.length, 2);
});

test("what was never sent, no server has refused", () => {
  const { said, refusals } = logging();
  refusals.note("logs-a", "app", 1, { status: 0, type: "document_too_large", reason: "r", said: "r" }, false);
  assert.match(said[0] ?? "", /: 1 document of input app for logs-a cannot be sent: document_too_large: r; kept/);
});

test("no line quotes the document", () => {
  const { said, refusals } = logging();
  refusals.note("logs-a", "app", 1, REFUSAL, false);
  assert.doesNotMatch(said.join(), /secret/);
});

test("a body that is refused whole is an alarm", () => {
  const { said, refusals } = logging();
  refusals.note("logs-a", "app", 500, REFUSAL, true);
  assert.match(said[0] ?? "", /^error documents_refused: .*whole requests were refused/);
});

test("indices and inputs are told apart, and no more than 64 of them", () => {
  const { said, refusals } = logging();
  for (let i = 0; i < 200; i++) refusals.note(`logs-${i}`, "app", 1, REFUSAL, false);
  assert.equal(said.length, 65);
  assert.match(said.at(-1) ?? "", /several indices refused 1 document of input several/);
});
