import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "../../../src/ops/admin/turns.ts";
import { ManualClock } from "../../helpers/manual-clock.ts";

/** A clock that also counts the time taken by jobs, besides the time that the test lets pass. */
class BusyClock extends ManualClock {
  private busy = 0;

  override now(): number {
    return super.now() + this.busy;
  }

  work(ms: number): void {
    this.busy += ms;
  }
}

interface Scene {
  readonly clock: BusyClock;
  readonly done: string[];
  take(name: string, ms: number): () => void;
}

function scene(): Scene {
  const clock = new BusyClock();
  const turns = new Turns(clock);
  const done: string[] = [];
  const take = (name: string, ms: number): (() => void) =>
    turns.take(() => {
      clock.work(ms);
      done.push(name);
    });
  return { clock, done, take };
}

test("a job alone runs at once; of many each rests three times as long as it took", () => {
  const { clock, done, take } = scene();
  take("a", 10);
  take("b", 20);
  take("c", 1);
  assert.deepEqual(done, ["a"]);
  clock.advance(29);
  assert.deepEqual(done, ["a"]);
  clock.advance(1);
  assert.deepEqual(done, ["a", "b"]);
  clock.advance(59);
  assert.deepEqual(done, ["a", "b"]);
  clock.advance(1);
  assert.deepEqual(done, ["a", "b", "c"]);
  clock.advance(3);
  take("d", 1);
  assert.equal(done.length, 4);
});

test("what is taken back is not run, and costs nobody a turn", () => {
  const { clock, done, take } = scene();
  take("a", 10);
  take("b", 10)();
  take("c", 10);
  clock.advance(30);
  assert.deepEqual(done, ["a", "c"]);
});
