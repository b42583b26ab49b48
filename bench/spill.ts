// What the spool costs: MB/s spilled and drained next to a plain append file that is synced as often, bytes on disk per byte of
// log, event loop delay while spilling at 100 MB/s, resident memory with a backlog. Also a start with 2 GB of backlog in 10,000
// and in 2,000,000 rows: time, memory, delay, drain rate.
//   node --max-semi-space-size=2 bench/spill.ts [--only speed,delay,backlog,start] [--backlog 2000]   in megabytes
import { spawnSync } from "node:child_process";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { quotas } from "../src/buffer/budget/limits.ts";
import { storedSource } from "../src/buffer/sources/source-state.ts";
import { SpillBuffer } from "../src/buffer/spill-buffer.ts";
import { SqliteSpool } from "../src/buffer/spool/sqlite-spool.ts";
import { Arena } from "../src/core/arena.ts";
import { systemClock as clock } from "../src/core/clock.ts";
import { DELIVERED } from "../src/core/fate.ts";
import { silentLog } from "../src/core/log.ts";
import { NO_MARK, newSourceId } from "../src/core/source.ts";
import { writeBacklog } from "../test/helpers/backlog.ts";

const MIB = 1 << 20;
const CHUNK = 256 * 1024;
const BATCH = 5 * MIB;
const MEMORY = 64 * MIB;
const { values } = parseArgs({
  options: {
    backlog: { type: "string", default: "2000" },
    only: { type: "string", default: "speed,delay,backlog,start" },
    // For the child process of `start`: the directory whose backlog it opens and drains.
    open: { type: "string" },
  },
});

/** 256 KiB of access-log lines, different for each seed. Compresses like a real log, about 5:1. */
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

interface Opened {
  readonly buffer: SpillBuffer;
  readonly spool: SqliteSpool;
  readonly arena: Arena;
}

async function open(directory: string): Promise<Opened> {
  const arena = new Arena(MEMORY);
  const options = { directory, deadLetters: MIB, disk: 1e12 };
  const { spool, recovered } = await SqliteSpool.open({
    ...{ options, memory: arena.memory.buffer, clock, log: silentLog },
  });
  const limits = { quotas: quotas(arena.capacity, BATCH, CHUNK + 64), rows: 1e12 };
  const boot = { id: "bench", upMs: () => clock.now() };
  const shares = { default: { ratio: 1, inputs: 1, firstRung: 1 } };
  const buffer = new SpillBuffer({ clock, boot, arena, log: silentLog, spool, recovered, shares, newMs: 0, ...limits });
  for await (const page of spool.sources()) buffer.sources.add(page.map(storedSource));
  buffer.start();
  return { buffer, spool, arena };
}

async function close({ buffer, spool }: Opened): Promise<void> {
  await buffer.persist(60_000);
  await spool.close();
}

/** Admits `megabytes` as fast as the buffer accepts them, or at `rate` MB/s. All of it becomes rows. */
async function fill({ buffer, arena }: Opened, megabytes: number, rate: number): Promise<void> {
  const blocks = Array.from({ length: 64 }, (_, i) => block(i + 1));
  const records = blocks.map((b) => b.reduce((n, byte) => n + Number(byte === 10), 0));
  const source = newSourceId();
  const identity = { path: "/x", device: "", inode: "", birthNs: "", headLength: 0, headHash: 0 };
  buffer.sources.open({ id: source, input: "in", identity, origin: 0, checkpoint: 0, mark: NO_MARK }, 0);
  const facts = { input: "in", path: "/x", host: "h", fields: {}, index: "i", policy: "default" };
  const envelope = buffer.sources.envelope(facts);
  const began = clock.now();
  for (let i = 0, at = 0; at < megabytes * 1e6; i++) {
    const region = buffer.reserve({ input: "in", policy: "default", targets: ["i"], bytes: CHUNK });
    if (typeof region === "string") {
      await buffer.changes.wait(20);
      i--;
      continue;
    }
    arena.bytes.set(blocks[i % blocks.length] as Buffer, region.ptr);
    arena.unpin(region);
    buffer.endReservation(region);
    const span = { source, envelope, start: at, end: at + CHUNK, records: records[i % records.length] as number };
    const rest = { region, table: undefined, counted: new Map(), readAtMs: clock.wall(), mark: NO_MARK };
    await buffer.admit({ draft: { ...span, ...rest }, target: "i", keep: 0 });
    if (i === 0) buffer.lag(true);
    at += CHUNK;
    const ahead = rate > 0 ? began + at / (rate * 1000) - clock.now() : 0;
    if (ahead > 1) await clock.sleep(ahead);
  }
}

/** Waits until every chunk is a row. */
async function written({ buffer }: Opened): Promise<void> {
  const { state } = buffer as unknown as { state: { fresh: { size: number } } };
  while (state.fresh.size > 0) await buffer.changes.wait(5);
}

/** Leases everything and settles it at once as delivered. @returns bytes */
async function drain({ buffer }: Opened): Promise<number> {
  const { outbox, changes } = buffer;
  let bytes = 0;
  while (buffer.open > 0) {
    let sent = false;
    for (const { target } of [...outbox.waiting()]) {
      const lease = outbox.lease(target, { bytes: BATCH, records: 1e9, body: BATCH });
      if (!lease) continue;
      sent = true;
      for (const chunk of [...lease.chunks]) {
        bytes += chunk.length;
        outbox.settleRun(chunk, 0, chunk.records, DELIVERED);
      }
      outbox.took(target);
      outbox.endLease(lease);
    }
    if (!sent) await changes.wait(20);
  }
  return bytes;
}

