import assert from "node:assert/strict";
import { test } from "node:test";
import { SpillwayError } from "../../src/core/errors.ts";
import { OutputStatus, noOutage } from "../../src/pipeline/output-status.ts";
import { settled } from "../buffer/disk.ts";
import { Running } from "../buffer/running.ts";
import type { ManualClock } from "../helpers/manual-clock.ts";
import { Answering, listening } from "./line.ts";

const never = new AbortController().signal;

class Speaking extends Running {
  readonly output = new Answering();
  readonly said: string[];
  readonly status: OutputStatus;

  constructor() {
    super();
    const { said, log } = listening();
    this.said = said;
    this.status = new OutputStatus({ clock: this.clock, buffer: this.buffer, output: this.output, log });
  }

  advance(ms: number): void {
    (this.clock as ManualClock).advance(ms);
  }

  heard(level: string): string[] {
    return this.said.filter((line) => line.startsWith(level));
  }
}

test("an outage is told once, its end says how long it was and how much waits", async () => {
  await using speaking = new Speaking();
  speaking.add(`${"x".repeat(374_999)}\n`);
  const { status } = speaking;
  for (let i = 0; i < 6; i++) {
    status.failed("server", "i", "connection refused", "");
    status.circuit("open");
    speaking.advance(8000);
  }
  assert.equal(status.lastError, "connection refused");
  status.settled();
  status.settled();
  assert.deepEqual([speaking.heard("error").length, speaking.heard("info").length], [1, 1]);
  assert.match(
    speaking.heard("error")[0] ?? "",
    /^error output_down: connection refused\. What is read waits in the buffer; if a rung sheds some of it, the log says so/,
  );
  assert.equal(
    speaking.heard("info")[0],
    "info output_up: the output answers again after 48 s; 375.0 kB of log waiting",
  );
});

test("a few failures are no outage", async () => {
  await using speaking = new Speaking();
  speaking.status.failed("server", "i", "reset", "");
  speaking.status.circuit("closed");
  speaking.status.settled();
  assert.deepEqual(speaking.said, ["debug output_failed: i: reset"]);
});

test("a server that asks to slow down is told once a minute", async () => {
  await using speaking = new Speaking();
  for (let i = 0; i < 13; i++) {
    speaking.status.busy("429");
    speaking.advance(10_000);
  }
  assert.deepEqual(new Set(speaking.said), new Set(["warn output_busy: the output asks to slow down: 429"]));
  assert.equal(speaking.said.length, 3);
});

test("a target that takes nothing is told with what to do, again after ten minutes, and so is its end", async () => {
  await using speaking = new Speaking();
  for (let i = 0; i < 70; i++) {
    speaking.status.stalled("logs-a", "403 no", "give it the privilege");
    speaking.advance(10_000);
  }
  const sentence =
    "logs-a takes nothing: 403 no; give it the privilege. What is for it waits in the buffer, others go on";
  assert.deepEqual(speaking.said, [`error output_stalled: ${sentence}`, `error output_stalled: ${sentence}`]);
  speaking.status.recovered("logs-a", "takes");
  speaking.status.recovered("logs-a", "takes");
  speaking.status.recovered("logs-b", "takes");
  assert.deepEqual(speaking.said.slice(2), ["info output_recovered: logs-a takes again after 11m40s"]);
  speaking.status.stalled("logs-a", "403 no", "");
  speaking.advance(1000);
  speaking.status.recovered("logs-a", "unwanted");
  const end = "info output_recovered: logs-a took nothing for 1.0 s; nothing waits for it any more";
  assert.equal(speaking.said.at(-1), end);
});

test("an outage that lasts is told again after ten minutes", async () => {
  await using speaking = new Speaking();
  for (let i = 0; i < 130; i++) {
    speaking.status.failed("server", "i", "connection refused", "");
    speaking.status.circuit("open");
    speaking.advance(10_000);
  }
  assert.equal(speaking.heard("error").length, 3);
  assert.match(
    speaking.heard("error")[1] ?? "",
    /connection refused, down for 10m00s|connection refused, down for 10m/,
  );
});

