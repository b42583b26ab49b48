// Makes a state directory as an agent leaves it, with the real buffer and real SQLite, from a real log file.
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quotas } from "../../src/buffer/budget/limits.ts";
import { SpillBuffer } from "../../src/buffer/spill-buffer.ts";
import { SqliteSpool } from "../../src/buffer/spool/sqlite-spool.ts";
import { Arena } from "../../src/core/arena.ts";
import { systemClock } from "../../src/core/clock.ts";
import { DEAD, DELIVERED, DROPPED_OLDEST, SAMPLED } from "../../src/core/fate.ts";
import type { Count, Fate } from "../../src/core/fate.ts";
import { silentLog } from "../../src/core/log.ts";
import type { KnownSource } from "../../src/core/source.ts";
import { newSourceId, NO_MARK } from "../../src/core/source.ts";
import { checksumBefore, fingerprintOf } from "../../src/inputs/file/identity/fingerprint.ts";

const MIB = 1 << 20;
/** Five chunks of two lines: one delivered and refused, one half sampled out, one dropped, two pending. One line is unread. */
export const LINES = [
  "one\n",
  "\x1b[31mtwo\n",
  "three\n",
  "four\n",
  "five\n",
  "six\n",
  "seven\n",
  "eight\n",
  "nine\n",
  "ten\n",
];
export const UNREAD = "eleven\n";

export interface Made {
  /** Temporary directory of everything else; the test removes it. */
  readonly root: string;
  readonly state: string;
  readonly log: string;
  readonly source: KnownSource;
  /** Closes the state directory as an agent does that stops. The two pending chunks are rows by then. */
  stop(): Promise<void>;
}

export async function makeState(): Promise<Made> {
  const root = mkdtempSync(join(tmpdir(), "spillway-state-"));
  const [state, log] = [join(root, "state"), join(root, "app.log")];
  mkdirSync(state, { mode: 0o700 });
  writeFileSync(log, LINES.join("") + UNREAD);
  const arena = new Arena(8 * MIB, { poison: 0xdb });
  const options = { directory: state, deadLetters: MIB, disk: 64 * MIB };
  const { spool, recovered } = await SqliteSpool.open({
    ...{ options, memory: arena.memory.buffer, clock: systemClock, log: silentLog },
  });
  const limits = { quotas: quotas(8 * MIB, MIB, MIB), rows: 64 * MIB };
  const shares = { default: { ratio: 1, inputs: 1, firstRung: 1 } };
  const boot = { id: "", upMs: () => 0 };
  const parts = { clock: systemClock, boot, arena, log: silentLog, spool, recovered, shares, newMs: 0, ...limits };
  const buffer = new SpillBuffer(parts);
  buffer.start();
  const source = sourceOf(log);
  buffer.sources.open(source, 0);
  await admitAll(buffer, arena, source);
  while (!durable(buffer, source)) await buffer.changes.wait(20);
  settle(buffer);
  await buffer.persist(10_000);
  let isOpen = true;
  const stop = async (): Promise<void> => {
    if (isOpen) await spool.close();
    isOpen = false;
  };
  return { root, state, log, source, stop };
}

/** Records are sent only after their source is durable. */
function durable(buffer: SpillBuffer, { id }: KnownSource): boolean {
  return buffer.sources.of(id).durable;
}

export async function remove(made: Made): Promise<void> {
  await made.stop();
  rmSync(made.root, { recursive: true, force: true });
}

function sourceOf(log: string): KnownSource {
  const stats = statSync(log, { bigint: true });
  const fd = openSync(log, "r");
  const head = fingerprintOf(fd, LINES.join("").length);
  closeSync(fd);
  const [device, inode, birthNs] = [stats.dev, stats.ino, stats.birthtimeNs].map(String) as [string, string, string];
  const identity = { path: log, device, inode, birthNs, headLength: head.length, headHash: head.hash };
  return { id: newSourceId(), input: "app", identity, origin: 0, checkpoint: 0, mark: NO_MARK };
}

async function admitAll(buffer: SpillBuffer, arena: Arena, source: KnownSource): Promise<void> {
  const { path } = source.identity;
  const fd = openSync(path, "r");
  const facts = { input: "app", path, host: "h", fields: {}, index: "logs-app", policy: "default" };
  let start = 0;
  for (let i = 0; i < LINES.length; i += 2) {
    const [first = "", second = ""] = LINES.slice(i, i + 2);
    const kept = i === 2 ? first : first + second;
    const counted: Map<Fate, Count> = new Map(i === 2 ? [[SAMPLED, { records: 1, bytes: second.length }]] : []);
    const region = buffer.reserve({ input: "app", policy: "default", targets: [], bytes: kept.length });
    if (typeof region === "string") throw new Error(`no room: ${region}`);
    arena.view(region).write(kept);
    arena.unpin(region);
    const end = start + first.length + second.length;
    const more = { counted, readAtMs: Date.now() - 60_000, mark: checksumBefore(fd, end), table: undefined };
    const records = i === 2 ? 1 : 2;
    const envelope = buffer.sources.envelope(facts);
    const draft = { source: source.id, envelope, start, end, records, region, ...more };
    buffer.endReservation(region);
    await buffer.admit({ draft, target: "logs-app", keep: 2 });
    start = end;
  }
  closeSync(fd);
}

/** Settles chunks as the responses of a server and a drop rung would. */
function settle({ outbox }: SpillBuffer): void {
  const lease = outbox.lease("logs-app", { bytes: MIB, records: 5, body: 1000 });
  const [refused, sampled, dropped] = [...(lease?.chunks ?? [])];
  if (!lease || !refused || !sampled || !dropped) throw new Error("chunks cannot be leased");
  const refusal = { status: 400, type: "document_parsing_exception", reason: "failed to parse \x1b[2J'two'" };
  outbox.addDeadLetters(refused, new Map([[1, refusal]]), "logs-app");
  outbox.settleEach(refused, Uint8Array.of(DELIVERED, DEAD));
  outbox.settleRun(sampled, 0, 1, DELIVERED);
  outbox.mayBeStored(dropped);
  outbox.settleRun(dropped, 0, 2, DROPPED_OLDEST);
  outbox.endLease(lease);
}
