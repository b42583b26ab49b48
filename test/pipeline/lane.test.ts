import assert from "node:assert/strict";
import { test } from "node:test";
import { Lane } from "../../src/pipeline/lane.ts";

const TROUBLE = { why: "no", hint: "", atMs: 1 };

test("a lane that failed waits longer each time, then one body at a time tries", () => {
  const lane = new Lane("i", 100);
  assert.ok(lane.mayStart(0));
  lane.failed("server", TROUBLE, 0, 0.5, 0);
  assert.deepEqual([lane.failures, lane.retryAt, lane.trouble], [1, 250, TROUBLE]);
  assert.ok(!lane.mayStart(249) && lane.mayStart(250));
  lane.inFlight = 1;
  assert.ok(!lane.mayStart(250));
  lane.failed("server", TROUBLE, 250, 0.5, 0);
  assert.equal(lane.retryAt, 750);
  lane.failed("server", TROUBLE, 750, 0, 9000);
  assert.equal(lane.retryAt, 9750, "not before what the server asked for");
});

test("what was settled ends all trouble; the rest of the same body goes soon", () => {
  const lane = new Lane("i", 100);
  lane.halve(50, "old");
  lane.failed("target", TROUBLE, 0, 0.5, 0);
  lane.progressed(0, 1000, 0.5);
  assert.deepEqual([lane.failures, lane.maxDocs, lane.trouble], [0, 100, undefined]);
  assert.ok(lane.mayStart(1000));
  lane.progressed(100, 1000, 0.5);
  assert.ok(!lane.mayStart(1049) && lane.mayStart(1050), "as long as it took to be rid of as many");
  lane.progressed(60_000, 1000, 0.5);
  assert.ok(!lane.mayStart(1249) && lane.mayStart(1250));
});

test("a target that refuses everything itself for five seconds is stuck, a server that does is not", () => {
  const lane = new Lane("i", 100);
  lane.failed("target", TROUBLE, 1000, 0, 0);
  lane.failed("target", TROUBLE, 3000, 0, 0);
  assert.ok(!lane.isStuck(5999) && lane.isStuck(6000));
  lane.progressed(100, 7000, 0);
  assert.ok(!lane.isStuck(60_000));
  lane.failed("server", TROUBLE, 8000, 0, 0);
  assert.ok(!lane.isStuck(60_000));
  lane.failed("target", TROUBLE, 61_000, 0, 0);
  lane.failed("server", TROUBLE, 62_000, 0, 0);
  assert.ok(!lane.isStuck(70_000), "a server that goes away makes no refusal of it");
  lane.failed("target", TROUBLE, 71_000, 0, 0);
  lane.failed("server", TROUBLE, 77_000, 0, 0);
  assert.ok(lane.isStuck(78_000), "it was stuck before");
});

test("a body that cannot be read is halved down to one document", () => {
  const lane = new Lane("i", 100);
  for (const docs of [5, 3, 2]) lane.halve(docs, "old");
  assert.equal(lane.maxDocs, 1);
});

test("the search for a document that cannot be read goes on in what is left, and ends with it", () => {
  const lane = new Lane("i", 100);
  lane.halve(40, "old");
  assert.equal(lane.maxDocs, 20);
  lane.progressed(0, 0, 0, 20);
  assert.equal(lane.maxDocs, 10, "it is in the other half");
  lane.halve(10, "old");
  assert.equal(lane.maxDocs, 5);
  lane.progressed(0, 0, 0, 10);
  assert.equal(lane.maxDocs, 100);
});

test("after five unknown errors in a row it is tried with single documents, until one is settled", () => {
  const lane = new Lane("i", 100);
  for (let i = 0; i < 5; i++) {
    assert.equal(lane.maxDocs, 100);
    lane.failed("unclear", TROUBLE, 0, 0, 0);
  }
  assert.deepEqual([lane.maxDocs, lane.isHeld], [1, true]);
  lane.progressed(0, 0, 0, 1);
  assert.deepEqual([lane.maxDocs, lane.isHeld], [100, false]);
});

test("a lane whose documents are refused for good sends one body at a time, and waits a second for room for dead letters", () => {
  const lane = new Lane("i", 100);
  lane.refused(1, 0);
  assert.ok(lane.mayStart(0, true) && !lane.mayStart(999, false) && lane.mayStart(1000, false));
  lane.inFlight = 1;
  assert.ok(!lane.mayStart(1000, true));
  lane.refused(0.4, 1000);
  assert.ok(lane.mayStart(1000, false));
});

test("two requests take new chunks, the third takes old ones", () => {
  const lane = new Lane("i", 100);
  const sides = Array.from({ length: 7 }, () => {
    const side = lane.nextSide;
    lane.begun(0, side);
    return side;
  });
  assert.deepEqual(sides, ["new", "new", "old", "new", "new", "old", "new"]);
  for (let i = 0; i < 5; i++) lane.begun(0, "new");
  assert.equal(lane.nextSide, "old", "however many new chunks went while no old ones were there");
});

test("a document that is sent alone or in smaller bodies keeps its turn until something is settled", () => {
  const lane = new Lane("i", 100);
  lane.halve(50, "old");
  for (let i = 0; i < 3; i++) {
    assert.equal(lane.nextSide, "old");
    lane.begun(0, "old");
  }
  lane.progressed(0, 0, 0);
  assert.equal(lane.nextSide, "new");
  for (let i = 0; i < 2; i++) lane.begun(0, "new");
  lane.widen("new");
  assert.deepEqual([lane.wide, lane.nextSide], [true, "new"]);
  lane.narrow();
  assert.deepEqual([lane.wide, lane.nextSide], [false, "old"]);
});

test("a target whose requests fail as a whole is stuck once others have stored something between the failures", () => {
  const lane = new Lane("i", 100);
  const fail = (storedAt: number, now: number): boolean => {
    lane.whole.add(storedAt, now);
    lane.failed("server", TROUBLE, now, 0, 0);
    return lane.isStuck(now);
  };
  assert.deepEqual(
    [1000, 5000, 20_000, 60_000].map((now) => fail(900, now)),
    [false, false, false, false],
    "nothing was stored since",
  );
  assert.deepEqual(
    [61_000, 62_000, 63_000].map((now) => fail(now - 10, now)),
    [false, false, true],
  );
  lane.progressed(0, 64_000, 0);
  assert.ok(!lane.isStuck(64_000));
  assert.deepEqual(
    [70_000, 72_000, 74_000, 76_000, 79_900, 80_000].map((now) => fail(now - 10, now)),
    [false, false, false, false, false, true],
    "not before ten seconds",
  );
});
