// What the spool costs: MB/s spilled and drained next to a plain append file that is synced as often, bytes on disk per
// byte of log, the event loop's delay while spilling at 100 MB/s, and resident memory with a backlog.
//   node --max-semi-space-size=2 bench/spill.ts [--only speed,delay,backlog] [--backlog 2000]   in megabytes
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { beginSend, endLease, endSend, takeLease } from "../src/buffer/lease.ts";
import { quotas } from "../src/buffer/quotas.ts";
import { SpillBuffer } from "../src/buffer/spill-buffer.ts";
import { SqliteSpool } from "../src/buffer/sqlite-spool.ts";
import { settleRun } from "../src/buffer/state.ts";
import { Arena } from "../src/core/arena.ts";
import { systemClock as clock } from "../src/core/clock.ts";
import { DELIVERED } from "../src/core/fate.ts";
import { silentLog } from "../src/core/log.ts";
import { NO_MARK, newSourceId } from "../src/core/source.ts";

const MIB = 1 << 20;
const CHUNK = 256 * 1024;
const MEMORY = 64 * MIB;
const { values } = parseArgs({
  options: { backlog: { type: "string", default: "2000" }, only: { type: "string", default: "speed,delay,backlog" } },
});
const directory = mkdtempSync(join(tmpdir(), "spillway-bench-"));