function append(megabytes: number): { write: number; read: number } {
  const path = join(root, "append");
  const blocks = Array.from({ length: 64 }, (_, i) => block(i + 1));
  const fd = openSync(path, "w+");
  let began = clock.now();
  let unsynced = 0;
  let size = 0;
  for (let i = 0; size < megabytes * 1e6; i++) {
    size += writeSync(fd, blocks[i % blocks.length] as Buffer);
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
  process.stdout.write(`${name.padEnd(46)}${value}\n`);
}

async function speed(megabytes: number): Promise<void> {
  const plain = append(megabytes);
  const opened = await open(join(root, "speed"));
  let began = clock.now();
  await fill(opened, megabytes, 0);
  await written(opened);
  const spilled = (megabytes * 1000) / (clock.now() - began);
  const perByte = opened.buffer.figures().diskBytes / (megabytes * 1e6);
  opened.buffer.lag(false);
  began = clock.now();
  const bytes = await drain(opened);
  const drained = bytes / 1000 / (clock.now() - began);
  row("append file, fdatasync each 4 MiB: write, read", `${plain.write.toFixed(0)}, ${plain.read.toFixed(0)} MB/s`);
  row("spilled", `${spilled.toFixed(0)} MB/s, ${(spilled / plain.write).toFixed(2)} of the append file`);
  row("drained", `${drained.toFixed(0)} MB/s, ${(drained / plain.read).toFixed(2)} of reading the append file`);
  row("bytes on disk per byte of log", perByte.toFixed(2));
  await close(opened);
}

type Histogram = ReturnType<typeof monitorEventLoopDelay>;

function listen(): Histogram {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  return histogram;
}

/** The histogram includes its own interval of one millisecond, so it is subtracted. */
const ms = (nanoseconds: number): string => `${(nanoseconds / 1e6 - 1).toFixed(1)} ms`;

async function delay(): Promise<void> {
  const opened = await open(join(root, "delay"));
  const histogram = listen();
  await fill(opened, 1500, 100);
  histogram.disable();
  const [p50, p99] = [50, 99].map((p) => ms(histogram.percentile(p)));
  row("event loop delay while spilling 100 MB/s", `p50 ${p50}, p99 ${p99}, max ${ms(histogram.max)}`);
  await close(opened);
}

async function backlog(megabytes: number): Promise<void> {
  const opened = await open(join(root, "backlog"));
  await fill(opened, megabytes, 0);
  await written(opened);
  row(`resident with ${megabytes} MB of backlog`, beside(resident("VmRSS")));
  await close(opened);
}

/** Current (VmRSS) or peak (VmHWM) resident memory of this process, in MiB. */
function resident(what: "VmRSS" | "VmHWM"): number {
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1024;
}

function beside(mib: number): string {
  return `${mib.toFixed(0)} MiB = arena + ${(mib - MEMORY / MIB).toFixed(0)} MiB`;
}

/** Makes a backlog of 2 GB in this many rows, of 20 inputs with 100 files each. A separate process opens and drains it. */
function start(rows: number): void {
  const directory = join(root, `start-${rows}`);
  const inputs = Array.from({ length: 20 }, (_, i) => ({
    ...{ input: `in${i}`, policy: "default", target: `i${i}` },
    paths: Array.from({ length: 100 }, (_, j) => `/var/log/${i}/${j}.log`),
  }));
  writeBacklog(directory, { inputs, rows, bytes: Math.floor(2e9 / rows) });
  row(`2 GB in ${rows.toLocaleString("en")} rows`, "");
  const args = [...process.execArgv, process.argv[1] as string, "--open", directory];
  spawnSync(process.execPath, args, { stdio: "inherit" });
  rmSync(directory, { recursive: true });
}

async function openAndDrain(directory: string): Promise<void> {
  const histogram = listen();
  const began = clock.now();
  const opened = await open(directory);
  const ready = clock.now() - began;
  await clock.sleep(2000);
  row("  ready after", `${ready.toFixed(0)} ms, longest delay ${ms(histogram.max)}, ${beside(resident("VmRSS"))}`);
  histogram.reset();
  const chunks = opened.buffer.open;
  const from = clock.now();
  const bytes = await drain(opened);
  const seconds = (clock.now() - from) / 1000;
  const speeds = `${(bytes / 1e6 / seconds).toFixed(0)} MB/s, ${Math.round(chunks / seconds).toLocaleString("en")} chunks/s`;
  row("  drained", `${speeds}, longest delay ${ms(histogram.max)}, at most ${beside(resident("VmHWM"))}`);
  await close(opened);
}

const root = mkdtempSync(join(tmpdir(), "spillway-bench-"));
try {
  if (values.open !== undefined) await openAndDrain(values.open);
  else {
    const parts = values.only.split(",");
    if (parts.includes("speed")) await speed(800);
    if (parts.includes("delay")) await delay();
    if (parts.includes("backlog")) await backlog(Number(values.backlog));
    if (parts.includes("start")) for (const rows of [10_000, 2_000_000]) start(rows);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
