import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chunk } from "../../src/buffer/chunk.ts";
import { DEAD, OPEN } from "../../src/core/fate.ts";
import { UnclearRefusals } from "../../src/pipeline/unclear-refusals.ts";

const REFUSAL = { status: 400, type: "strange_exception", reason: "no" };

function chunk(): Chunk {
  return { isOpen: true, records: 100 } as unknown as Chunk;
}

/** Applies one response that leaves a record of the chunk unclear. @returns whether that record is refused for good */
function respond(refusals: UnclearRefusals, suspect: Chunk, now: number, stored: boolean, refusal = REFUSAL): boolean {
  refusals.responded(stored, now);
  return refusals.condemns(suspect, 7, refusal);
}

test("a target that stores nothing condemns no document, however often it is asked", () => {
  const refusals = new UnclearRefusals();
  const suspect = chunk();
  for (let i = 0; i < 100; i++) assert.equal(respond(refusals, suspect, i, false), false);
  assert.deepEqual([...refusals.again(() => 1)], [[suspect, 15_000]], "it is asked slowly");
});

test("the fifth try between which the target stores others condemns; of the error it is known then", () => {
  const refusals = new UnclearRefusals();
  const suspect = chunk();
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((at) => respond(refusals, suspect, at, true)),
    [false, false, false, false, true],
  );
  assert.equal(respond(refusals, chunk(), 6, true), true, "the same error beside documents that are stored");
  assert.equal(respond(refusals, chunk(), 7, false), false, "the same error, and nothing is stored");
  assert.equal(respond(refusals, chunk(), 8, true, { ...REFUSAL, type: "another" }), false);
});

test("what was stored before the first try says nothing, what was stored since the last one does", () => {
  const refusals = new UnclearRefusals();
  const suspect = chunk();
  refusals.responded(true, 1);
  for (let at = 2; at < 20; at++) assert.equal(respond(refusals, suspect, at, false), false);
  let condemned = 0;
  for (let at = 20; condemned === 0; at += 2) {
    refusals.responded(true, at);
    if (respond(refusals, suspect, at + 1, false)) condemned = at;
  }
  assert.equal(condemned, 28, "five more tries, each after another document was stored");
});

test("records are condemned one by one: what others of their chunk have been through does not count", () => {
  const refusals = new UnclearRefusals();
  const suspect = chunk();
  for (const at of [1, 2, 3, 4]) respond(refusals, suspect, at, true);
  refusals.responded(true, 5);
  const condemned = [6, 7, 8].filter((record) => refusals.condemns(suspect, record, REFUSAL));
  assert.deepEqual(condemned.slice(0, 1), [7]);
});

test("all that is unclear of a chunk in one answer is one try; tries wait longer and longer", () => {
  const refusals = new UnclearRefusals();
  const suspect = chunk();
  const waits: number[] = [];
  for (const at of [1, 2, 3]) {
    refusals.responded(true, at);
    for (let i = 0; i < 10; i++) assert.equal(refusals.condemns(suspect, i, REFUSAL), false);
    for (const [, ms] of refusals.again(() => 1)) waits.push(ms);
  }
  assert.deepEqual(waits, [500, 1000, 2000]);
  refusals.responded(true, 4);
  assert.deepEqual([...refusals.again(() => 1)], [], "nothing was unclear");
});

test("a document that makes bodies unreadable is known until it has its fate", () => {
  const refusals = new UnclearRefusals();
  const suspect = chunk();
  refusals.unreadable(suspect, 7, Infinity);
  assert.ok(!refusals.isUnreadable(suspect), "nothing was in doubt");
  respond(refusals, suspect, 1, false);
  refusals.unreadable(suspect, 7, Infinity);
  assert.ok(refusals.isUnreadable(suspect));
  const fates = new Uint8Array(100).fill(OPEN);
  Object.assign(suspect, { fates });
  assert.ok(refusals.isUnreadable(suspect));
  fates[7] = DEAD;
  assert.ok(!refusals.isUnreadable(suspect));
});

test("a document that was found by a search counts the documents that were stored since it began", () => {
  for (const [since, dead] of [
    [10, true],
    [12, false],
  ] as const) {
    const refusals = new UnclearRefusals();
    const suspect = chunk();
    refusals.responded(true, 11);
    assert.equal(respond(refusals, suspect, 20, false), false);
    refusals.unreadable(suspect, 7, since);
    const tries = [21, 22, 23, 24, 25].map((now) => respond(refusals, suspect, now, false));
    assert.deepEqual(tries, [false, false, false, false, dead]);
  }
});

test("a chunk resists after a minute and five answers between which others were stored, until one of its own is", () => {
  const refusals = new UnclearRefusals();
  const suspect = chunk();
  const refuse = (stored: boolean, now: number): boolean => {
    refusals.responded(stored, now);
    refusals.refused(suspect);
    return refusals.resists(suspect);
  };
  for (let now = 0; now < 600_000; now += 10_000) assert.ok(!refuse(false, now), "nothing is stored");
  assert.deepEqual(
    [1, 2, 3, 4, 5].map((i) => refuse(true, 600_000 + i)),
    [false, false, false, false, true],
  );
  refusals.took(suspect);
  assert.deepEqual(
    [0, 10_000, 20_000, 30_000, 50_000, 59_999, 60_000].map((ms) => refuse(true, 700_000 + ms)),
    [false, false, false, false, false, false, true],
  );
  for (let i = 0; i < 16; i++) refusals.refused(chunk());
  assert.ok(!refusals.resists(suspect), "many resist: it is the cluster");
});
