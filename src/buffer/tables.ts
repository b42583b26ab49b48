// The state database's tables as values: what a start finds, what `inspect` shows. Read-only.
import type { Envelope } from "../core/chunk.ts";
import { FATES, type FateName } from "../core/fate.ts";
import type { KnownSource } from "../core/source.ts";
import type { Database } from "./database.ts";
import { type LedgerDelta, emptyAccount } from "./ledger.ts";
import type { StoredRow } from "./spool.ts";
import type { FirstStart } from "./starts.ts";

/** What a row takes beside its blobs: keys, header, its part of a page. */
export const ROW_OVERHEAD = 128;

interface SourceColumns {
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
}

export function readSources(db: Database): KnownSource[] {
  return (db.prepare("SELECT * FROM sources").all() as SourceColumns[]).map((r) => ({
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
  }));
}

export function readRows(db: Database): StoredRow[] {
  const columns = `seq, source, envelope, start, "end", records, bytes, read_at_ms AS readAtMs, mark_length, mark_hash,
    length, table_length AS tableLength, length(data) + coalesce(length(record_table), 0) + ${ROW_OVERHEAD} AS stored`;
  const all = db.prepare(`SELECT ${columns} FROM chunks ORDER BY seq`).all();
  return (all as (StoredRow & { mark_length: number; mark_hash: number })[]).map(
    ({ mark_length, mark_hash, ...row }) => ({
      ...row,
      markBefore: { length: mark_length, hash: mark_hash },
    }),
  );
}

interface EnvelopeColumns {
  id: number;
  input: string;
  path: string;
  host: string;
  fields: string;
  index_pattern: string;
  policy: string;
}

export function readEnvelopes(db: Database): Envelope[] {
  return (db.prepare("SELECT * FROM envelopes ORDER BY id").all() as EnvelopeColumns[]).map((r) => ({
    id: r.id,
    input: r.input,
    path: r.path,
    host: r.host,
    fields: JSON.parse(r.fields) as Envelope["fields"],
    index: r.index_pattern,
    policy: r.policy,
  }));
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
    else Object.assign(entry.account.fates[FATES.indexOf(row.fate as FateName)] as object, count);
  }
  return [...byInput.values()];
}

/** Keys of `meta` that begin so go on with the id of an input. */
export const STARTED = "started ";

export function readStarts(db: Database): FirstStart[] {
  const rows = db.prepare("SELECT key, value FROM meta WHERE key GLOB ?").all(`${STARTED}*`);
  return (rows as { key: string; value: string }[]).map(({ key, value }) => ({
    input: key.slice(STARTED.length),
    atMs: Number(value),
  }));
}