test("a request without an answer is told after ten seconds, before anything fails, and so is its end", async () => {
  await using speaking = new Speaking();
  speaking.add("one line\n");
  for (let ms = 0; ms <= 30_000; ms += 1000) {
    speaking.status.check(ms);
    assert.equal(speaking.heard("error").length, ms < 10_000 ? 0 : 1, `after ${ms} ms`);
    speaking.advance(1000);
  }
  const why = "nothing was stored for 10 s: the server has not answered a request for 10 s";
  assert.match(
    speaking.heard("error")[0] ?? "",
    new RegExp(`^error output_down: ${why.replaceAll("10 s", "10(\\.0)? s")}`),
  );
  assert.equal(speaking.status.reachable, false);
  speaking.status.settled();
  assert.equal(speaking.heard("info").length, 1);
  assert.equal(speaking.status.lastError, undefined, "what is over is no error any more");
});

test("a target that refuses everything is no outage, however long the others have nothing to send", async () => {
  await using speaking = new Speaking();
  speaking.add("one line\n");
  for (let i = 0; i < 60; i++) {
    speaking.status.failed("target", "logs-a", "429 busy", "");
    speaking.status.check(0);
    speaking.advance(1000);
  }
  assert.deepEqual([speaking.heard("error"), speaking.status.lastError], [[], "429 busy"]);
  speaking.status.failed("server", "logs-a", "503", "");
  speaking.status.check(0);
  assert.match(speaking.heard("error")[0] ?? "", /^error output_down: nothing was stored for .*: 503/);
});

test("a server that takes 12 s for each answer is told of once, and one that then hangs again", async () => {
  await using speaking = new Speaking();
  speaking.add("one line\n");
  const answer = (): void => {
    for (let ms = 0; ms < 12_000; ms += 1000) {
      speaking.status.check(ms);
      speaking.advance(1000);
    }
  };
  for (let i = 0; i < 20; i++) {
    answer();
    speaking.status.responded(12_000);
    speaking.status.settled();
  }
  assert.deepEqual([speaking.heard("error").length, speaking.heard("info").length], [1, 1]);
  for (let ms = 0; ms < 30_000; ms += 1000) {
    speaking.status.check(ms);
    speaking.advance(1000);
  }
  assert.match(speaking.heard("error")[1] ?? "", /has not answered a request for 24/);
});

test("failures of the server are told after 10 s, however slow its answers were before", async () => {
  await using speaking = new Speaking();
  speaking.add("one line\n");
  speaking.status.responded(60_000);
  speaking.status.settled();
  for (let ms = 0; ms < 12_000; ms += 1000) {
    speaking.status.failed("server", "logs-a", "503", "");
    speaking.status.check(0);
    speaking.advance(1000);
  }
  assert.match(speaking.heard("error")[0] ?? "", /^error output_down: nothing was stored for 10(\.0)? s: 503/);
});

test("nothing is told while nothing waits, or a target that is stuck was told", async () => {
  await using speaking = new Speaking();
  for (let i = 0; i < 60; i++) {
    speaking.status.check(0);
    speaking.advance(1000);
  }
  speaking.add("one line\n", { target: "logs-a" });
  speaking.status.stalled("logs-a", "403 no", "");
  for (let i = 0; i < 60; i++) {
    speaking.status.check(0);
    speaking.advance(1000);
  }
  assert.equal(speaking.said.length, 1);
});

