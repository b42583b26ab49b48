import assert from "node:assert/strict";
import { test } from "node:test";
import type { Region } from "../../src/core/arena.ts";
import { ReadQueue, type Request, type WaitReason } from "../../src/pipeline/read-queue.ts";
import { settled } from "../buffer/disk.ts";
import { ManualClock } from "../helpers/manual-clock.ts";

const never = new AbortController().signal;

class Reading {
  readonly clock = new ManualClock();
  /** The reason for which an input's request has to wait. An input without a reason gets a region. */
  readonly answers = new Map<string, WaitReason>();
  readonly asked: string[] = [];
  readonly got: string[] = [];
  readonly queue = new ReadQueue(this.clock, ({ input }: Request) => {
    this.asked.push(input);
    return this.answers.get(input) ?? ({ input } as unknown as Region);
  });

  ask(input: string, signal = never): void {
    this.queue.take({ input, bytes: 1, urgency: "none" }, signal).then(
      () => this.got.push(input),
      (reason: unknown) => this.got.push(`${input}: ${(reason as Error).message}`),
    );
  }
}

test("first come, first served, among those for which only the memory is missing", async () => {
  const reading = new Reading();
  reading.answers.set("large", "memory");
  for (const input of ["large", "small"]) reading.ask(input);
  await settled();
  assert.deepEqual([reading.got, reading.asked], [[], ["large"]], "a small one does not pass a large one");
  reading.answers.clear();
  reading.queue.serve();
  await settled();
  assert.deepEqual([reading.got, reading.queue.size], [["large", "small"], 0]);
});

test("one that may not read for a reason of its own keeps no other waiting", async () => {
  const reading = new Reading();
  const reasons: readonly WaitReason[] = ["gate", "limit", "rate", "target", "share", "ahead", "stage"];
  for (const reason of reasons) reading.answers.set(reason, reason);
  for (const input of [...reasons, "free"]) reading.ask(input);
  await settled();
  assert.deepEqual(reading.got, ["free"]);
  assert.deepEqual(
    [...reading.queue.reasons()],
    reasons.map((reason) => [reason, reason]),
  );
});

test("of an input the first that waits says why", async () => {
  const reading = new Reading();
  reading.answers.set("a", "gate");
  reading.ask("a");
  reading.answers.set("a", "rate");
  reading.queue.serve();
  reading.answers.set("a", "share");
  reading.ask("a");
  assert.deepEqual([...reading.queue.reasons()], [["a", "rate"]], "as it was when it was last asked for");
  reading.queue.serve();
  assert.deepEqual([...reading.queue.reasons()], [["a", "share"]]);
});

test("time alone can let readers go on: they are looked at every quarter of a second while some wait", async () => {
  const reading = new Reading();
  reading.answers.set("a", "rate");
  reading.ask("a");
  for (let i = 0; i < 4; i++) reading.clock.advance(250);
  assert.equal(reading.asked.length, 5);
  reading.answers.clear();
  reading.clock.advance(250);
  await settled();
  assert.deepEqual(reading.got, ["a"]);
  reading.clock.advance(10_000);
  assert.equal(reading.asked.length, 6, "nobody waits, nobody looks");
});

test("one who gives up is told his own reason, and is not in the way", async () => {
  const reading = new Reading();
  reading.answers.set("large", "memory");
  const impatient = new AbortController();
  reading.ask("large", impatient.signal);
  reading.ask("small");
  impatient.abort(new Error("enough"));
  await settled();
  assert.deepEqual(reading.got.toSorted(), ["large: enough", "small"]);
  reading.ask("late", impatient.signal);
  await settled();
  assert.equal(reading.got.at(-1), "late: enough");
});

test("a granted reader listens to its signal no longer", async () => {
  const reading = new Reading();
  let listeners = 0;
  const control = new AbortController();
  const { signal } = control;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = ((...all: Parameters<typeof add>) => (listeners++, add(...all))) as typeof add;
  signal.removeEventListener = ((...all: Parameters<typeof remove>) => (listeners--, remove(...all))) as typeof remove;
  for (let i = 0; i < 10; i++) reading.ask("a", signal);
  await settled();
  assert.deepEqual([reading.got.length, listeners], [10, 0]);
});

test("at the end every reader that waits is turned away", async () => {
  const reading = new Reading();
  reading.answers.set("a", "gate");
  reading.ask("a");
  reading.queue.close(new Error("stopping"));
  await settled();
  assert.deepEqual([reading.got, reading.queue.size], [["a: stopping"], 0]);
  const before = reading.asked.length;
  reading.clock.advance(10_000);
  assert.equal(reading.asked.length, before);
});

test("a thousand that wait are not asked for again when another comes", async () => {
  const reading = new Reading();
  reading.answers.set("shut", "gate");
  for (let i = 0; i < 1000; i++) reading.ask("shut");
  reading.ask("free");
  await settled();
  assert.deepEqual([reading.asked.length, reading.got], [1001, ["free"]]);
});
