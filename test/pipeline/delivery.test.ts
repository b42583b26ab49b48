// Delivery to a real server on a socket, with the faults that servers have. Every record must be stored once and get its fate.
import assert from "node:assert/strict";
import { createServer, request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { DEAD, DELIVERED, DUPLICATE } from "../../src/core/fate.ts";
import type { OutputOptions } from "../../src/core/options.ts";
import { Encoder } from "../../src/outputs/elasticsearch/encoder.ts";
import { createElasticsearchOutput } from "../../src/outputs/elasticsearch/output.ts";
import { Delivery } from "../../src/pipeline/delivery.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { parseFaults } from "../../src/sandbox/faults.ts";
import { type RunningOptions, type Where, lines } from "../buffer/running.ts";
import { fastClock } from "../helpers/fast-clock.ts";
import { ManualClock } from "../helpers/manual-clock.ts";
import { outputOptions } from "../helpers/output-options.ts";
import { Answering, Line, listening, until } from "./line.ts";

interface RigOptions {
  readonly faults?: string;
  readonly output?: Partial<OutputOptions>;
  readonly line?: RunningOptions;
  /** The response sent instead of the sandbox's, by index. */
  readonly refusing?: Readonly<Record<string, Answer | undefined>>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
}

class Rig implements AsyncDisposable {
  readonly line: Line;
  readonly sandbox: BulkServer;
  readonly delivery: Delivery;
  readonly said: string[];
  private readonly front: AsyncDisposable;

  private constructor(line: Line, sandbox: BulkServer, delivery: Delivery, said: string[], front: AsyncDisposable) {
    this.line = line;
    this.sandbox = sandbox;
    this.delivery = delivery;
    this.said = said;
    this.front = front;
  }

  static async start({ faults = "", output = {}, line: options = {}, refusing = {} }: RigOptions): Promise<Rig> {
    const sandbox = await startSandbox({ keep: "documents", faults: parseFaults(faults) }, systemClock);
    const front = await frontOf(sandbox.url, refusing);
    const clock = fastClock(20);
    const { said, log } = listening();
    const batch = { bytes: 64 * 1024, records: 1000, age: 20, ...output.batch };
    const line = new Line({ clock, batch: batch.bytes, log, ...options });
    const all = outputOptions({ hosts: [front.url], ...output, batch });
    const destination = createElasticsearchOutput(all, { clock, log });
    const encoder = new Encoder(line.arena, line.kernel, all);
    const { buffer } = line;
    const delivery = new Delivery({ clock, buffer, encoder, output: destination, options: all, log });
    delivery.start();
    return new Rig(line, sandbox, delivery, said, front);
  }

  /** Waits until every record has its fate. Checks that the server has this many lines, each once, and nothing is held. */
  async delivered(records: number): Promise<void> {
    const { line, sandbox, delivery } = this;
    await until(() => line.buffer.open === 0, `everything has its fate: ${this.said.slice(-3).join("; ")}`);
    await until(() => delivery.idle, "nothing is under way");
    const messages = sandbox.documents().map(({ source }) => source["message"]);
    assert.equal(new Set(messages).size, messages.length, "no line twice");
    assert.equal(messages.length, records);
    const { leased, bodies, leases } = line.state;
    assert.deepEqual([leased, bodies, leases.size, delivery.lanes.retrying], [0, 0, 0, 0]);
  }

  fate(fate: number, input?: string): number {
    return this.line.fate(fate, input);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.delivery.stop();
    await this.front[Symbol.asyncDispose]();
    await this.sandbox.stop();
    await this.line[Symbol.asyncDispose]();
  }
}

/** A proxy that forwards requests, but answers the requests for some indices itself. */
async function frontOf(
  behind: string,
  refusing: Readonly<Record<string, Answer | undefined>>,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const index = (request.url ?? "").split("/")[1] ?? "";
    const refused = refusing[index];
    if (refused) {
      request.resume().on("end", () => {
        const error = { type: refused.type, reason: "as the test wants it" };
        response.writeHead(refused.status, { "content-type": "application/json" });
        response.end(JSON.stringify({ error, status: refused.status }));
      });
      return;
    }
    const { method, headers, url } = request;
    const onward = httpRequest(`${behind}${url}`, { method: method as string, headers }, (answer) => {
      response.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => request.socket.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const to = (index: string): Where => ({ input: index, target: index, index });

test("chunks of several inputs arrive, each line once", async () => {
  await using rig = await Rig.start({});
  for (let i = 0; i < 30; i++) rig.line.add(lines(i * 100, 100), { input: `in${i % 3}` });
  await rig.delivered(3000);
  assert.equal(rig.fate(DELIVERED, "in0"), 1000);
  assert.equal(rig.delivery.metrics.items.stored, 3000);
});

for (const faults of ["429=30%", "503=30%", "429-items=30%", "reset=20%", "429=20%,503=20%,429-items=20%,slow=5ms"]) {
  test(`nothing is lost or stored twice with ${faults}`, async () => {
    await using rig = await Rig.start({ faults, output: { batch: { bytes: 8 * 1024, records: 50, age: 20 } } });
    for (let i = 0; i < 10; i++) rig.line.add(lines(i * 40, 40));
    await rig.delivered(400);
    assert.equal(rig.fate(DELIVERED) + rig.fate(DUPLICATE), 400);
    assert.equal(rig.delivery.metrics.unexpectedDuplicates, 0);
  });
}

test("a lost answer is asked again, and what was stored is a duplicate that was expected", async () => {
  await using rig = await Rig.start({ faults: "lost=100%" });
  rig.line.add(lines(0, 100));
  await until(() => rig.sandbox.documents().length === 100, "the server stored it");
  await rig.sandbox.change(parseFaults(""));
  await rig.delivered(100);
  assert.deepEqual([rig.fate(DELIVERED), rig.fate(DUPLICATE)], [0, 100]);
  assert.equal(rig.delivery.metrics.unexpectedDuplicates, 0);
});

test("a document that the server refuses is a dead letter, its neighbours are stored", async () => {
  await using rig = await Rig.start({ faults: "mapping=line 7." });
  const chunk = rig.line.add("line 5.\nline 7.\nline 9.\n");
  await rig.delivered(2);
  assert.deepEqual([rig.fate(DELIVERED), rig.fate(DEAD)], [2, 1]);
  const [letter] = chunk.deadLetters ?? [];
  assert.deepEqual([letter?.offset, letter?.status, Buffer.from(letter?.body ?? []).toString()], [8, 400, "line 7."]);
});

test("a body that is too large is halved until the one line that is too large stands alone", async () => {
  await using rig = await Rig.start({ faults: "413=4KiB" });
  const chunk = rig.line.add(`${lines(0, 60)}${"x".repeat(5000)}\n${lines(60, 60)}`);
  await rig.delivered(120);
  assert.deepEqual([rig.fate(DELIVERED), rig.fate(DEAD)], [120, 1]);
  assert.deepEqual([chunk.deadLetters?.[0]?.status, chunk.deadLetters?.[0]?.bytes], [413, 5001]);
});

test("a line that does not fit into a batch gets a body of its own; one that fits into none is a dead letter", async () => {
  const batch = { bytes: 4096, records: 100, age: 20 };
  await using rig = await Rig.start({ output: { batch }, line: { quotas: { bodies: 64 * 1024 } } });
  rig.line.add(`${"y".repeat(20_000)}\n`);
  rig.line.add(lines(0, 10));
  const chunk = rig.line.add(`${"z".repeat(100_000)}\n`);
  rig.line.add(lines(10, 10));
  await rig.delivered(21);
  assert.equal(chunk.deadLetters?.[0]?.type, "document_too_large");
  assert.equal(rig.fate(DEAD), 1);
  assert.ok(rig.said.some((line) => line.startsWith("warn documents_refused: 1 document of input ")));
});

test("two documents that each need all that there is for bodies do not wait for each other", async () => {
  const output = { batch: { bytes: 4096, records: 100, age: 20 }, concurrency: 4 } as const;
  await using rig = await Rig.start({ output, line: { quotas: { bodies: 64 * 1024 } }, faults: "slow=5ms" });
  for (const index of ["a", "b", "c"]) {
    for (let i = 0; i < 3; i++) {
      rig.line.add(`${index}${i}${"y".repeat(20_000)}\n`, to(index));
      rig.line.add(lines(100 * i + 10 * index.charCodeAt(0), 10), to(index));
    }
  }
  await rig.delivered(3 * 3 * 11);
  assert.equal(rig.fate(DEAD, "a"), 0);
});

test("a document that is too large while no more may be refused waits for a commit, and others go on", async () => {
  const batch = { bytes: 4096, records: 100, age: 20 };
  await using rig = await Rig.start({ output: { batch }, line: { quotas: { bodies: 16 * 1024 } } });
  rig.line.state.deadLetters = 4000;
  rig.line.add(`${"z".repeat(100_000)}\n`, to("a"));
  rig.line.add(lines(0, 10), to("b"));
  await until(() => rig.line.buffer.open === 1, "the other is delivered");
  await systemClock.sleep(50);
  assert.equal(rig.fate(DEAD, "a"), 0);
  rig.line.state.deadLetters = 0;
  await rig.delivered(10);
  assert.equal(rig.fate(DEAD, "a"), 1);
});

test("what does not fit into one body goes with the next", async () => {
  await using rig = await Rig.start({ output: { batch: { bytes: 4096, records: 5000, age: 20 } } });
  for (let i = 0; i < 5; i++) rig.line.add(lines(i * 300, 300));
  await rig.delivered(1500);
  assert.ok(rig.delivery.metrics.requests >= 1500 / 40, `${rig.delivery.metrics.requests} requests of 4 KiB`);
});

for (const answer of [
  { status: 403, type: "security_exception" },
  { status: 404, type: "index_not_found_exception" },
  { status: 503, type: "unavailable_shards_exception" },
]) {
  test(`an index that answers ${answer.status} stops nothing else, and all of it goes when it is over`, async () => {
    const refusing: Record<string, Answer | undefined> = { bad: answer };
    await using rig = await Rig.start({ refusing, output: { concurrency: 2 } });
    for (let i = 0; i < 20; i++) {
      rig.line.add(lines(1000 + 10 * i, 10), to("bad"));
      rig.line.add(lines(10 * i, 10), to("good"));
    }
    // The bad index never recovers by itself, so a long wait proves as much as a short one. A busy machine needs it.
    await until(() => rig.fate(DELIVERED, "good") === 200, "the other index has everything");
    assert.equal(rig.fate(DELIVERED, "bad"), 0);
    assert.ok(rig.line.buffer.open > 0);
    refusing["bad"] = undefined;
    await rig.delivered(400);
    assert.equal(rig.fate(DELIVERED, "bad") + rig.fate(DUPLICATE, "bad"), 200);
  });
}

test("what waits for an index that takes nothing holds no memory, and is tried with one chunk", async () => {
  const refusing: Record<string, Answer | undefined> = { bad: { status: 403, type: "security_exception" } };
  await using rig = await Rig.start({ refusing });
  for (let i = 0; i < 20; i++) rig.line.add(lines(10 * i, 10), to("bad"));
  await until(() => rig.said.some((line) => line.includes("output_stalled")), "it is said");
  await until(() => rig.line.disk.value("SELECT count(*) FROM heads") === 20, "all are rows");
  await until(() => rig.line.state.pool <= 2 * 200, `no memory: ${rig.line.state.pool}`);
  assert.ok(rig.line.state.window <= 1);
  assert.match(
    rig.said.join("\n"),
    /error output_stalled: bad takes nothing: the server answers 403 security_exception.*; the credentials need/,
  );
  refusing["bad"] = undefined;
  await rig.delivered(200);
  assert.match(rig.said.join("\n"), /info output_recovered: bad takes again/);
});

test("nothing waits while it holds a body or a chunk", async () => {
  await using rig = await Rig.start({ faults: "503=100%", output: { concurrency: 4 } });
  for (let i = 0; i < 10; i++) rig.line.add(lines(10 * i, 10), to(`i${i % 3}`));
  await until(() => rig.delivery.metrics.failed > 3, "some requests have failed");
  let looks = 0;
  for (let i = 0; i < 200; i++) {
    await systemClock.sleep(1);
    const { inFlight } = rig.delivery.metrics;
    if (inFlight > 0) continue;
    const { leased, bodies, leases } = rig.line.state;
    assert.deepEqual([leased, bodies, leases.size], [0, 0, 0]);
    looks++;
  }
  assert.ok(looks > 0);
  await rig.sandbox.change(parseFaults(""));
  await rig.delivered(100);
});

test("an outage is said once, so is its end, and everything arrives", async () => {
  await using rig = await Rig.start({});
  rig.line.add(lines(0, 10));
  await rig.delivered(10);
  await rig.sandbox.change(parseFaults("down"));
  rig.line.add(lines(10, 10));
  await until(() => rig.delivery.circuit === "open", "the circuit opens");
  await rig.sandbox.change(parseFaults(""));
  await rig.delivered(20);
  assert.equal(rig.delivery.circuit, "closed");
  const heard = (event: string): number => rig.said.filter((line) => line.includes(event)).length;
  assert.deepEqual([heard("output_down"), heard("output_up")], [1, 1]);
});

test("credentials that are not taken hold everything as an outage does, not index by index", async () => {
  await using rig = await Rig.start({});
  rig.line.add(lines(0, 1));
  await rig.delivered(1);
  await rig.sandbox.change(parseFaults("401=100%"));
  for (const index of ["a", "b", "c"]) rig.line.add(lines(index.charCodeAt(0), 1), to(index));
  await until(() => rig.said.some((line) => line.includes("output_down")), "it is said");
  await systemClock.sleep(500);
  assert.ok(!rig.said.some((line) => line.includes("output_stalled")));
  assert.match(rig.said.join("\n"), /output_down: .*401.*check output\.auth/);
  await rig.sandbox.change(parseFaults(""));
  await rig.delivered(4);
});

test("a stop in the middle gives everything back, open and leased by nobody", async () => {
  const rig = await Rig.start({ faults: "hang=100%" });
  rig.line.add(lines(0, 10));
  await until(() => rig.delivery.metrics.inFlight === 1, "a request hangs");
  await rig.delivery.stop();
  const { leases, leased, bodies, open, queues } = rig.line.state;
  const [queue] = [...queues.values()];
  assert.deepEqual([leases.size, leased, bodies, open, queue?.ready.size], [0, 0, 0, 1, 1]);
  assert.equal(queue?.ready.first?.possiblyStored, true, "its answer was lost");
  await rig[Symbol.asyncDispose]();
});

test("before a successor comes: what is under way ends, the rest of what it carries goes too, nothing else does", async () => {
  await using rig = await Rig.start({
    faults: "slow=50ms",
    output: { batch: { bytes: 65536, records: 100, age: 20 } },
  });
  const { line, delivery } = rig;
  for (let i = 0; i < 20; i++) line.add(lines(250 * i, 250));
  await until(() => delivery.metrics.inFlight > 0, "a request under way");
  await delivery.finish(60_000, AbortSignal.timeout(20_000));
  const stored = rig.sandbox.documents().length;
  assert.ok(stored > 0 && stored < 5000, `${stored} of 5000 were stored`);
  assert.equal(stored % 250, 0, `${stored} are whole chunks`);
  assert.equal(line.fate(DELIVERED), stored);
});

test("the rest of what is under way is waited for no longer than the grace, nor when somebody is in a hurry", async () => {
  await using rig = await Rig.start({
    faults: "429-items=50%",
    output: { batch: { bytes: 65536, records: 100, age: 20 } },
  });
  const { line, delivery, sandbox } = rig;
  line.add(lines(0, 250));
  await until(() => sandbox.documents().length > 0, "some of it is stored");
  await sandbox.change(parseFaults("429-items=100%"));
  await delivery.finish(100, AbortSignal.timeout(20_000));
  assert.ok(line.buffer.open > 0);
  await sandbox.change(parseFaults("hang"));
  await delivery.finish(1e9, AbortSignal.abort());
});

test("a batch waits for its size or its age, a flush for nothing", async () => {
  await using rig = await Rig.start({ output: { batch: { bytes: 1 << 20, records: 1000, age: 3_600_000 } } });
  rig.line.add(lines(0, 10));
  await until(() => rig.delivery.status.server !== undefined, "connected");
  await systemClock.sleep(50);
  assert.equal(rig.delivery.metrics.requests, 0);
  rig.delivery.flush();
  await rig.delivered(10);
});

test("a batch of enough small chunks waits for nothing", async () => {
  const output = { batch: { bytes: 1 << 20, records: 1000, age: 3_600_000 } };
  await using rig = await Rig.start({ output, line: { quotas: { chunks: 4 } } });
  for (let i = 0; i < 8; i++) rig.line.add(lines(i, 1));
  await rig.delivered(8);
});

test("no more is sent than the cap allows", async () => {
  const output = { rate: 20_000, batch: { bytes: 4096, records: 1000, age: 20 } };
  await using rig = await Rig.start({ output });
  const from = rig.line.clock.now();
  for (let i = 0; i < 10; i++) rig.line.add(lines(i * 100, 100));
  await rig.delivered(1000);
  const seconds = (rig.line.clock.now() - from) / 1000;
  const rate = (rig.delivery.metrics.bodyBytes - 20_000) / seconds;
  assert.ok(rate < 20_000 * 1.2, `${rate.toFixed(0)} bytes a second`);
});

/** Delivery to a destination that responds at once, on a clock that the test advances. */
function answering(line: Line): Delivery {
  const { clock, buffer } = line;
  const options = outputOptions({ batch: { bytes: 2000, records: 1000, age: 20 }, concurrency: 1 });
  const encoder = new Encoder(line.arena, line.kernel, options);
  const delivery = new Delivery({ clock, buffer, encoder, output: new Answering(), options, log: listening().log });
  delivery.start();
  return delivery;
}

/** Milliseconds until this many records are delivered. */
async function took(line: Line, records: number, index: string): Promise<number> {
  const from = line.clock.now();
  while (line.fate(DELIVERED, index) < records && line.clock.now() < from + 9000) await line.pass(10, 10);
  return line.clock.now() - from;
}

test("the place of a request that has ended is taken at once", async () => {
  await using line = new Line({ clock: new ManualClock(), batch: 2000 });
  const delivery = answering(line);
  line.add(lines(0, 1), to("good"));
  await line.pass(500);
  for (let i = 1; i <= 100; i++) line.add(lines(i * 8, 8), to("good"));
  const ms = await took(line, 801, "good");
  assert.ok(delivery.metrics.requests > 90 && ms < 1500, `${ms} ms for ${delivery.metrics.requests} requests`);
  await delivery.stop();
});

test("targets whose chunks may not be sent yet keep no other waiting", async () => {
  await using line = new Line({ clock: new ManualClock(), batch: 2000 });
  const delivery = answering(line);
  line.add(lines(0, 1), to("good"));
  await line.pass(500);
  line.spool.holding = ["commit"];
  for (let i = 0; i < 40; i++) line.add(lines(0, 1), to(`new${i}`));
  for (let i = 1; i <= 100; i++) line.add(lines(i * 8, 8), to("good"));
  const ms = await took(line, 801, "good");
  assert.ok(ms < 1500, `${ms} ms for 100 requests`);
  line.spool.release();
  await line.pass(500);
  assert.equal(line.buffer.open, 0);
  await delivery.stop();
});
