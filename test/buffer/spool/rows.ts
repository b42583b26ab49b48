// Makes rows for tests of the spool without a buffer: their bytes in an arena, their heads, and the transactions with them.
import { emptyAccount } from "../../../src/buffer/ledger/ledger.ts";
import { HEAD, HEAD_WIDTH } from "../../../src/buffer/spool/rows/heads.ts";
import type { Loss, RowGroup, SourceRow, Transaction } from "../../../src/buffer/spool/spool.ts";
import type { Arena, Region } from "../../../src/core/arena.ts";
import type { Envelope } from "../../../src/core/chunk.ts";
import { DROPPED_OLDEST } from "../../../src/core/fate.ts";
import { NO_MARK } from "../../../src/core/source.ts";

export const NOTHING: Transaction = {
  ...{ full: false, sources: [], forgotten: [], envelopes: [], queues: [], rows: new Float64Array(0), groups: [] },
  ...{ removed: new Float64Array(0), moves: new Float64Array(0), ledger: [], losses: [], deadLetters: [], starts: [] },
  meta: { nextSeq: 1, age: { agedMs: 1, wallMs: 1, boot: "", upMs: 1 }, limits: {} },
};

/** Numbers as large as in production, because SQLite stores small numbers in fewer bytes. */
const WHEN = 1_790_000_000_000;
const START = 1e8;
const identity = { path: "/x.log", device: "1", inode: "2", birthNs: "3", headLength: 4, headHash: 5 };

export function source(num: number, input = "in", checkpoint = 0): SourceRow {
  const id = num.toString(16).padStart(24, "0");
  return { num, id, input, identity, origin: 0, checkpoint, mark: NO_MARK };
}

export function envelope(id: number, input = "in"): Envelope {
  return { id, input, path: "/x.log", host: "h", fields: { a: 1 }, index: "i", policy: "default" };
}

export interface RowSpec {
  readonly seq: number;
  readonly queue?: number;
  readonly input?: string;
  readonly source?: number;
  readonly envelope?: number;
  readonly start?: number;
  readonly records?: number;
  readonly agedMs?: number;
  readonly possiblyStored?: boolean;
  readonly data: string | Uint8Array;
  readonly table?: string;
  readonly actions?: string;
}

export function put(arena: Arena, bytes: string | Uint8Array | undefined): Region | undefined {
  if (bytes === undefined) return undefined;
  const from = typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes;
  const region = arena.alloc(from.length);
  if (!region) throw new Error("no room in the arena");
  arena.view(region).set(from);
  return region;
}

/** Puts the rows' bytes into the arena. @returns their heads */
export function headsOf(arena: Arena, specs: readonly RowSpec[]): Float64Array {
  const heads = new Float64Array(specs.length * HEAD_WIDTH);
  for (const [i, spec] of specs.entries()) {
    const { seq, queue = 1, source: num = 1, envelope: id = 1, start = START + seq * 1000 } = spec;
    const { records = 1, agedMs = WHEN + seq } = spec;
    const regions = [spec.data, spec.table, spec.actions].map((bytes) => put(arena, bytes));
    const length = regions[0]?.length ?? 0;
    const columns: Partial<Record<keyof typeof HEAD, number>> = {
      ...{ queue, seq, source: num, envelope: id, start, end: start + length, records, bytes: length },
      ...{ readAtMs: WHEN + seq, agedMs, possiblyStored: Number(spec.possiblyStored ?? false) },
      ...{ length, tableLength: regions[1]?.length ?? 0, actionsLength: regions[2]?.length ?? 0 },
      ...{ data: regions[0]?.ptr ?? 0, table: regions[1]?.ptr ?? 0, actions: regions[2]?.ptr ?? 0 },
    };
    for (const [name, value] of Object.entries(columns))
      heads[i * HEAD_WIDTH + HEAD[name as keyof typeof HEAD]] = value;
  }
  return heads;
}

/** Groups consecutive rows of the same queue and input. */
export function groupsOf(specs: readonly RowSpec[]): RowGroup[] {
  const groups: { queue: number; input: string; rows: number }[] = [];
  for (const { queue = 1, input = "in" } of specs) {
    const last = groups.at(-1);
    if (last?.queue === queue && last.input === input) last.rows++;
    else groups.push({ queue, input, rows: 1 });
  }
  return groups;
}

/** A transaction that adds these rows and everything that they refer to. */
export function adding(arena: Arena, specs: readonly RowSpec[], more: Partial<Transaction> = {}): Transaction {
  const sources = new Map<number, SourceRow>();
  const envelopes = new Map<number, Envelope>();
  const queues = new Map<number, Transaction["queues"][number]>();
  const ledger = new Map<string, ReturnType<typeof read>>();
  for (const {
    seq,
    queue = 1,
    input = "in",
    source: num = 1,
    envelope: id = 1,
    start = seq * 1000,
    ...spec
  } of specs) {
    const end = Math.max(start + spec.data.length, sources.get(num)?.checkpoint ?? 0);
    sources.set(num, source(num, input, end));
    envelopes.set(id, envelope(id, input));
    queues.set(queue, { id: queue, policy: "default", target: `t${queue}` });
    const entry = ledger.get(input) ?? read(input);
    ledger.set(input, entry);
    entry.account.read.records += spec.records ?? 1;
    entry.account.read.bytes += spec.data.length;
  }
  return {
    ...NOTHING,
    sources: [...sources.values()],
    envelopes: [...envelopes.values()],
    queues: [...queues.values()],
    rows: headsOf(arena, specs),
    groups: groupsOf(specs),
    ledger: [...ledger.values()],
    ...more,
  };
}

function read(input: string) {
  return { input, account: emptyAccount(), retired: 0 };
}

export function pairs(...rows: readonly (readonly [queue: number, seq: number])[]): Float64Array {
  return Float64Array.from(rows.flat());
}

export function loss(source: string, start: number, end: number, more: Partial<Loss> = {}): Loss {
  return {
    ...{
      atMs: 1,
      input: "in",
      source,
      path: "/x.log",
      start,
      end,
      fate: DROPPED_OLDEST,
      records: 1,
      bytes: end - start,
    },
    ...{ uncertain: false, keep: 0, hashVersion: 0, merged: false },
    ...more,
  };
}

/** Incompressible bytes. The same seed gives the same bytes. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    const byte = (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 24;
    // One record: no line ends in it.
    bytes[i] = byte === 10 || byte === 13 ? 0 : byte;
  }
  return bytes;
}
