// Delivery into a real server on a socket, with what servers do wrong: every record is stored once and has its fate.
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../src/core/clock.ts";
import { DEAD, DELIVERED, DUPLICATE } from "../../src/core/fate.ts";
import { silentLog } from "../../src/core/log.ts";
import type { OutputOptions } from "../../src/core/options.ts";
import { Encoder } from "../../src/outputs/elasticsearch/encoder.ts";
import { createElasticsearchOutput } from "../../src/outputs/elasticsearch/output.ts";
import { Delivery } from "../../src/pipeline/delivery.ts";
import { type BulkServer, startSandbox } from "../../src/sandbox/bulk-server.ts";
import { parseFaults } from "../../src/sandbox/faults.ts";
import { fastClock } from "../helpers/fast-clock.ts";
import { outputOptions } from "../helpers/output-options.ts";
import { Line, type LineOptions, lines, until } from "./line.ts";

interface Rig extends AsyncDisposable {
  readonly line: Line;
  readonly sandbox: BulkServer;
  readonly delivery: Delivery;
}

async function rig(faults: string, options: Partial<OutputOptions> = {}, lineOptions: LineOptions = {}): Promise<Rig> {
  const sandbox = await startSandbox({ keep: "documents", faults: parseFaults(faults) }, systemClock);
  const clock = fastClock(20);
  const line = new Line({ clock, ...lineOptions });
  const batch = { bytes: 64 * 1024, records: 1000, age: 20, ...options.batch };
  const all = outputOptions({ hosts: [sandbox.url], ...options, batch });
  const output = createElasticsearchOutput(all, { clock, log: silentLog });
  const encoder = new Encoder(line.arena, line.kernel, all);
  const { arena, buffer } = line;
  const delivery = new Delivery({ clock, arena, buffer, encoder, output, options: all, log: silentLog });
  delivery.start();
  return {
    line,
    sandbox,
    delivery,
    async [Symbol.asyncDispose]() {
      await delivery.stop();
      await output.close();
      await sandbox.stop();
      await buffer.persist();
    },
  };
}

async function delivered({ line, sandbox, delivery }: Rig, records: number): Promise<void> {
  await until(() => line.buffer.state.open === 0, "everything has its fate", 20_000);
  await until(() => delivery.idle, "nothing is leased");
  const messages = sandbox.documents().map(({ source }) => source["message"]);
  assert.equal(new Set(messages).size, messages.length, "no line twice");
  assert.equal(messages.length, records);
  const { state } = line.buffer;
  assert.deepEqual([state.leased, state.bodies, state.ready.size, delivery.retrying], [0, 0, 0, 0]);
}

test("chunks of several inputs arrive, each line once", async () => {
  await using all = await rig("");
  for (let i = 0; i < 30; i++) all.line.add(lines(i * 100, 100), { input: `in${i % 3}` });
  await delivered(all, 3000);
  assert.equal(all.line.fate(DELIVERED, "in0"), 1000);
  assert.equal(all.delivery.sink.items.stored, 3000);
});

for (const faults of ["429=30%", "503=30%", "429-items=30%", "reset=20%", "429=20%,503=20%,429-items=20%,slow=5ms"]) {
  test(`nothing is lost or stored twice with ${faults}`, async () => {
    await using all = await rig(faults, { batch: { bytes: 8 * 1024, records: 50, age: 20 } });
    for (let i = 0; i < 10; i++) all.line.add(lines(i * 40, 40));
    await delivered(all, 400);
    assert.equal(all.line.fate(DELIVERED) + all.line.fate(DUPLICATE), 400);
    assert.equal(all.delivery.sink.unexpectedDuplicates, 0);
  });
}

test("a lost answer is asked again, and what was stored is a duplicate that was expected", async () => {
  await using all = await rig("lost=100%");
  all.line.add(lines(0, 100));
  await until(() => all.sandbox.documents().length === 100, "the server stored it");
  await all.sandbox.change(parseFaults(""));
  await delivered(all, 100);
  assert.deepEqual([all.line.fate(DELIVERED), all.line.fate(DUPLICATE)], [0, 100]);
  assert.equal(all.delivery.sink.unexpectedDuplicates, 0);
});

test("a document that the server refuses is a dead letter, its neighbours are stored", async () => {
  await using all = await rig("mapping=line 7.");
  const chunk = all.line.add("line 5.\nline 7.\nline 9.\n");
  await delivered(all, 2);
  assert.deepEqual([all.line.fate(DELIVERED), all.line.fate(DEAD)], [2, 1]);
  const [letter] = chunk.letters;
  assert.deepEqual([letter?.offset, letter?.status, Buffer.from(letter?.body ?? []).toString()], [8, 400, "line 7."]);
});

test("a body that is too large is halved until the one line that is too large stands alone", async () => {
  await using all = await rig("413=4KiB");
  const chunk = all.line.add(`${lines(0, 60)}${"x".repeat(5000)}\n${lines(60, 60)}`);
  await delivered(all, 120);
  assert.deepEqual([all.line.fate(DELIVERED), all.line.fate(DEAD)], [120, 1]);
  assert.deepEqual([chunk.letters[0]?.status, chunk.letters[0]?.bytes], [413, 5000]);
});

test("a line that does not fit into a batch gets a body of its own; one that fits into none is a dead letter", async () => {
  const options = { batch: { bytes: 4096, records: 100, age: 20 } };
  await using all = await rig("", options, { quotas: { bodies: 64 * 1024 } });
  all.line.add(`${"y".repeat(20_000)}\n`);
  all.line.add(lines(0, 10));
  const chunk = all.line.add(`${"z".repeat(100_000)}\n`);
  all.line.add(lines(10, 10));
  await delivered(all, 21);
  assert.equal(chunk.letters[0]?.type, "document_too_large");
  assert.equal(all.line.fate(DEAD), 1);
});

test("what does not fit into one body goes with the next", async () => {
  const options = { batch: { bytes: 4096, records: 5000, age: 20 } };
  await using all = await rig("", options);
  for (let i = 0; i < 5; i++) all.line.add(lines(i * 300, 300));
  await delivered(all, 1500);
  assert.ok(all.delivery.sink.requests >= 1500 / 40, `${all.delivery.sink.requests} requests of 4 KiB`);
});

test("a stop in the middle gives everything back, open and leased by nobody", async () => {
  const all = await rig("hang=100%");
  all.line.add(lines(0, 10));
  await until(() => all.delivery.sink.inFlight === 1, "a request hangs");
  await all.delivery.stop();
  const { state } = all.line.buffer;
  assert.deepEqual([state.leases.size, state.leased, state.bodies, state.open, state.ready.size], [0, 0, 0, 1, 1]);
  assert.equal(state.ready.first?.maybe, true, "its answer was lost");
  await all[Symbol.asyncDispose]();
});

test("a batch waits for its size or its age, a flush for nothing", async () => {
  const options = { batch: { bytes: 1 << 20, records: 1000, age: 3_600_000 } };
  await using all = await rig("", options);
  all.line.add(lines(0, 10));
  await until(() => all.delivery.sink.server !== undefined, "connected");
  await systemClock.sleep(50);
  assert.equal(all.delivery.sink.requests, 0);
  all.delivery.flush();
  await delivered(all, 10);
});

test("a batch of enough small chunks waits for nothing", async () => {
  const options = { batch: { bytes: 1 << 20, records: 1000, age: 3_600_000 } };
  await using all = await rig("", options, { quotas: { chunks: 4 } });
  for (let i = 0; i < 8; i++) all.line.add(lines(i, 1));
  await delivered(all, 8);
});
