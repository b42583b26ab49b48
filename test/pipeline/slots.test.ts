import assert from "node:assert/strict";
import { test } from "node:test";
import { Lane } from "../../src/pipeline/lane.ts";
import { Slots } from "../../src/pipeline/slots.ts";

/** Starts a request of the lane at `now`. */
function take(slots: Slots, lane: Lane, now: number, body = 100): ReturnType<Slots["take"]> {
  lane.begun(now, "old");
  return slots.take(lane, now, body);
}

test("as many requests as the limit, each counted until it ends", () => {
  const slots = new Slots();
  const lane = new Lane("a", 100);
  const ends = [take(slots, lane, 0), take(slots, lane, 0)];
  assert.deepEqual([slots.free(2, 0), slots.free(3, 0), slots.size], ["none", "any", 2]);
  ends[0]?.end("answered", 0);
  assert.deepEqual([slots.free(2, 0), slots.size], ["any", 1]);
});

test("a request that waits for long keeps only its own lane waiting", () => {
  const slots = new Slots();
  const [slow, other] = [new Lane("slow", 100), new Lane("other", 100)];
  take(slots, slow, 1000);
  assert.deepEqual([slots.free(1, 1999), slots.keepsWaiting(slow, 5999, 200)], ["none", false]);
  assert.deepEqual([slots.free(1, 6000), slots.keepsWaiting(slow, 6000, 200)], ["any", true]);
  assert.equal(slots.keepsWaiting(other, 6000, 200), false);
  assert.equal(
    slots.keepsWaiting(slow, 6000, 201),
    false,
    "there is room for others beside it, and another host may answer",
  );
  assert.equal(slots.oldestMs(6000), 5000);
  take(slots, slow, 6000);
  assert.ok(slots.keepsWaiting(slow, 6000, 1e9), "neither of them was answered");
  slow.ended(6001);
  assert.ok(!slots.keepsWaiting(slow, 6001, 1e9));
});

test("what a lane in trouble tries takes no other's place", () => {
  const slots = new Slots();
  const lane = new Lane("a", 100);
  lane.failures = 1;
  take(slots, lane, 0);
  assert.equal(slots.free(1, 0), "any");
});

test("while the server answers nothing, eight late ones do not count, and others try one a second", () => {
  const slots = new Slots();
  const ends = Array.from({ length: 9 }, (_, i) => take(slots, new Lane(`${i}`, 100), 0));
  assert.deepEqual([slots.free(1, 999), slots.free(1, 1000), slots.free(2, 5000)], ["none", "first", "any"]);
  take(slots, new Lane("late", 100), 5000);
  assert.deepEqual([slots.free(2, 5999), slots.free(2, 6000)], ["none", "first"]);
  ends[0]?.end("unanswered", 6000);
  assert.ok(!slots.answers(6000));
});

test("while it answers others, none that is late counts", () => {
  const slots = new Slots();
  const [first] = Array.from({ length: 20 }, (_, i) => take(slots, new Lane(`${i}`, 100), 0));
  first?.end("answered", 5000);
  assert.deepEqual([slots.answers(9999), slots.free(1, 9999)], [true, "any"]);
  assert.deepEqual([slots.answers(10_000), slots.free(1, 10_000)], [false, "first"]);
});

test("for a lane without room, the largest request that is unanswered for 5 s is given up, and each of them once", () => {
  const slots = new Slots();
  const [small, large, young] = [50, 100, 200].map((body) =>
    take(slots, new Lane("a", 100), body === 200 ? 1000 : 0, body),
  );
  const given = (now: number): (boolean | undefined)[] => {
    slots.cancelLargest(now);
    return [small, large, young].map((one) => one?.signal.aborted);
  };
  assert.deepEqual(given(4999), [false, false, false]);
  assert.deepEqual(given(5000), [false, true, false]);
  assert.deepEqual(given(5000), [true, true, false]);
  assert.match(String(large?.signal.reason), /no answer for 5 s, and other indices needed/);
  assert.deepEqual(given(6000), [true, true, true]);
});

test("where answers usually take long, a target is slow, and a request is given up, after four times as long", () => {
  const slots = new Slots();
  for (let i = 0; i < 100; i++) take(slots, new Lane("a", 100), 0).end("answered", 10_000);
  const { signal } = take(slots, new Lane("b", 100), 0);
  slots.cancelLargest(39_999);
  assert.ok(!signal.aborted);
  slots.cancelLargest(40_000);
  assert.ok(signal.aborted);
});

test("a slow target is known by its last answer, or by a request that was given up, and holds half of the quota", () => {
  const slots = new Slots();
  const [quick, slow, other] = ["quick", "slow", "other"].map((target) => new Lane(target, 100)) as [Lane, Lane, Lane];
  for (let i = 0; i < 31; i++) take(slots, quick, 0).end("answered", 10);
  take(slots, slow, 0).end("answered", 4999);
  assert.ok(!slots.isDoubtful(slow));
  take(slots, slow, 0).end("answered", 15_000);
  assert.deepEqual([slots.isDoubtful(slow), slots.isDoubtful(quick)], [true, false]);
  slow.inFlight = 0;
  const { signal } = take(slots, slow, 20_000);
  assert.deepEqual([slots.keepsWaiting(slow, 20_000, 201), slots.keepsWaiting(slow, 20_000, 200)], [false, true]);
  // It is known to be slow, so that it has small bodies. They are given up after six times as long.
  slots.cancelLargest(49_999);
  assert.ok(!signal.aborted);
  take(slots, other, 20_000);
  slots.cancelLargest(49_999);
  assert.ok(slots.isDoubtful(other));
  slots.cancelLargest(50_000);
  assert.ok(signal.aborted);
});

test("no request is given up just after an answer, nor before twice the time of its target's last answer", () => {
  const slots = new Slots();
  const [quick, slow] = [new Lane("quick", 100), new Lane("slow", 100)];
  const first = take(slots, slow, 0);
  for (let i = 0; i < 31; i++) take(slots, quick, 9900).end("answered", 9901);
  slots.cancelLargest(10_900);
  assert.equal(first.signal.aborted, false, "room circulates");
  slots.cancelLargest(10_901);
  assert.equal(first.signal.aborted, true);
  slow.responseMs = 40_000;
  const second = take(slots, slow, 20_000);
  slots.cancelLargest(99_999);
  assert.equal(second.signal.aborted, false);
  slots.cancelLargest(100_000);
  assert.equal(second.signal.aborted, true);
});
