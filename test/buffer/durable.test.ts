// The buffer on real SQLite: what is durable when, and what a restart finds.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { Arena } from "../../src/core/arena.ts";
import { systemClock } from "../../src/core/clock.ts";
import { DELIVERED, DUPLICATE } from "../../src/core/fate.ts";
import { silentLog } from "../../src/core/log.ts";
import { type KnownSource, NO_MARK, newSourceId } from "../../src/core/source.ts";
import { beginSend, endLease, endSend, takeLease } from "../../src/buffer/lease.ts";
import { quotas } from "../../src/buffer/quotas.ts";
import { SpillBuffer } from "../../src/buffer/spill-buffer.ts";
import { SqliteSpool } from "../../src/buffer/sqlite-spool.ts";
import { settleRun } from "../../src/buffer/state.ts";

const MIB = 1 << 20;
const directories: string[] = [];
afterEach(() => {
  for (const d of directories.splice(0)) rmSync(d, { recursive: true, force: true });
});

function directory(): string {
  const d = mkdtempSync(join(tmpdir(), "spillway-buffer-"));
  directories.push(d);
  return d;
}

interface Rig {
  readonly buffer: SpillBuffer;
  readonly arena: Arena;
  stop(): Promise<void>;
  add(source: KnownSource, text: string): Promise<void>;
}

async function open(path: string): Promise<Rig> {
  const arena = new Arena(8 * MIB, { poison: 0xdb });
  const { spool, recovered } = await SqliteSpool.open(
    { directory: path, letters: MIB, maxPages: 0 },
    arena.memory.buffer,
  );
  const parts = { clock: systemClock, arena, quotas: quotas(8 * MIB, MIB, MIB), log: silentLog, spool, recovered };
  const buffer = new SpillBuffer({ ...parts, rowBudget: 64 * MIB, shares: { default: 1 } });
  const facts = { input: "in", path: "/x.log", host: "h", fields: {}, index: "i", policy: "default" };
  return {
    buffer,
    arena,
    stop: async () => {
      await buffer.persist();
      await spool.close();
    },
    async add(source, text) {
      const region = await buffer.room(text.length, AbortSignal.timeout(5000));
      arena.view(region).write(text);
      arena.unpin(region);
      const start = buffer.state.sources.get(source.id)?.position ?? 0;
      const records = text.split("\n").length - 1;
      const envelope = buffer.envelope(facts);
      const more = { counted: new Map(), readAtMs: 1, mark: NO_MARK, table: undefined };
      await buffer.admit({ source: source.id, envelope, start, end: start + text.length, records, region, ...more }, 0);
    },
  };
}

function source(): KnownSource {
  const identity = { path: "/x.log", device: "1", inode: "2", birthNs: "3", headLength: 0, headHash: 0 };
  return { id: newSourceId(), input: "in", identity, origin: 0, checkpoint: 0, mark: NO_MARK };
}

test("a stop keeps what was not delivered, and the next start finds it", async () => {
  const path = directory();
  const first = await open(path);
  const s = source();
  first.buffer.openSource(s, 0);
  await first.add(s, "one\ntwo\n");
  await first.add(s, "three\n");
  await first.stop();

  const second = await open(path);
  const known = second.buffer.knownSources("in");
  assert.equal(known.length, 1);
  assert.equal(known[0]?.checkpoint, 14);
  assert.equal(second.buffer.state.mode, "spill");
  second.buffer.openSource(known[0] as KnownSource, 14);
  while (second.buffer.state.unloaded.size > 0 || second.buffer.state.ready.size < 2)
    await second.buffer.changes.wait(50);
  const lease = takeLease(second.buffer.state, { bytes: MIB, records: 100, body: MIB });
  assert.ok(lease);
  assert.equal(lease.chunks.length, 2);
  assert.ok(beginSend(second.buffer.state, lease));
  const [a, b] = lease.chunks.slice();
  settleRun(second.buffer.state, a as never, 0, 1, DELIVERED);
  settleRun(second.buffer.state, a as never, 1, 2, DUPLICATE);
  settleRun(second.buffer.state, b as never, 0, 1, DELIVERED);
  endSend(second.buffer.state, lease);
  endLease(second.buffer.state, lease);
  await second.stop();
  const account = second.buffer.state.ledger.of("in");
  assert.deepEqual(account.read, { records: 3, bytes: 14 });
  assert.deepEqual(account.fates[DELIVERED], { records: 2, bytes: 10 });
  assert.deepEqual(account.fates[DUPLICATE], { records: 1, bytes: 4 });
  assert.equal(second.arena.count, 0, "every region was given back");

  const third = await open(path);
  assert.deepEqual(third.buffer.state.ledger.of("in"), account, "the durable ledger is the live one");
  assert.equal(third.buffer.state.rows.size, 0);
  await third.stop();
});

test("the first start of an input is kept, also of one that never had a file", async () => {
  const path = directory();
  const first = await open(path);
  assert.equal(first.buffer.state.starts.of("in"), undefined);
  first.buffer.state.starts.add({ input: "in", atMs: 1_764_036_000_123 });
  await first.stop();
  const second = await open(path);
  const { starts } = second.buffer.state;
  assert.deepEqual([starts.of("in"), starts.of("other"), starts.due], [1_764_036_000_123, undefined, []]);
  await second.stop();
});

test("a second writer is refused and told who holds the directory", async () => {
  const path = directory();
  const first = await open(path);
  await assert.rejects(open(path), { code: "state-locked", exit: 75, message: new RegExp(`process ${process.pid}$`) });
  await first.stop();
  const again = await open(path);
  await again.stop();
});
