import assert from "node:assert/strict";
import { test } from "node:test";
import type { Lease } from "../../src/buffer/chunk.ts";
import type { Lane } from "../../src/pipeline/lane.ts";
import { Lanes } from "../../src/pipeline/lanes.ts";
import { Slots } from "../../src/pipeline/slots.ts";
import { OutputStatus } from "../../src/pipeline/output-status.ts";
import { Running, type RunningOptions, lines } from "../buffer/running.ts";
import type { ManualClock } from "../helpers/manual-clock.ts";
import { Answering, listening } from "./line.ts";

const BATCH = { bytes: 10_000, records: 100, age: 1000 };

class Sending extends Running {
  readonly said: string[];
  readonly lanes: Lanes;
  readonly slots = new Slots();
  readonly status: OutputStatus;

  constructor(options: RunningOptions = {}) {
    super({ batch: BATCH.bytes, ...options });
    const { said, log } = listening();
    this.said = said;
    this.status = new OutputStatus({ clock: this.clock, buffer: this.buffer, output: new Answering(), log });
    this.lanes = new Lanes(this.clock, this.buffer.outbox, BATCH, this.status);
  }

  /** The target of the lane that may send now, or the milliseconds until a lane may send. */
  next(): string | number {
    const { lane, inMs } = this.lanes.next(1, this.slots);
    return lane?.target ?? inMs;
  }

  lane(target: string): Lane {
    const found = [...this.lanes].find((lane) => lane.target === target);
    assert.ok(found, `no lane of ${target}`);
    return found;
  }

  /** A lane with a waiting chunk. */
  waiting(target: string): Lane {
    this.add(lines(0, 1), { target, input: target });
    this.lanes.next(1, this.slots);
    return this.lane(target);
  }

  advance(ms: number): void {
    (this.clock as ManualClock).advance(ms);
  }

  /** Lets the lane's target refuse for so long that the lane is stuck. */
  refuse(lane: Lane): void {
    for (let i = 0; i < 6; i++) {
      this.lanes.failed(lane, "target", "no", "do something", 0);
      this.advance(1000);
    }
    this.lanes.failed(lane, "target", "no", "do something", 0);
  }
}

test("a batch waits for its age, unless it is full, in bytes or in chunks, or everything goes at once", async () => {
  await using sending = new Sending({ quotas: { chunks: 3 } });
  assert.equal(sending.next(), 1000, "nothing waits");
  sending.add(lines(0, 1), { target: "i" });
  sending.advance(400);
  assert.equal(sending.next(), 600);
  sending.add("x".repeat(9000), { target: "j" });
  assert.equal(sending.next(), 600);
  sending.add("x".repeat(1000), { target: "j" });
  assert.equal(sending.next(), "j");
  for (let i = 0; i < 2; i++) sending.add(lines(0, 1), { target: "i" });
  assert.equal(sending.next(), "i", "three chunks are a batch however small");
  sending.add(lines(0, 1), { target: "k" });
  sending.lanes.flush(true);
  assert.deepEqual([sending.next(), sending.next(), sending.next()].toSorted(), ["i", "j", "k"]);
});

test("targets take turns", async () => {
  await using sending = new Sending();
  for (const target of ["a", "b", "c"]) sending.add("x".repeat(20_000), { target });
  assert.deepEqual(
    Array.from({ length: 6 }, () => sending.next()),
    ["a", "b", "c", "a", "b", "c"],
  );
});

test("a lane that waits to try again keeps no other waiting, and in trouble sends one body at a time", async () => {
  await using sending = new Sending();
  for (const target of ["a", "b"]) sending.add("x".repeat(20_000), { target });
  sending.next();
  const lane = sending.lane("a");
  sending.lanes.begun(lane, "old");
  sending.lanes.failed(lane, "server", "reset", "", 0);
  assert.deepEqual([sending.next(), sending.next(), sending.lanes.retrying], ["b", "b", 1]);
  sending.lanes.begun(sending.lane("b"), "old");
  sending.lanes.failed(sending.lane("b"), "server", "reset", "", 5000);
  assert.equal(sending.next(), 250, "full jitter of half a second, half of it");
  sending.advance(250);
  assert.equal(sending.next(), 1000, "its request is still under way");
  sending.lanes.ended(lane, "closed");
  assert.equal(sending.next(), "a");
});

