import assert from "node:assert/strict";
import { test } from "node:test";
import { CommitLoop, PACE_MS } from "../../../src/buffer/commit/commit-loop.ts";
import { setMode } from "../../../src/buffer/budget/modes.ts";
import { RowLimit } from "../../../src/buffer/budget/row-limit.ts";
import { identifySource, noticeGone } from "../../../src/buffer/sources/sources.ts";
import { silentLog } from "../../../src/core/log.ts";
import { DirectSpool, settled } from "../disk.ts";
import { Held, type HeldOptions, QUOTAS } from "../held.ts";

class Looping extends Held {
  readonly spool = new DirectSpool(this.disk.store);
  readonly said: string[] = [];
  answered = 0;
  readonly limit: RowLimit;
  readonly loop: CommitLoop;

  constructor(options: HeldOptions = {}) {
    super(options);
    const say = (event: string, message: string): void => void this.said.push(`${event}: ${message}`);
    const log = { ...silentLog, info: say, warn: say, error: say };
    this.limit = new RowLimit(this.state, log, this.state.limits.rows);
    this.loop = new CommitLoop(this.state, this.spool, log, this.limit, () => this.answered++);
    this.source();
  }

  /** Advances the clock in steps of 10 ms, and steps the loop after each. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      this.clock.advance(Math.min(10, left));
      this.loop.step();
      await settled();
    }
  }

  persist(patienceMs: number): Promise<void> {
    return this.loop.persist(patienceMs, (ms) => this.clock.sleep(ms));
  }
}

test("a commit is due once a second, and only when there is something to write", async () => {
  using held = new Looping();
  held.add("1\n");
  await held.pass(3 * PACE_MS);
  assert.equal(held.spool.calls.commit, 0, "it can be read again and is young");
  held.add("", { counted: new Map([[3, { records: 1, bytes: 5 }]]), source: "b" });
  await held.pass(PACE_MS);
  assert.deepEqual([held.spool.calls.commit, held.answered], [1, 1]);
  assert.ok(held.limit.diskBytes > 0);
});

test("new sources are committed soon, and thousands of them together", async () => {
  using held = new Looping();
  held.open("b");
  assert.equal(held.loop.dueIn, 20);
  await held.pass(10);
  for (let i = 0; i < 1000; i++) held.open(`c${i}`);
  await held.pass(10);
  assert.equal(held.spool.calls.commit, 1);
  assert.equal(held.disk.value("SELECT count(*) FROM sources"), 1002);
  identifySource(held.state, held.source(), { ...held.source().identity, headLength: 2, headHash: 7 });
  assert.equal(held.loop.dueIn, 20, "a first fingerprint is as new as an id");
});

test("a file that is gone presses until what it held is safe", async () => {
  using held = new Looping();
  held.add("1\n");
  noticeGone(held.state, held.source());
  assert.ok(held.loop.dueIn <= 0);
  held.loop.step();
  await settled();
  assert.equal(held.loop.dueIn, PACE_MS);
});

test("in a queue that spills half a slice presses, or half a stage where that is less", async () => {
  for (const quotas of [{ slice: 2000 }, { stage: 2000 }]) {
    using held = new Looping({ quotas });
    setMode(held.state, held.queue(), "spill");
    held.add("x".repeat(900));
    assert.equal(held.loop.dueIn, PACE_MS);
    held.add("x".repeat(900));
    assert.ok(held.loop.dueIn <= 0);
    setMode(held.state, held.queue(), "memory");
    assert.equal(held.loop.dueIn, PACE_MS);
  }
});

test("dead letters press before their quota ends, and so do many chunks without a row", async () => {
  using held = new Looping({ quotas: { fresh: 4 } });
  held.state.deadLetterBytes = QUOTAS.deadLetters / 2 + 1;
  assert.ok(held.loop.dueIn <= 0);
  held.state.deadLetterBytes = 0;
  held.state.deadLetters = 4000;
  assert.ok(held.loop.dueIn <= 0);
  held.state.deadLetters = 0;
  for (const text of ["1\n", "2\n"]) held.add(text);
  assert.equal(held.loop.dueIn, PACE_MS);
  held.add("3\n");
  assert.ok(held.loop.dueIn <= 0);
});

test("one transaction is under way at a time", async () => {
  using held = new Looping();
  setMode(held.state, held.queue(), "spill");
  held.spool.holding = ["commit"];
  held.add("1\n");
  await held.pass(PACE_MS);
  held.add("2\n");
  await held.pass(3 * PACE_MS);
  assert.equal(held.spool.calls.commit, 1);
  held.spool.release();
  await held.pass(PACE_MS + 20);
  assert.deepEqual(held.disk.rows("SELECT seq FROM heads"), [[1], [2]]);
});

test("a disk that fails is tried every two seconds, is said once, and so is its end", async () => {
  using held = new Looping();
  setMode(held.state, held.queue(), "spill");
  held.spool.failing = ["commit"];
  held.add("1\n");
  await held.pass(7000);
  assert.equal(held.state.disk, "failed");
  assert.deepEqual([held.spool.calls.commit, held.said.length], [4, 1], "after 1, 3, 5 and 7 s");
  assert.match(held.said[0] as string, /^disk_failed: could not write the state database: disk I\/O error; the buffer/);
  held.spool.failing = [];
  await held.pass(2000);
  assert.deepEqual([held.state.disk, held.said[1]], ["working", "disk_up: the state database can be written again"]);
  assert.equal(held.disk.value("SELECT count(*) FROM heads"), 1);
});

test("with nothing to write a disk that failed is tried all the same", async () => {
  using held = new Looping();
  held.state.disk = "failed";
  await held.pass(2000);
  assert.deepEqual([held.state.disk, held.spool.calls.commit], ["working", 1]);
});

test("a commit that is not answered for ten seconds counts as failed until it is", async () => {
  using held = new Looping();
  setMode(held.state, held.queue(), "spill");
  held.spool.holding = ["commit"];
  held.add("1\n");
  await held.pass(10_900);
  assert.equal(held.state.disk, "working");
  await held.pass(200);
  assert.equal(held.state.disk, "late");
  assert.match(held.said.join(), /^disk_late: the state database has not answered for 10 s/);
  held.spool.release();
  await settled();
  assert.deepEqual([held.state.disk, held.state.fresh.size], ["working", 0]);
});

test("a stop makes rows of everything, slice by slice", async () => {
  using held = new Looping({ quotas: { slice: 200 } });
  for (let i = 0; i < 5; i++) held.add(`${"x".repeat(99)}\n`);
  await held.persist(10_000);
  assert.equal(held.disk.value("SELECT count(*) FROM heads"), 5);
  assert.ok(held.spool.calls.commit >= 3);
});

test("a stop tries a disk that fails once more, and no longer waits for one that hangs than it may", async () => {
  using failing = new Looping();
  failing.add("1\n");
  failing.spool.failing = ["commit"];
  await failing.persist(10_000);
  assert.equal(failing.spool.calls.commit, 3, "once, and two probes");

  using hanging = new Looping();
  hanging.add("1\n");
  hanging.spool.holding = ["commit"];
  let ended = false;
  void hanging.persist(5000).then(() => (ended = true));
  for (let ms = 0; ms < 4900; ms += 100) {
    hanging.clock.advance(100);
    await settled();
  }
  assert.ok(!ended);
  hanging.clock.advance(200);
  await settled();
  assert.ok(ended);
  hanging.spool.release();
  await settled();
});

test("a stop says what it could not keep: what is read again, and what nothing has any more", async () => {
  using held = new Looping();
  held.add("1\n2\n");
  held.add("3\n", { source: "b" });
  noticeGone(held.state, held.source("b"));
  held.spool.failing = ["commit"];
  await held.persist(1000);
  assert.match(
    held.said.at(-1) ?? "",
    /^records_unsaved: 1 records of files that are gone .* cannot be written: they are lost; 2 more are read again from their/,
  );
  using replayable = new Looping();
  replayable.add("1\n");
  replayable.spool.failing = ["commit"];
  await replayable.persist(1000);
  assert.match(replayable.said.at(-1) ?? "", /^records_unsaved: the state database cannot be written: 1 records that/);
  using saved = new Looping();
  saved.add("1\n");
  await saved.persist(1000);
  assert.deepEqual(saved.said, []);
});
