import assert from "node:assert/strict";
import { test } from "node:test";
import { AgeClock, type Boot, systemBoot } from "../../src/buffer/age-clock.ts";
import type { AgeStamp } from "../../src/buffer/spool/spool.ts";
import type { Clock } from "../../src/core/clock.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

const DAY = 86_400_000;
const boot = (id: string, upMs = 0): Boot => ({ id, upMs: () => upMs });
const stamp = (more: Partial<AgeStamp>, clock: Clock): AgeStamp => ({
  ...{ agedMs: 5000, wallMs: clock.wall(), boot: "b", upMs: 1000 },
  ...more,
});

test("within a process it runs with the monotonic clock, whatever the wall clock does", () => {
  const clock = new ManualClock();
  const age = new AgeClock(clock, boot("b"), undefined);
  const first = age.now();
  assert.equal(first, clock.wall(), "it begins as the wall clock");
  clock.wall = () => 0;
  clock.advance(1234);
  assert.equal(age.now() - first, 1234);
});

test("over a restart it goes on by the time since boot, also when the wall clock was set", () => {
  const clock = new ManualClock();
  for (const wallMs of [0, clock.wall(), clock.wall() + 400 * DAY]) {
    assert.equal(new AgeClock(clock, boot("b", 4000), stamp({ wallMs }, clock)).now(), 8000);
  }
});

test("over a reboot the wall clock has to do, except where it must have been wrong", () => {
  const clock = new ManualClock();
  const after = (wallMs: number, id = "other"): number =>
    new AgeClock(clock, boot(id, 50), stamp({ wallMs, boot: id === "" ? "" : "b" }, clock)).now();
  assert.equal(after(clock.wall() - DAY), 5000 + DAY);
  assert.equal(after(clock.wall() - 30 * DAY - 1), 5000, "nobody was away for a month");
  assert.equal(after(clock.wall() + 1), 5000, "it never runs backwards");
  assert.equal(after(clock.wall() - DAY, ""), 5000 + DAY, "where nobody knows the boot");
});

test("a time since boot that went back counts nothing", () => {
  const clock = new ManualClock();
  assert.equal(new AgeClock(clock, boot("b", 10), stamp({}, clock)).now(), 5000);
});

test("what it leaves for the next process is what that goes on from", () => {
  const clock = new ManualClock();
  let up = 100;
  const running: Boot = { id: "b", upMs: () => up };
  const age = new AgeClock(clock, running, stamp({ upMs: 100 }, clock));
  clock.advance(700);
  up += 700;
  const left = age.stamp();
  assert.deepEqual(left, { agedMs: 5700, wallMs: clock.wall(), boot: "b", upMs: 800 });
  up += 50;
  assert.equal(new AgeClock(clock, running, left).now(), 5750);
});

test("this machine says when it was booted", () => {
  const { id, upMs } = systemBoot();
  assert.match(id, /^[0-9a-f-]{36}$/);
  const first = upMs();
  assert.ok(first > 0 && upMs() >= first);
});