test("a target that refuses everything for five seconds is stuck, is tried when its time comes, and recovers", async () => {
  await using sending = new Sending();
  const lane = sending.waiting("a");
  sending.refuse(lane);
  sending.next();
  const target = sending.state.target("a");
  assert.deepEqual([target.stuck, target.wantsProbe], [true, false]);
  assert.match(sending.said.join(), /^error output_stalled: a takes nothing: no; do something\./);
  sending.advance(lane.retryAt - sending.clock.now());
  sending.next();
  assert.deepEqual([target.stuck, target.wantsProbe], [true, true]);
  sending.lanes.progressed(lane, 0);
  assert.deepEqual([target.stuck, target.wantsProbe, target.lastTake], [false, false, sending.clock.now()]);
  assert.match(sending.said.at(-1) ?? "", /^info output_recovered: a takes again/);
});

test("a stuck target keeps its turn while nothing of it may be sent yet", async () => {
  await using sending = new Sending();
  const lane = sending.waiting("a");
  sending.refuse(lane);
  sending.advance(lane.retryAt - sending.clock.now());
  sending.lanes.unready(lane);
  sending.next();
  assert.equal(sending.state.target("a").wantsProbe, true);
});

test("what a server does to all targets makes none of them stuck", async () => {
  await using sending = new Sending();
  const lane = sending.waiting("a");
  for (let i = 0; i < 10; i++) {
    sending.lanes.failed(lane, "server", "reset", "", 0);
    sending.advance(10_000);
    sending.next();
  }
  assert.equal(sending.state.target("a").stuck, false);
});

test("lanes with nothing to send and nothing to remember go; of one in trouble when nothing waits for it any more", async () => {
  await using sending = new Sending();
  const [lane] = [sending.waiting("a"), sending.waiting("b")];
  sending.refuse(lane);
  sending.next();
  sending.buffer.evict("default", 1e9, "oldest");
  sending.next();
  assert.deepEqual([...sending.lanes], []);
  sending.status.check(0);
  assert.match(sending.said.at(-1) ?? "", /nothing waits for it any more/);
  assert.equal(sending.state.target("a").stuck, false);
});

test("a lane of which nothing may be sent yet lets the others go on for a moment", async () => {
  await using sending = new Sending();
  for (const target of ["a", "b"]) sending.add("x".repeat(20_000), { target });
  sending.next();
  sending.lanes.unready(sending.lane("a"));
  assert.deepEqual([sending.next(), sending.next()], ["b", "b"]);
  sending.advance(50);
  assert.equal(sending.next(), "a");
});

/** Leases the target's oldest chunk for one request. */
function request(sending: Sending, target: string): Lease {
  const lease = sending.buffer.outbox.lease(target, { bytes: 1, records: 1, body: 1000 });
  assert.ok(lease);
  return lease;
}

test("a lane for one large document has all bodies to itself, and no other starts before it has", async () => {
  await using sending = new Sending();
  for (const target of ["a", "b", "b"]) sending.add("x".repeat(20_000), { target });
  await sending.pass(50);
  const other = request(sending, "b");
  sending.next();
  const lane = sending.lane("a");
  sending.lanes.widen(lane, "old");
  assert.equal(sending.next(), 1000, "a body is in use");
  sending.buffer.outbox.endLease(other);
  assert.equal(sending.next(), "a");
  sending.lanes.begun(lane, "old");
  sending.lanes.ended(lane, "closed");
  assert.deepEqual([sending.next(), lane.wide], ["b", false]);
});

test("a large document that fits into no body gives the others their turn again", async () => {
  await using sending = new Sending();
  for (const target of ["a", "b"]) sending.add("x".repeat(20_000), { target });
  sending.next();
  const lane = sending.lane("a");
  sending.lanes.widen(lane, "old");
  sending.lanes.widen(lane, "old");
  assert.deepEqual([lane.wide, sending.next()], [false, "b"]);
});

test("a large document for which there was no room comes to its turn though others send all the time", async () => {
  await using sending = new Sending();
  sending.lanes.flush(true);
  for (const target of ["a", ...Array<string>(60).fill("b")]) sending.add(lines(0, 1), { target });
  await sending.pass(50);
  sending.next();
  const lane = sending.lane("a");
  sending.lanes.widen(lane, "old");
  assert.equal(sending.next(), "a");
  assert.equal(sending.lanes.noRoom(lane, sending.slots), "full");
  let under = request(sending, "b");
  let ms = 0;
  for (; ms < 5000; ms += 100) {
    sending.advance(100);
    // The next request starts as soon as there is room for it, before this one ends.
    if (sending.next() !== "b") break;
    const next = request(sending, "b");
    sending.buffer.outbox.endLease(under);
    under = next;
  }
  assert.ok(ms < 2000, "it asks for all bodies again after a second");
  sending.buffer.outbox.endLease(under);
  assert.equal(sending.next(), "a");
});

