// Requests that fail as a whole, beside others that are stored: all those for one target, or those with one document. The clock
// is advanced by the test.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEAD, DELIVERED } from "../../src/core/fate.ts";
import type { SendReport } from "../../src/core/output.ts";
import { Encoder } from "../../src/outputs/elasticsearch/encoder.ts";
import { Delivery } from "../../src/pipeline/delivery.ts";
import { type RunningOptions, lines } from "../buffer/running.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { outputOptions } from "../helpers/output-options.ts";
import { Answering, Line, listening } from "./line.ts";
import { to } from "./shipping.ts";

const FAILS: SendReport = { kind: "unanswered", why: "the server answers 500" };

/** A firewall's page. */
const REFUSED: SendReport = {
  kind: "denied",
  by: "server",
  why: "the server answers 403 with text/html",
  hint: "",
  rejection: { refusal: { status: 403, type: "request_rejected", reason: "403" }, host: 0 },
};

/** Fails requests for the targets of `failing`, refuses those with a document that has "evil", and others as `refuses` says. */
class Failing extends Answering {
  readonly failing = new Set<string>();
  refuses = (): boolean => false;
  sent = 0;
  private hanging: { readonly target: string; readonly end: Promise<SendReport> } | undefined;

  /** From now on, requests for this target are not answered. @returns function that ends this, and fails them */
  hang(target: string): () => void {
    const { promise, resolve } = Promise.withResolvers<SendReport>();
    this.hanging = { target, end: promise };
    return () => {
      this.hanging = undefined;
      resolve(FAILS);
    };
  }

  override send(target = "", body: Buffer = Buffer.alloc(0)): Promise<SendReport> {
    this.sent++;
    if (this.hanging?.target === target) return this.hanging.end;
    if (this.failing.has(target)) return Promise.resolve(FAILS);
    return Promise.resolve(this.refuses() || body.includes("evil") ? REFUSED : this.next);
  }
}

class Rig implements AsyncDisposable {
  readonly line: Line;
  readonly output = new Failing();
  readonly delivery: Delivery;
  readonly said: string[];
  private added = 0;

  constructor(running: RunningOptions = {}) {
    this.line = new Line({ clock: new ManualClock(), ...running });
    const { said, log } = listening();
    this.said = said;
    const options = outputOptions({ batch: { bytes: 64 * 1024, records: 1000, age: 20 } });
    const { clock, buffer, arena, kernel } = this.line;
    const encoder = new Encoder(arena, kernel, options);
    this.delivery = new Delivery({ clock, buffer, encoder, output: this.output, options, log });
    this.delivery.start();
  }

  /** Lets time pass, in steps of at most a second. */
  pass(ms: number): Promise<void> {
    return this.line.pass(ms, Math.max(50, Math.min(1000, ms / 5)));
  }

  /** Adds a record for the target. @returns whether it was delivered within this time */
  async ships(target: string, ms: number): Promise<boolean> {
    const before = this.line.fate(DELIVERED, target);
    this.line.add(lines(this.added++, 1), to(target));
    await this.pass(ms);
    return this.line.fate(DELIVERED, target) > before;
  }

  /** Fates of the target's records. */
  fates(target: string): { readonly dead: number; readonly delivered: number } {
    return { dead: this.line.fate(DEAD, target), delivered: this.line.fate(DELIVERED, target) };
  }

