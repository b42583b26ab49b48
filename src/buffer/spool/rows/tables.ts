// Reads tables of the state database into values.
import type { Envelope } from "../../../core/chunk.ts";
import { type Count, FATES, type FateName } from "../../../core/fate.ts";
import { type LedgerDelta, emptyAccount } from "../../ledger/ledger.ts";
import type { FirstStart, Meta, QueueRow, Recovered, StoredSource, Total } from "../spool.ts";
import { garbled, isCorruption, isUnread } from "../faults.ts";
import type { Database } from "../sqlite.ts";

/** No chunk has a larger number: at a million a second that takes nine years. A flipped bit may say so. */
const MOST_SEQ = 2 ** 48;

interface SourceColumns {
  num: number;
  id: string;
  input: string;
  path: string;
  device: string;
  inode: string;
  birth_ns: string;
  head_length: number;
  head_hash: number;
  mark_length: number;
  mark_hash: number;
  origin: number;
  checkpoint: number;
  chunks: number;
}

/** A page of sources in order of number, those above `after` without the first `skip` of them. */
export function readSources(db: Database, after = 0, limit = -1, skip = 0): StoredSource[] {
  const page = db.prepare("SELECT * FROM sources WHERE num > ? ORDER BY num LIMIT ? OFFSET ?").all(after, limit, skip);
  return (page as SourceColumns[]).map((r) => ({
    num: r.num,
    id: r.id,
    input: r.input,
    identity: {
      path: r.path,
      device: r.device,
      inode: r.inode,
      birthNs: r.birth_ns,
      headLength: r.head_length,
      headHash: r.head_hash,
    },
    origin: r.origin,
    checkpoint: r.checkpoint,
    mark: { length: r.mark_length, hash: r.mark_hash },
    chunks: r.chunks,
  }));
}

/** @param damaged some tables may be, and what cannot be read is made up for */
export function readStored(db: Database, damaged: boolean): Omit<Recovered, "room"> {
  return {
    queues: readQueues(db),
    totals: readTotals(db),
    ledger: readLedger(db),
    starts: readStarts(db),
    nextSource: 1 + Number(db.prepare("SELECT max(num) FROM sources").pluck().get()),
    nextEnvelope: nextEnvelope(db, damaged),
    meta: metaOf(db),
  };
}

/** The agent's own numbers. Those that a salvage found may be older than the rows, whose numbers no new chunk may get. */
function metaOf(db: Database): Meta | undefined {
  const meta = readMeta(db);
  return meta ? { ...meta, nextSeq: Math.max(meta.nextSeq, 1 + lastSeq(db)) } : metaOfRows(db);
}

/** Of the rows that can be read now. */
function lastSeq(db: Database): number {
  const last = db.prepare("SELECT max(seq) FROM heads WHERE queue = ?").pluck();
  let most = 0;
  for (const { id } of readQueues(db)) {
    try {
      const seq = Number(last.get(id) ?? 0);
      if (seq <= MOST_SEQ) most = Math.max(most, seq);
    } catch (error) {
      if (!isCorruption(error) && !isUnread(error)) throw error;
    }
  }
  return most;
}

/** For a backlog upgraded from version 1, or one whose own numbers are lost: it has rows, but no stored meta. */
function metaOfRows(db: Database): Meta | undefined {
  const last = db.prepare("SELECT max(seq) FROM heads").pluck().get() as number | null;
  if (last === null) return undefined;
  return { nextSeq: last + 1, age: { agedMs: 0, wallMs: 0, boot: "", upMs: 0 }, limits: {} };
}

/** Of a damaged table not all envelopes can be read, but those of rows are in use too. */
function nextEnvelope(db: Database, damaged: boolean): number {
  try {
    return 1 + Number(db.prepare("SELECT max(id) FROM envelopes").pluck().get());
  } catch (error) {
    if (!damaged || !isCorruption(error)) throw error;
    return 1 + Number(db.prepare("SELECT max(envelope) FROM heads").pluck().get());
  }
}

export interface EnvelopeColumns {
  id: number;
  input: string;
  path: string;
  host: string;
  fields: string;
  index_pattern: string;
  policy: string;
}

export function envelopeOf(r: EnvelopeColumns): Envelope {
  const { id, input, path, host, policy } = r;
  const fields = parsed(r.fields, `envelope ${id}`) as Envelope["fields"];
  return { id, input, path, host, fields, index: r.index_pattern, policy };
}

export function readQueues(db: Database): QueueRow[] {
  return db.prepare("SELECT id, policy, target FROM queues ORDER BY id").all() as QueueRow[];
}

export function readTotals(db: Database): Total[] {
  return db.prepare("SELECT * FROM totals WHERE chunks > 0 OR stored > 0").all() as Total[];
}

export function readLedger(db: Database): LedgerDelta[] {
  const byInput = new Map<string, LedgerDelta>();
  const rows = db.prepare("SELECT * FROM ledger").all();
  for (const row of rows as { input: string; fate: string; records: number; bytes: number }[]) {
    let entry = byInput.get(row.input);
    if (!entry) byInput.set(row.input, (entry = { input: row.input, account: emptyAccount(), retired: 0 }));
    const count = { records: row.records, bytes: row.bytes };
    if (row.fate === "read") Object.assign(entry.account.read, count);
    else if (row.fate === "retired") entry.retired = row.bytes;
    else Object.assign(fateOf(entry, row.fate), count);
  }
  return [...byInput.values()];
}

function fateOf({ account }: LedgerDelta, fate: string): Count {
  const count = account.fates[FATES.indexOf(fate as FateName)];
  if (count === undefined) throw garbled(`the ledger has a fate ${JSON.stringify(fate)}`);
  return count;
}

/** Keys of table `meta`. STARTED is a prefix, followed by the id of an input. */
export const STARTED = "started ";
export const META = {
  machine: "machine",
  state: "state",
  write: "write",
  shed: "shed",
  evicted: "evicted",
  proof: "proof",
} as const;

export function readStarts(db: Database): FirstStart[] {
  const rows = db.prepare("SELECT key, value FROM meta WHERE key GLOB ?").all(`${STARTED}*`);
  return (rows as { key: string; value: string }[]).map(({ key, value }) => ({
    input: key.slice(STARTED.length),
    atMs: Number(value),
  }));
}

/** Undefined in a directory that was never written to, or only by version 1. */
export function readMeta(db: Database): Meta | undefined {
  const value = db.prepare("SELECT value FROM meta WHERE key = ?").pluck().get(META.state) as string | undefined;
  return value === undefined ? undefined : (parsed(value, "the row `state` of table `meta`") as Meta);
}

function parsed(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw garbled(`${what} is not valid JSON`);
  }
}