/** 256 KiB of access-log lines, each block another one: compresses like a real log, about 5:1. */
function block(seed: number): Buffer {
  const lines: string[] = [];
  let size = 0;
  let x = seed * 2654435761;
  const next = (n: number): number => (x = (x * 1103515245 + 12345) >>> 0) % n;
  for (let i = 0; size < CHUNK - 260; i++) {
    const line = `203.0.113.${next(256)} - - [24/Nov/2026:06:${10 + next(50)}:${10 + next(50)} +0000] "GET /api/items/${next(100000)}?session=${next(1e9).toString(36)} HTTP/1.1" ${[200, 304, 404][next(3)]} ${next(60000)} "-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/${100 + next(40)}.0" rt=0.${next(1000)}\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join("").padEnd(CHUNK - 1, "#") + "\n");
}
const BLOCKS = Array.from({ length: 64 }, (_, i) => block(i + 1));
const RECORDS = BLOCKS.map((b) => b.reduce((n, byte) => n + Number(byte === 10), 0));

async function open(name: string): Promise<{ buffer: SpillBuffer; spool: SqliteSpool; arena: Arena }> {
  const arena = new Arena(MEMORY);
  const where = { directory: join(directory, name), letters: MIB, maxPages: 0 };
  const { spool, recovered } = await SqliteSpool.open(where, arena.memory.buffer);
  const limits = quotas(arena.capacity, 5 * MIB, CHUNK + 64);
  const parts = {
    clock,
    arena,
    quotas: limits,
    log: silentLog,
    spool,
    recovered,
    rowBudget: 1e12,
    shares: { default: 1 },
  };
  return { buffer: new SpillBuffer(parts), spool, arena };
}

/** Admits `megabytes` as fast as the buffer takes them, or at `rate` MB/s. */
async function fill(buffer: SpillBuffer, arena: Arena, megabytes: number, rate: number): Promise<void> {
  const source = newSourceId();
  const identity = { path: "/x", device: "", inode: "", birthNs: "", headLength: 0, headHash: 0 };
  buffer.openSource({ id: source, input: "in", identity, origin: 0, checkpoint: 0, mark: NO_MARK }, 0);
  const envelope = buffer.envelope({ input: "in", path: "/x", host: "h", fields: {}, index: "i", policy: "default" });
  const signal = new AbortController().signal;
  const began = clock.now();
  for (let i = 0, at = 0; at < megabytes * 1e6; i++) {
    const region = await buffer.room(CHUNK, signal);
    const bytes = BLOCKS[i % BLOCKS.length] as Buffer;
    arena.bytes.set(bytes, region.ptr);
    arena.unpin(region);
    const records = RECORDS[i % RECORDS.length] as number;
    const span = { source, envelope, start: at, end: at + CHUNK, records, region, table: undefined };
    await buffer.admit({ ...span, counted: new Map(), readAtMs: clock.wall(), mark: NO_MARK }, 0);
    at += CHUNK;
    const ahead = rate > 0 ? began + at / (rate * 1000) - clock.now() : 0;
    if (ahead > 1) await clock.sleep(ahead);
  }
}

async function drain(buffer: SpillBuffer): Promise<number> {
  let bytes = 0;
  while (buffer.state.open > 0) {
    const lease = takeLease(buffer.state, { bytes: 5 * MIB, records: 1e9, body: 5 * MIB });
    if (!lease) {
      await buffer.changes.wait(20);
      continue;
    }
    if (beginSend(buffer.state, lease)) {
      for (const chunk of lease.chunks.slice()) {
        bytes += chunk.length;
        settleRun(buffer.state, chunk, 0, chunk.records, DELIVERED);
      }
      endSend(buffer.state, lease);
    }
    endLease(buffer.state, lease);
    buffer.advance();
  }
  return bytes;
}

function append(megabytes: number): { write: number; read: number } {
  const path = join(directory, "append");
  const fd = openSync(path, "w+");
  let began = clock.now();
  let unsynced = 0;
  let size = 0;
  for (let i = 0; size < megabytes * 1e6; i++) {
    size += writeSync(fd, BLOCKS[i % BLOCKS.length] as Buffer);
    unsynced += CHUNK;
    if (unsynced >= 4 * MIB) {
      fdatasyncSync(fd);
      unsynced = 0;
    }
  }
  fdatasyncSync(fd);
  const write = size / 1000 / (clock.now() - began);
  began = clock.now();
  const into = Buffer.alloc(CHUNK);
  for (let at = 0; at < size; at += CHUNK) readSync(fd, into, 0, CHUNK, at);
  const read = size / 1000 / (clock.now() - began);
  closeSync(fd);
  rmSync(path);
  return { write, read };
}

function row(name: string, value: string): void {
  process.stdout.write(`${name.padEnd(44)}${value}\n`);
}

async function speed(megabytes: number): Promise<void> {
  const plain = append(megabytes);
  const { buffer, spool, arena } = await open("speed");
  buffer.lag(true);
  let began = clock.now();
  await fill(buffer, arena, megabytes, 0);
  while ([...buffer.state.fresh].length > 0) await buffer.changes.wait(5);
  const spilled = (megabytes * 1000) / (clock.now() - began);
  const perByte = buffer.diskBytes / (megabytes * 1e6);
  began = clock.now();
  const bytes = await drain(buffer);
  const drained = bytes / 1000 / (clock.now() - began);
  row("append file, fdatasync each 4 MiB: write, read", `${plain.write.toFixed(0)}, ${plain.read.toFixed(0)} MB/s`);
  row("spilled", `${spilled.toFixed(0)} MB/s, ${(spilled / plain.write).toFixed(2)} of the append file`);
  row("drained", `${drained.toFixed(0)} MB/s, ${(drained / plain.read).toFixed(2)} of reading the append file`);
  row("bytes on disk per byte of log", perByte.toFixed(2));
  await buffer.persist();
  await spool.close();
}

async function delay(): Promise<void> {
  const { buffer, spool, arena } = await open("delay");
  buffer.lag(true);
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await fill(buffer, arena, 1500, 100);
  histogram.disable();
  const ms = (p: number): string => `${(histogram.percentile(p) / 1e6 - 1).toFixed(1)} ms`;
  row(
    "event loop delay while spilling 100 MB/s",
    `p50 ${ms(50)}, p99 ${ms(99)}, max ${(histogram.max / 1e6 - 1).toFixed(1)} ms`,
  );
  await buffer.persist();
  await spool.close();
}

async function backlog(megabytes: number): Promise<void> {
  const { buffer, spool, arena } = await open("backlog");
  buffer.lag(true);
  await fill(buffer, arena, megabytes, 0);
  while ([...buffer.state.fresh].length > 0) await buffer.changes.wait(5);
  const rss = process.memoryUsage.rss();
  row(
    `resident with ${megabytes} MB of backlog`,
    `${(rss / MIB).toFixed(0)} MiB = arena + ${((rss - MEMORY) / MIB).toFixed(0)} MiB`,
  );
  await buffer.persist();
  await spool.close();
}

try {
  const parts = values.only.split(",");
  if (parts.includes("speed")) await speed(800);
  if (parts.includes("delay")) await delay();
  if (parts.includes("backlog")) await backlog(Number(values.backlog));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