  /** How often each event was logged. */
  heard(...events: string[]): number[] {
    return events.map((event) => this.said.filter((line) => line.includes(` ${event}:`)).length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.delivery.stop();
    await this.line[Symbol.asyncDispose]();
  }
}

const EVENTS = ["output_down", "output_up", "output_stalled", "output_recovered"];

test("an index that fails opens no circuit and is no outage, however seldom another has something to store", async () => {
  await using rig = new Rig();
  rig.output.failing.add("bad");
  await rig.ships("bad", 50);
  for (let i = 0; i < 30; i++) assert.ok(await rig.ships("good", 100));
  for (let i = 0; i < 20; i++) {
    assert.ok(await rig.ships("good", 1000), "it waits for nothing");
    await rig.pass(29_000);
    assert.equal(rig.delivery.circuit, "closed");
  }
  assert.deepEqual(rig.heard(...EVENTS), [0, 0, 1, 0]);
  rig.output.failing.clear();
  await rig.pass(20_000);
  assert.deepEqual(rig.heard(...EVENTS), [0, 0, 1, 1]);
});

test("an index that failed beside another is no reason not to say that the server fails as a whole", async () => {
  await using rig = new Rig();
  rig.output.failing.add("bad");
  await rig.ships("bad", 50);
  for (let i = 0; i < 10; i++) await rig.ships("good", 3000);
  assert.deepEqual(rig.heard(...EVENTS), [0, 0, 1, 0]);
  rig.output.failing.add("good");
  assert.ok(!(await rig.ships("good", 30_000)));
  assert.deepEqual(rig.heard(...EVENTS), [1, 0, 1, 0]);
  rig.output.failing.clear();
  await rig.pass(40_000);
  assert.deepEqual(rig.heard(...EVENTS), [1, 1, 1, 1]);
  assert.equal(rig.line.buffer.open, 0);
});

for (const [where, at] of [
  ["the first", 0],
  ["one in the middle", 77],
  ["the last", 399],
] as const)
  for (const besides of ["another index stores documents", "there is no other index"])
    test(`a document for which every request is refused, ${where} of a chunk, is a dead letter; ${besides}`, async () => {
      await using rig = new Rig();
      const chunk = Array.from({ length: 400 }, (_, i) => (i === at ? "evil\n" : `record ${i}\n`));
      rig.line.add(chunk.join(""), to("a"));
      let n = 0;
      while (rig.fates("a").dead === 0 && n < 400) {
        n++;
        await rig.ships("a", 500);
        if (besides.startsWith("another")) await rig.ships("b", 500);
        else await rig.pass(500);
      }
      await rig.pass(60_000);
      assert.deepEqual(rig.fates("a"), { dead: 1, delivered: 399 + n });
      assert.equal(rig.line.buffer.open, 0);
      assert.ok(n >= 40, `${n} seconds: the tries are slow`);
      assert.equal(rig.heard("documents_refused")[0], 1);
    });

test("a document for which every request is refused does not keep its index stuck after a time without answers", async () => {
  await using rig = new Rig();
  rig.line.add("evil\n", to("a"));
  let n = 0;
  for (; n < 90; n++) await rig.ships("a", 1000);
  assert.equal(rig.fates("a").dead, 0);
  const answer = rig.output.hang("a");
  for (let i = 0; i < 30; i++) {
    n++;
    await rig.ships("a", 500);
    await rig.ships("b", 500);
  }
  assert.equal(rig.heard("output_stalled")[0], 1);
  answer();
  const until = n + 150;
  for (; rig.fates("a").dead === 0 && n < until; n++) await rig.ships("a", 1000);
  await rig.pass(60_000);
  assert.deepEqual(rig.fates("a"), { dead: 1, delivered: n });
});

test("with the newest first, old records with such a document do not wait for ever while new ones are stored", async () => {
  await using rig = new Rig({ newMs: 5000 });
  rig.line.add(`${lines(9000, 100)}evil\n${lines(9100, 100)}`, to("a"));
  let n = 0;
  while (rig.fates("a").dead === 0 && n++ < 300) await rig.ships("a", 1000);
  await rig.pass(60_000);
  assert.deepEqual(rig.fates("a"), { dead: 1, delivered: 200 + n });
});

test("a document for which every request is refused is held while nothing else is stored, and condemned when it is", async () => {
  await using rig = new Rig();
  rig.line.add("evil\n", to("a"));
  for (let i = 0; i < 10; i++) await rig.ships("b", 100);
  for (let i = 0; i < 30; i++) await rig.ships("b", 10_000);
  await rig.pass(120_000);
  assert.equal(rig.fates("a").dead, 0);
  assert.deepEqual(rig.heard(...EVENTS), [0, 0, 1, 0]);
  let n = 0;
  for (; rig.fates("a").dead === 0 && n < 20; n++) await rig.ships("a", 20_000);
  assert.deepEqual(rig.fates("a"), { dead: 1, delivered: n });
});

test("several documents for which every request is refused are dead letters, and all others are stored", async () => {
  await using rig = new Rig();
  for (let i = 0; i < 3; i++) rig.line.add(`${lines(1000 * i, 50)}evil ${i}\n${lines(1000 * i + 50, 50)}`, to("a"));
  let n = 0;
  for (; rig.fates("a").dead < 3 && n < 1000; n++) await rig.ships("a", 1000);
  await rig.pass(60_000);
  assert.deepEqual(rig.fates("a"), { dead: 3, delivered: 300 + n });
});

test("a server that refuses everything for an hour condemns no document, and gets full bodies afterwards", async () => {
  await using rig = new Rig();
  rig.output.refuses = () => true;
  for (let i = 0; i < 30; i++) {
    await rig.ships("a", 60_000);
    await rig.ships("b", 60_000);
  }
  assert.deepEqual(rig.heard("output_down", "output_stalled"), [6, 0]);
  rig.output.refuses = () => false;
  const { sent } = rig.output;
  await rig.pass(60_000);
  for (const target of ["a", "b"]) assert.deepEqual(rig.fates(target), { dead: 0, delivered: 30 });
  assert.ok(rig.output.sent - sent < 40, `${rig.output.sent - sent} requests`);
});

for (const share of [0.3, 0.5, 0.8])
  test(`a server that refuses ${share * 100} % of the requests, whatever is in them, condemns no document`, async () => {
    await using rig = new Rig();
    let seed = 1;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    rig.output.refuses = () => random() < share;
    for (let i = 0; i < 400; i++) {
      rig.line.add(lines(100 * i, 20), to("a"));
      await rig.pass(5000);
    }
    assert.equal(rig.fates("a").dead, 0);
    rig.output.refuses = () => false;
    await rig.pass(60_000);
    assert.deepEqual(rig.fates("a"), { dead: 0, delivered: 8000 });
  });
