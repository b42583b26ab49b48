import assert from "node:assert/strict";
import { test } from "node:test";
import { SpillwayError } from "../../src/core/errors.ts";
import type { OutputOptions } from "../../src/core/options.ts";
import { EXISTS, type Output, REFUSED, RETRY, STORED, type SendReport } from "../../src/core/output.ts";
import { Sink } from "../../src/pipeline/sink.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { outputOptions } from "../helpers/output-options.ts";
import { Line } from "./line.ts";

const never = new AbortController().signal;
const UNANSWERED: SendReport = { kind: "unanswered", why: "connection refused" };
const idle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

class Rig {
  readonly clock = new ManualClock();
  readonly line = new Line({ clock: this.clock });
  readonly said: string[] = [];
  readonly sink: Sink;
  next: SendReport = { kind: "stored" };
  connects: (() => Promise<{ name: string }>)[] = [];

  constructor(options: Partial<OutputOptions> = {}) {
    const say =
      (level: string) =>
      (event: string, message: string): void =>
        void this.said.push(`${level} ${event}: ${message}`);
    const output: Output = {
      wireBytes: 7,
      send: () => Promise.resolve(this.next),
      connect: () => (this.connects.shift() ?? (() => Promise.resolve({ name: "server 1" })))(),
      close: () => Promise.resolve(),
    };
    const log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
    this.sink = new Sink({ clock: this.clock, buffer: this.line.buffer, output, options: outputOptions(options), log });
  }

  async send(report: SendReport, docs = 1): Promise<void> {
    this.next = report;
    await this.sink.send("index", Buffer.alloc(100), docs, never);
  }

  heard(level: string): string[] {
    return this.said.filter((line) => line.startsWith(level));
  }
}

test("an outage is told once, its end says how long it was and how much waits", async () => {
  const rig = new Rig();
  rig.line.add("x".repeat(1_500_000 / 4));
  for (let i = 0; i < 6; i++) {
    await rig.send(UNANSWERED);
    rig.clock.advance(10_000);
  }
  assert.deepEqual(rig.heard("error").length, 1);
  assert.match(rig.heard("error")[0] as string, /^error output_down: connection refused\. Nothing is lost/);
  assert.deepEqual([rig.sink.failed, rig.sink.requests, rig.sink.lastError], [6, 6, "connection refused"]);
  await rig.send({ kind: "stored" });
  await rig.send({ kind: "stored" });
  assert.equal(rig.heard("info").length, 1);
  assert.match(
    rig.heard("info")[0] as string,
    /^info output_up: the output answers again after 4\d s; 375.1 kB waiting/,
  );
});

test("one failure is no outage; a server that asks to slow down is not down", async () => {
  const rig = new Rig();
  await rig.send(UNANSWERED);
  await rig.send({ kind: "stored" });
  assert.deepEqual(rig.said, []);
  await rig.send({ kind: "busy", why: "429", retryAfterMs: 3000 });
  assert.match(rig.said.join(), /^warn output_busy/);
  assert.equal(rig.sink.askedMs, 3000);
  await rig.send({ kind: "stored" });
  assert.equal(rig.sink.askedMs, 0);
});

test("wrong credentials hold everything at once, and say what to do", async () => {
  const rig = new Rig();
  await rig.send({ kind: "denied", why: "401 from the server", hint: "look at `output.auth`" });
  assert.match(rig.said.join(), /^error output_down: 401 from the server; look at `output.auth`/);
  assert.ok(!rig.sink.tries && !rig.sink.admit());
});

test("in an open circuit one request tries, and one that was never sent gives the trial back", async () => {
  const rig = new Rig();
  for (let i = 0; i < 3; i++) {
    await rig.send(UNANSWERED);
    rig.clock.advance(1);
  }
  assert.ok(!rig.sink.tries);
  rig.clock.advance(60_000);
  assert.ok(rig.sink.tries && rig.sink.admit());
  assert.ok(!rig.sink.admit(), "one is enough");
  rig.sink.ended();
  rig.clock.advance(60_000);
  assert.ok(rig.sink.admit());
  await rig.send({ kind: "stored" });
  assert.ok(rig.sink.admit() && rig.sink.admit());
});

test("documents are counted by what became of them", async () => {
  const rig = new Rig();
  const verdicts = Uint8Array.from([STORED, STORED, EXISTS, RETRY, REFUSED]);
  await rig.send({ kind: "mixed", verdicts, refusals: new Map(), busy: true, why: "rejected" }, 5);
  await rig.send({ kind: "stored" }, 10);
  rig.sink.refused(1);
  assert.deepEqual(rig.sink.items, { stored: 12, exists: 1, retry: 1, refused: 2 });
  assert.deepEqual(
    [rig.sink.failed, rig.sink.lastError, rig.sink.bodyBytes, rig.sink.wireBytes],
    [0, "rejected", 200, 7],
  );
  rig.sink.unexpected(3);
  assert.equal(rig.sink.unexpectedDuplicates, 3);
  assert.match(rig.said.join(), /^warn unexpected_duplicates: 3 documents/);
});

test("a cap on the rate makes requests wait, also for a body larger than the bucket", async () => {
  const rig = new Rig({ rate: 50, batch: { bytes: 60, records: 10, age: 1 } });
  let sent = 0;
  const send = (): void => void rig.send({ kind: "stored" }).then(() => sent++);
  send();
  await idle();
  assert.equal(sent, 0, "100 bytes, 60 are in the bucket");
  for (let ms = 0; ms < 900; ms += 100) {
    rig.clock.advance(100);
    await idle();
  }
  assert.equal(sent, 1);
});

test("connecting goes on until it succeeds, and a stop ends it", async () => {
  const rig = new Rig();
  const down = (): Promise<never> => Promise.reject(new SpillwayError("x", "nobody listens.", { hint: "start it" }));
  rig.connects = [down, down];
  const connected = rig.sink.connect(never);
  for (let i = 0; i < 3; i++) {
    await idle();
    rig.clock.advance(30_000);
  }
  await connected;
  assert.equal(rig.sink.server, "server 1");
  assert.deepEqual([rig.heard("error").length, rig.heard("info").length], [1, 1]);
  assert.match(rig.heard("error")[0] as string, /nobody listens; start it\./);
  rig.connects = [down];
  const stop = new AbortController();
  const given = rig.sink.connect(stop.signal);
  await idle();
  stop.abort();
  await given;
});

test("what documents take of their estimate is learnt, within reason", () => {
  const { sink } = new Rig();
  for (let i = 0; i < 30; i++) sink.learn(300, 100);
  assert.ok(Math.abs(sink.swelling - 3) < 0.1);
  for (let i = 0; i < 60; i++) sink.learn(1, 100);
  assert.equal(sink.swelling, 0.25);
});
