// Reads and checks the state database while an agent may be running. It uses one read transaction, so that sources, rows and
// ledger are of the same moment. The transaction is short and reads no bodies, because the WAL cannot shrink meanwhile.
import type { Count } from "../../core/fate.ts";
import { type LedgerDelta, addTo, emptyAccount } from "../ledger/ledger.ts";
import type { StoredSource } from "../spool/spool.ts";
import type { Database } from "../spool/sqlite.ts";
import { readLedger, readSources, readTotals } from "../spool/rows/tables.ts";
import {
  BlockCheck,
  type InputBooks,
  RowCheck,
  type RowFacts,
  SumCheck,
  type Violation,
  checkInput,
} from "./violations.ts";

export interface RowTotals extends Count {
  chunks: number;
  /** Bytes that the rows take in the database. */
  stored: number;
  /** Wall clock at which the oldest and the newest row were read; undefined without rows. */
  oldestMs: number | undefined;
  newestMs: number | undefined;
}

export interface Inspection {
  readonly sources: readonly StoredSource[];
  /** In order of name. */
  readonly inputs: readonly InputBooks[];
  readonly rows: RowTotals;
  readonly losses: Count & { readonly ranges: number; readonly uncertain: number };
  readonly deadLetters: { readonly documents: number; readonly bytes: number };
  /** Empty: every invariant holds. */
  readonly violations: readonly Violation[];
}

export function inspect(db: Database): Inspection {
  return db.transaction(() => {
    const sources = readSources(db);
    const ledger = new Map(readLedger(db).map((entry) => [entry.input, entry]));
    const { rows, buffered, violations } = sumRows(db, sources);
    const names = new Set([...ledger.keys(), ...buffered.keys(), ...sources.map(({ input }) => input)]);
    const inputs = [...names].sort().map((input) => books(input, ledger.get(input), buffered.get(input)));
    const broken = [...inputs.flatMap((one) => checkInput(one, sources)), ...violations];
    return { sources, inputs, rows, losses: sumLosses(db), deadLetters: sumDeadLetters(db), violations: broken };
  })();
}

/** Result for a state directory in which nothing was ever stored. */
export const NOTHING_STORED: Inspection = {
  sources: [],
  inputs: [],
  rows: { chunks: 0, records: 0, bytes: 0, stored: 0, oldestMs: undefined, newestMs: undefined },
  losses: { ranges: 0, records: 0, bytes: 0, uncertain: 0 },
  deadLetters: { documents: 0, bytes: 0 },
  violations: [],
};

function books(input: string, entry: LedgerDelta | undefined, buffered: Count | undefined): InputBooks {
  const { account, retired } = entry ?? { account: emptyAccount(), retired: 0 };
  return { input, account, retired, buffered: buffered ?? { records: 0, bytes: 0 } };
}

interface Summed {
  readonly rows: RowTotals;
  readonly buffered: ReadonlyMap<string, Count>;
  readonly violations: readonly Violation[];
}

function sumRows(db: Database, sources: readonly StoredSource[]): Summed {
  const inputs = db.prepare("SELECT id, input FROM envelopes").raw().all() as [number, string][];
  const check = new RowCheck(sources, new Map(inputs));
  const sums = new SumCheck(blocksOf(db));
  const rows = { ...NOTHING_STORED.rows };
  const buffered = new Map<string, Count>();
  const all =
    db.prepare(`SELECT queue, seq, source, envelope, block, start, "end", records, bytes, read_at_ms AS readAtMs
    FROM heads ORDER BY queue, seq`);
  for (const row of all.iterate() as IterableIterator<RowFacts>) {
    const input = check.add(row);
    sums.add(row, input);
    let count = buffered.get(input);
    if (count === undefined) buffered.set(input, (count = { records: 0, bytes: 0 }));
    addTo(count, row.records, row.bytes);
    addTo(rows, row.records, row.bytes);
    rows.chunks++;
    rows.oldestMs = Math.min(rows.oldestMs ?? Infinity, row.readAtMs);
    rows.newestMs = Math.max(rows.newestMs ?? 0, row.readAtMs);
  }
  const totals = readTotals(db);
  for (const { stored } of totals) rows.stored += stored;
  const broken = [...check.violations(), ...sums.violations(totals, sources), ...missingQueues(db)];
  return { rows, buffered, violations: broken };
}

/** Without its queue, nobody knows for which index the rows are. */
function missingQueues(db: Database): Violation[] {
  const missing = db.prepare(
    "SELECT DISTINCT queue FROM totals WHERE chunks > 0 AND queue NOT IN (SELECT id FROM queues)",
  );
  return (missing.pluck().all() as number[]).map((queue) => ({
    rule: "row-orphan",
    input: "unknown",
    message: `queue ${queue} is not there, and has rows`,
  }));
}

function blocksOf(db: Database): BlockCheck {
  const count = db.prepare("SELECT count(*) FROM blocks").pluck().get() as number;
  const blocks = db.prepare("SELECT id, live FROM blocks ORDER BY id").raw().iterate();
  return new BlockCheck(count, blocks as IterableIterator<[number, number]>);
}

function sumLosses(db: Database): Inspection["losses"] {
  const sums = "count(*) AS ranges, total(records) AS records, total(bytes) AS bytes, total(uncertain) AS uncertain";
  return db.prepare(`SELECT ${sums} FROM losses`).get() as Inspection["losses"];
}

function sumDeadLetters(db: Database): Inspection["deadLetters"] {
  const sums = "count(*) AS documents, total(bytes) AS bytes";
  return db.prepare(`SELECT ${sums} FROM dead_letters`).get() as Inspection["deadLetters"];
}
