import assert from "node:assert/strict";
import test from "node:test";
import { TimerWheel, TICK_MS } from "../../../../src/inputs/file/tail/timer-wheel.ts";
import { Tail } from "../../../../src/inputs/file/tail/tail.ts";

function tails(count: number): Tail[] {
  return Array.from({ length: count }, (_, i) => new Tail(`/${i}`, 0));
}

test("each comes when it is due, once, also after it was planned anew", () => {
  const wheel = new TimerWheel();
  const [a, b, c] = tails(3) as [Tail, Tail, Tail];
  wheel.plan(a, TICK_MS);
  wheel.plan(b, 3 * TICK_MS);
  wheel.plan(b, 2 * TICK_MS);
  wheel.plan(c, 10_000);
  const rounds = Array.from({ length: 41 }, () => wheel.next().map((tail) => tail.path));
  assert.deepEqual(rounds.slice(0, 3), [["/0"], ["/1"], []]);
  assert.deepEqual(rounds.slice(39), [["/2"], []]);
  assert.equal(rounds.flat().length, 3);
});
