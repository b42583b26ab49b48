// A state directory as an agent leaves it, made by the real buffer on real SQLite from a real log file.
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quotas } from "../../src/buffer/quotas.ts";
import { SpillBuffer } from "../../src/buffer/spill-buffer.ts";
import { SqliteSpool } from "../../src/buffer/sqlite-spool.ts";
import { dropOpen, settleEach, settleRun } from "../../src/buffer/state.ts";
import { Arena } from "../../src/core/arena.ts";
import { systemClock } from "../../src/core/clock.ts";
import { DEAD, DELIVERED, DROPPED_OLDEST, SAMPLED } from "../../src/core/fate.ts";
import type { Count, Fate } from "../../src/core/fate.ts";
import { silentLog } from "../../src/core/log.ts";
import type { KnownSource } from "../../src/core/source.ts";
import { newSourceId, NO_MARK } from "../../src/core/source.ts";
import { markBefore, readHead } from "../../src/inputs/file/identity.ts";

const MIB = 1 << 20;
/** Chunks of two lines each: delivered and refused, half sampled out, dropped, two that wait. Then one unread line. */
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
  /** For everything; removed by the test. */
  readonly root: string;
  readonly state: string;
  readonly log: string;
  readonly source: KnownSource;
  /** The agent goes: the two chunks that wait become rows. */
  stop(): Promise<void>;
}

export async function makeState(): Promise<Made> {
  const root = mkdtempSync(join(tmpdir(), "spillway-state-"));
  const [state, log] = [join(root, "state"), join(root, "app.log")];
  mkdirSync(state, { mode: 0o700 });
  writeFileSync(log, LINES.join("") + UNREAD);
  const arena = new Arena(8 * MIB, { poison: 0xdb });
  const { spool, recovered } = await SqliteSpool.open(
    { directory: state, letters: MIB, maxPages: 0 },
    arena.memory.buffer,
  );
  const parts = { clock: systemClock, arena, quotas: quotas(8 * MIB, MIB, MIB), log: silentLog, spool, recovered };
  const buffer = new SpillBuffer({ ...parts, rowBudget: 64 * MIB, shares: { default: 1 } });
  const source = sourceOf(log);
  buffer.openSource(source, 0);
  await admitAll(buffer, arena, source);
  settle(buffer, source);
  await buffer.persist();
  let isOpen = true;
  const stop = async (): Promise<void> => {
    if (isOpen) await spool.close();
    isOpen = false;
  };
  return { root, state, log, source, stop };
}

export async function remove(made: Made): Promise<void> {
  await made.stop();
  rmSync(made.root, { recursive: true, force: true });
}

function sourceOf(log: string): KnownSource {
  const stats = statSync(log, { bigint: true });
  const fd = openSync(log, "r");
  const head = readHead(fd, LINES.join("").length);
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
    const region = await buffer.room(kept.length, AbortSignal.timeout(5000));
    arena.view(region).write(kept);
    arena.unpin(region);
    const end = start + first.length + second.length;
    const more = { counted, readAtMs: Date.now() - 60_000, mark: markBefore(fd, end), table: undefined };
    const records = i === 2 ? 1 : 2;
    await buffer.admit(
      { source: source.id, envelope: buffer.envelope(facts), start, end, records, region, ...more },
      2,
    );
    start = end;
  }
  closeSync(fd);
}

function settle({ state }: SpillBuffer, source: KnownSource): void {
  const [refused, sampled, dropped] = [...state.fresh];
  if (!refused || !sampled || !dropped) throw new Error("chunks were settled before");
  const offset = (LINES[0] as string).length;
  const body = Buffer.from((LINES[1] as string).trimEnd());
  const answer = { status: 400, type: "document_parsing_exception", reason: "failed to parse \x1b[2J'two'" };
  const where = { input: "app", source: source.id, path: source.identity.path, offset, bytes: body.length + 1 };
  refused.letters.push({ atMs: Date.now(), ...where, index: "logs-app", ...answer, body });
  settleEach(state, refused, Uint8Array.of(DELIVERED, DEAD));
  settleRun(state, sampled, 0, 1, DELIVERED);
  dropped.maybe = true;
  dropOpen(state, dropped, DROPPED_OLDEST);
}
