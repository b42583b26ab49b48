import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../helpers/fc.ts";
import { DocLimit } from "../../src/pipeline/doc-limit.ts";

/** Sends bodies as large as the limit to a target that takes the first `takes` of each. @returns how many were sent and taken */
function send(limit: DocLimit, bodies: number, takes: number): { sent: number; taken: number } {
  const sums = { sent: 0, taken: 0 };
  for (let i = 0; i < bodies; i++) {
    const { docs } = limit;
    const taken = Math.min(takes, docs);
    if (taken < docs) limit.stopped(taken);
    else limit.went(docs);
    sums.sent += docs;
    sums.taken += taken;
  }
  return sums;
}

test("the next body is as large as what was taken of the last one", () => {
  const limit = new DocLimit(10_000);
  assert.equal(limit.docs, 10_000);
  limit.stopped(50);
  assert.equal(limit.docs, 50);
});

test("whatever a target takes at once: after the first body less than 1.1 documents are sent for each that is taken", () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 20_000 }), (takes) => {
      const limit = new DocLimit(20_000);
      send(limit, 1, takes);
      const { sent, taken } = send(limit, 1000, takes);
      assert.ok(sent < 1.1 * taken, `${sent / taken}`);
      assert.ok(taken > 900 * takes, "bodies are about as large as that");
    }),
  );
});

test("of the first one or two of a body: at most 3 documents are sent for each", () => {
  for (const takes of [1, 2, 3, 5]) {
    const limit = new DocLimit(20_000);
    send(limit, 1, takes);
    const { sent, taken } = send(limit, 1000, takes);
    assert.ok(sent <= 3 * taken, `${takes}: ${sent / taken}`);
  }
});

test("when the target takes everything again, bodies are as large as ever after a hundred", () => {
  const limit = new DocLimit(10_000);
  send(limit, 1000, 50);
  send(limit, 110, 20_000);
  assert.equal(limit.docs, 10_000);
});

test("a target whose room changes all the time: bodies follow it up again", () => {
  const limit = new DocLimit(10_000);
  limit.stopped(2);
  assert.equal(limit.docs, 3);
  send(limit, 50, 2000);
  assert.ok(limit.docs > 1000, `${limit.docs}`);
});

test("never below three and never above a usual body", () => {
  const answer = fc.record({ stops: fc.boolean(), share: fc.double({ min: 0, max: 1, noNaN: true }) });
  fc.assert(
    fc.property(fc.array(answer), fc.integer({ min: 3, max: 1000 }), (answers, most) => {
      const limit = new DocLimit(most);
      for (const { stops, share } of answers) {
        if (stops) limit.stopped(Math.max(1, Math.floor(share * limit.docs)));
        else limit.went(Math.ceil(share * limit.docs));
        assert.ok(limit.docs >= 3 && limit.docs <= most);
      }
    }),
  );
});

test("a usual body of one document stays one", () => {
  const limit = new DocLimit(1);
  limit.stopped(1);
  assert.equal(limit.docs, 1);
});