test("64 targets have requests under way at most, of which 32 have failed before; the others get their places in turn", async () => {
  await using sending = new Sending();
  sending.lanes.flush(true);
  const targets = Array.from({ length: 200 }, (_, i) => `i${i}`);
  for (const target of targets) sending.add(lines(0, 1), { target, input: target });
  const begin = (): Lane[] => {
    const begun: Lane[] = [];
    for (let lane = sending.lanes.next(1, sending.slots).lane; lane; lane = sending.lanes.next(1, sending.slots).lane) {
      sending.lanes.begun(lane, "old");
      // Acts as if the chunk were in a request.
      lane.pausedUntil = Infinity;
      begun.push(lane);
    }
    return begun;
  };
  const end = (lane: Lane): void => {
    lane.pausedUntil = -Infinity;
    sending.lanes.ended(lane, "closed");
  };
  const first = begin();
  assert.equal(new Set(first).size, 64);
  for (const lane of first) {
    sending.lanes.failed(lane, "target", "no answer", "", 0);
    end(lane);
  }
  // Meanwhile, each of the other lanes gets its turn.
  const seen = new Set(first);
  while (seen.size < 200) {
    const more = begin();
    assert.ok(more.length > 0 && more.length <= 64);
    for (const lane of more) {
      seen.add(lane);
      lane.pausedUntil = Infinity;
      sending.lanes.ended(lane, "closed");
    }
  }
  sending.advance(20_000);
  assert.equal(begin().length, 32);
});

test("with two sides, the one that is due is sent; if both are, two requests of new chunks go before one of old ones", async () => {
  await using sending = new Sending({ rows: 0, newMs: 4000 });
  const old = lines(0, 1).padEnd(20_000, "x");
  sending.add(old, { target: "i", input: "old" });
  await sending.pass(6000);
  const side = (): string => {
    assert.equal(sending.next(), "i");
    const lane = sending.lane("i");
    const { side } = lane;
    sending.lanes.begun(lane, side);
    return side;
  };
  assert.equal(side(), "old", "nothing is new");
  sending.add(lines(0, 1), { target: "i" });
  assert.equal(side(), "old", "the new chunk may wait for others");
  sending.advance(1000);
  assert.deepEqual([side(), side(), side(), side()], ["new", "new", "old", "new"]);
});

test("a lane that has sent new chunks is not forgotten while its old ones are on the disk, or it would owe them no turn", async () => {
  for (const side of ["new", "old"] as const) {
    await using sending = new Sending();
    const lane = sending.waiting("a");
    await sending.pass(200);
    sending.lanes.begun(lane, side);
    const lease = sending.lease("a");
    assert.ok(lease);
    sending.lanes.ended(lane, "closed");
    assert.equal(sending.next(), 1000, "nothing can be sent now");
    assert.deepEqual([...sending.lanes], side === "new" ? [lane] : [], side);
    sending.buffer.outbox.endLease(lease);
    sending.buffer.evict("default", 1e9, "oldest");
    sending.next();
    assert.deepEqual([...sending.lanes], [], "nothing waits for it any more");
  }
});

test("a target with two sides has one turn among the targets", async () => {
  await using sending = new Sending({ rows: 0, newMs: 4000 });
  for (const target of ["a", "b"]) sending.add("x".repeat(20_000), { target, input: target });
  await sending.pass(6000);
  for (const target of ["a", "b"]) sending.add("x".repeat(20_000), { target, input: target });
  assert.deepEqual(
    Array.from({ length: 4 }, () => sending.next()),
    ["a", "b", "a", "b"],
  );
});

test("a document that is isolated by smaller bodies keeps its side's turn when the request ends", async () => {
  await using sending = new Sending({ rows: 0, newMs: 4000 });
  const lane = sending.waiting("i");
  sending.lanes.begun(lane, "old");
  lane.halve(50, "old");
  sending.lanes.ended(lane, "closed");
  assert.equal(lane.nextSide, "old");
  sending.lanes.progressed(lane, 0);
  assert.equal(lane.nextSide, "new");
});
