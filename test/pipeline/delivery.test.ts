// Delivery on the real buffer, with an output that answers as the test says.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { quotas } from "../../src/buffer/quotas.ts";
import { SpillBuffer } from "../../src/buffer/spill-buffer.ts";
import { SqliteSpool } from "../../src/buffer/sqlite-spool.ts";
import { Arena } from "../../src/core/arena.ts";
import { systemClock } from "../../src/core/clock.ts";
import { silentLog } from "../../src/core/log.ts";
import type { Output } from "../../src/core/output.ts";
import { NO_MARK, newSourceId } from "../../src/core/source.ts";
import { Kernel } from "../../src/kernel/kernel.ts";
import { Encoder } from "../../src/outputs/elasticsearch/encoder.ts";
import { Delivery } from "../../src/pipeline/delivery.ts";
import { outputOptions } from "../helpers/output-options.ts";

const MIB = 1 << 20;
const STORES: Output = {
  connect: async () => ({ name: "test" }) as Awaited<ReturnType<Output["connect"]>>,
  send: async () => ({ kind: "stored" }),
  wireBytes: 0,
} as unknown as Output;

test("leases that wait for room for a body leave the process to others meanwhile", async () => {
  const directory = await mkdtemp(join(tmpdir(), "spillway-delivery-"));
  const arena = new Arena(8 * MIB);
  const { spool, recovered } = await SqliteSpool.open({ directory, letters: MIB, maxPages: 0 }, arena.memory.buffer);
  const log = silentLog;
  const limits = quotas(8 * MIB, MIB, MIB);
  const shares = { default: 1 };
  const parts = { clock: systemClock, arena, quotas: limits, log, spool, recovered, rowBudget: 64 * MIB, shares };
  const buffer = new SpillBuffer(parts);
  const options = outputOptions({ batch: { bytes: MIB, records: 1, age: 0 }, concurrency: 2 });
  const encoder = new Encoder(arena, new Kernel(arena), options);
  const delivery = new Delivery({ clock: systemClock, arena, buffer, encoder, output: STORES, options, log });

  for (const name of ["a", "b"]) await admit(buffer, arena, `${name}\n`);
  const rest = arena.alloc(arena.free - 64 * 1024);
  assert.ok(rest);
  const asked = { times: 0 };
  const original = arena.allocHigh.bind(arena);
  arena.allocHigh = (length) => {
    // Far more than once every 50 ms and at each change: with the fault it never ends, so the room is given back.
    if (++asked.times === 1000) arena.release(rest);
    return original(length);
  };
  delivery.start();
  while (asked.times < 4) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(asked.times < 1000, "two waiting leases wake each other without end");
  arena.release(rest);
  while (buffer.state.open > 0) await new Promise((resolve) => setImmediate(resolve));
  await delivery.stop();
  await buffer.persist();
  await spool.close();
  await rm(directory, { recursive: true });
});

async function admit(buffer: SpillBuffer, arena: Arena, text: string): Promise<void> {
  const id = newSourceId();
  const identity = { path: "/x.log", device: "1", inode: id, birthNs: "3", headLength: 0, headHash: 0 };
  buffer.openSource({ id, input: "in", identity, origin: 0, checkpoint: 0, mark: NO_MARK }, 0);
  const region = await buffer.room(text.length, AbortSignal.timeout(5000));
  arena.view(region).write(text);
  arena.unpin(region);
  const envelope = buffer.envelope({
    input: "in",
    path: "/x.log",
    host: "h",
    fields: {},
    index: "i",
    policy: "default",
  });
  const more = { counted: new Map(), readAtMs: 1, mark: NO_MARK, table: undefined };
  await buffer.admit({ source: id, envelope, start: 0, end: text.length, records: 1, region, ...more }, 0);
}
