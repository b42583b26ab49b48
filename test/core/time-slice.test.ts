import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { TimeSlice, timeSliceOf } from "../../src/core/time-slice.ts";
import { settled } from "../buffer/disk.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

/** An event loop whose turns and time the test controls. */
class Loop {
  time = 0;
  private due: (() => void)[] = [];
  readonly slice = new TimeSlice({
    now: () => this.time,
    sleep: () => new Promise((resolve) => this.due.push(resolve)),
  } as Partial<Clock> as Clock);

  async turn(): Promise<void> {
    for (const run of this.due.splice(0)) run();
    await settled();
  }
}

test("the slice is over 10 ms after somebody asked first in a turn, and anew in the next", async () => {
  const loop = new Loop();
  assert.ok(!loop.slice.isOver);
  loop.time = 9;
  assert.ok(!loop.slice.isOver);
  loop.time = 10;
  assert.ok(loop.slice.isOver);
  await loop.turn();
  assert.ok(!loop.slice.isOver);
});

test("those who wait go on in another turn, in their order, as many as it has time for", async () => {
  const loop = new Loop();
  const gone: number[] = [];
  for (let i = 0; i < 5; i++) void loop.slice.next().then(() => (gone.push(i), (loop.time += 4)));
  await settled();
  assert.deepEqual(gone, []);
  await loop.turn();
  assert.deepEqual(gone, [0, 1, 2]);
  await loop.turn();
  assert.deepEqual(gone, [0, 1, 2, 3, 4]);
});

test("200 loops of small steps share it: no turn takes much longer than one slice", async () => {
  const slice = new TimeSlice(systemClock);
  let longest = 0;
  // Processor time, because other processes may take the processor for longer than a turn.
  const usedMs = (): number => process.threadCpuUsage().user / 1000;
  let turnBegan = usedMs();
  let done = 0;
  const step = (): void => {
    for (const until = systemClock.now() + 1; systemClock.now() < until;);
  };
  const loop = async (): Promise<void> => {
    for (let i = 0; i < 2; i++) {
      if (slice.isOver) await slice.next();
      step();
    }
    done++;
  };
  const watch = (): void => {
    longest = Math.max(longest, usedMs() - turnBegan);
    turnBegan = usedMs();
    if (done < 200) systemClock.after(0, watch);
  };
  systemClock.after(0, watch);
  await Promise.all(Array.from({ length: 200 }, loop));
  watch();
  assert.ok(longest < 100, `${longest} ms of 400`);
});

test("all who share a clock share it", () => {
  const clock = new ManualClock();
  assert.equal(timeSliceOf(clock), timeSliceOf(clock));
  assert.notEqual(timeSliceOf(clock), timeSliceOf(new ManualClock()));
});

test("who waits for another turn keeps the process alive", () => {
  const script = `
    import { systemClock } from ${JSON.stringify(import.meta.resolve("../../src/core/clock.ts"))};
    import { timeSliceOf } from ${JSON.stringify(import.meta.resolve("../../src/core/time-slice.ts"))};
    await timeSliceOf(systemClock).next();
    console.log("another turn");`;
  const { stdout, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  assert.deepEqual([stdout, status], ["another turn\n", 0]);
});