test("the last error has a time, and goes when something is stored and no target is stuck", async () => {
  await using speaking = new Speaking();
  const { status } = speaking;
  status.failed("server", "i", "reset", "");
  assert.deepEqual([status.lastError, status.lastErrorAtMs], ["reset", speaking.clock.wall()]);
  status.settled();
  assert.deepEqual([status.lastError, status.lastErrorAtMs], [undefined, undefined]);
  status.failed("target", "i", "403", "give it rights");
  status.stalled("i", "403", "give it rights");
  status.settled();
  assert.equal(status.lastError, "403; give it rights", "another target takes");
  status.recovered("i", "takes");
  status.settled();
  assert.equal(status.lastError, undefined);
});

test("connecting goes on until it succeeds, and a stop ends it", async () => {
  await using speaking = new Speaking();
  const { output, status } = speaking;
  const down = (): Promise<never> => Promise.reject(new SpillwayError("x", "nobody listens.", { hint: "start it" }));
  output.connects = [down, down];
  const connected = status.connect(never);
  for (let i = 0; i < 3; i++) {
    await settled();
    speaking.advance(30_000);
  }
  await connected;
  assert.equal(status.server, "server 1");
  assert.deepEqual([speaking.heard("error").length, speaking.heard("info").length], [1, 1]);
  assert.match(speaking.heard("error")[0] ?? "", /nobody listens; start it\. What is read waits in the buffer/);
  output.connects = [down];
  const stop = new AbortController();
  const given = status.connect(stop.signal);
  await settled();
  stop.abort();
  await given;
});

test("the first connection that fails says that the output is not up, long before a line does, until something is stored", async () => {
  await using speaking = new Speaking();
  const { status } = speaking;
  await status.connect(never);
  assert.equal(status.reachable, true);
  status.unreachable();
  assert.deepEqual([status.reachable, speaking.heard("error")], [false, []]);
  status.settled();
  assert.equal(status.reachable, true);
});

test("an outage outlives the agent that a reload replaces, and so does its end", async () => {
  for (const how of ["the server did not answer", "it answered and took nothing", "nothing waits"] as const) {
    await using speaking = new Speaking();
    if (how !== "nothing waits") speaking.add("x\n");
    const outage = noOutage();
    const parts = { clock: speaking.clock, buffer: speaking.buffer, output: speaking.output, ...listening(), outage };
    const before = new OutputStatus(parts);
    if (how !== "the server did not answer") await before.connect(never);
    before.failed("server", "i", "connection refused", "");
    before.circuit("open");
    speaking.advance(60_000);
    const { said, log } = listening();
    const after = new OutputStatus({ ...parts, log });
    assert.equal(after.reachable, false);
    await after.connect(never);
    assert.equal(after.reachable, how !== "it answered and took nothing", how);
    after.settled();
    assert.equal(after.reachable, true);
    assert.equal(said.length, 1, said.join());
    assert.match(said[0] ?? "", /^info output_up: the output answers again after 1m/);
  }
});

test("a target that is stuck when a reload replaces the agent is told once, with its end and how long that took", async () => {
  for (const [how, told] of [
    ["takes", "logs-a takes again after 1m05s"],
    ["unwanted", "logs-a took nothing for 1m05s; nothing waits for it any more"],
  ] as const) {
    await using speaking = new Speaking();
    speaking.add("x\n", { target: how === "takes" ? "logs-a" : "logs-b" });
    const outage = noOutage();
    const { said, log } = listening();
    const parts = { clock: speaking.clock, buffer: speaking.buffer, output: speaking.output, log, outage };
    new OutputStatus(parts).stalled("logs-a", "403 no", "");
    speaking.advance(60_000);
    const after = new OutputStatus(parts);
    await after.connect(never);
    assert.equal(after.reachable, false, "nothing was stored since");
    if (how === "takes") after.check(0);
    speaking.advance(5000);
    if (how === "takes") {
      after.stalled("logs-a", "403 no", "");
      after.recovered("logs-a", how);
    }
    after.check(0);
    assert.equal(said.length, 2, said.join("\n"));
    assert.equal(said[1], `info output_recovered: ${told}`);
  }
});
