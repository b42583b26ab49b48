// Puts the rows of all pages into the tables of a fresh database. The column types tell the table of a row, because the b-tree
// pages that lead to its page may be damaged. Bodies stay in the damaged file: only their pages are noted, in a scratch table, and
// they are read later, one by one. So the memory that a salvage takes does not grow with the number of rows.
import { FATES } from "../../core/fate.ts";
import type { Body } from "../spool/rows/blocks.ts";
import { marks } from "../spool/rows/statements.ts";
import { META } from "../spool/rows/tables.ts";
import { VERSION_COPY } from "../spool/schema.ts";
import type { Database, Statement } from "../spool/sqlite.ts";
import { type Row, type Value, rowsOf } from "./cells.ts";
import { PAGE, type PageFile } from "./pages.ts";
import { FOUND_BLOCKS, rightBlocks } from "./right-blocks.ts";

/** Rows of the ledger: input, fate, records, bytes. */
export type LedgerRow = readonly [string, string, number, number];

/** What only a salvage needs beside the tables of the schema. */
const SCRATCH = `
CREATE TABLE salvage_bodies (block INTEGER PRIMARY KEY, page INTEGER NOT NULL);
CREATE TABLE ${FOUND_BLOCKS} (block INTEGER PRIMARY KEY, queue, input, first_seq, last_seq, live, stored);
CREATE INDEX salvage_by_block ON heads (block, queue, seq);
CREATE INDEX salvage_by_path ON envelopes (path);
`;

/** Removes the scratch tables and their pages from the file. Must not be called in a transaction. */
export function dropScratch(db: Database): void {
  db.exec(
    `DROP TABLE salvage_bodies; DROP TABLE ${FOUND_BLOCKS}; DROP INDEX salvage_by_block; DROP INDEX salvage_by_path`,
  );
  db.pragma("incremental_vacuum");
}

/** A table, and what its rows look like. Rows of earlier versions lack columns at the end, which then get these defaults. */
interface Shape {
  readonly table: string;
  readonly types: RegExp;
  readonly columns: number;
  readonly defaults?: readonly Value[];
  /** False: no version of the agent has written this. SQLite does not notice a flipped bit within a value. */
  readonly isSound?: (values: readonly Value[]) => boolean;
}

const WITH_ROWID: readonly Shape[] = [
  { table: "sources", types: /^0ttttttnnnnnnn$/, columns: 14 },
  { table: "envelopes", types: /^0ttttttn$/, columns: 8, isSound: ({ 4: fields }) => isJson(fields) },
  { table: "queues", types: /^0tt$/, columns: 3 },
  { table: FOUND_BLOCKS, types: /^0ntn{4}$/, columns: 7 },
  { table: "losses", types: /^0ntttnntn{5,7}$/, columns: 15, defaults: [0, 0] },
  // The body may be null.
  { table: "dead_letters", types: /^0ntttnntntt[b0](n[t0])?$/, columns: 14, defaults: [0, null] },
];
const WITHOUT_ROWID: readonly Shape[] = [
  { table: "heads", types: /^n{16}$/, columns: 16 },
  { table: "lost_sources", types: /^t{4}n{5}$/, columns: 9 },
  {
    table: "meta",
    types: /^tt$/,
    columns: 2,
    isSound: ([key, value]) => key !== VERSION_COPY && (key !== META.state || isJson(value)),
  },
];
const BODY = "0nnnb";
const LEDGER = "ttnn";
const ACCOUNTS: ReadonlySet<Value | undefined> = new Set(["read", "retired", ...FATES]);

/** @param db fresh database with empty tables @returns the old ledger, which is not copied: it has to be balanced first */
export function carve(file: PageFile, db: Database): readonly LedgerRow[] {
  db.exec(SCRATCH);
  const tables = new Tables(db);
  const page = Buffer.alloc(PAGE);
  for (let number = 1; number <= file.count; number++) {
    if (!file.mayHoldRows(number) || !file.read(number, page)) continue;
    for (const row of rowsOf(file, number, page) ?? []) tables.keep(row, number);
  }
  rightBlocks(db);
  return [...tables.ledger.values()];
}

/** The body of a block. Valid until the next page is read. */
export function bodyOf(file: PageFile, page: number, block: number): Body | undefined {
  const bytes = Buffer.alloc(PAGE);
  if (!file.read(page, bytes)) return undefined;
  const columns = rowsOf(file, page, bytes)
    ?.find(({ rowid, shape }) => rowid === block && shape === BODY)
    ?.values();
  if (columns === undefined) return undefined;
  const [, codec, checksum, length, data] = columns as [null, number, number, number, Buffer];
  return { codec, checksum, length, data };
}

function isJson(text: Value | undefined): boolean {
  try {
    JSON.parse(text as string);
    return true;
  } catch {
    return false;
  }
}

class Tables {
  readonly ledger = new Map<string, LedgerRow>();
  private readonly inserts = new Map<Shape, Statement>();
  private readonly body: Statement;

  constructor(db: Database) {
    this.body = db.prepare("INSERT OR REPLACE INTO salvage_bodies VALUES (?, ?)");
    for (const shape of [...WITH_ROWID, ...WITHOUT_ROWID])
      this.inserts.set(shape, db.prepare(`INSERT OR REPLACE INTO ${shape.table} VALUES (${marks(shape.columns)})`));
  }

  keep({ rowid, shape, values: read }: Row, page: number): void {
    if (rowid !== undefined && shape === BODY) {
      this.body.run(rowid, page);
      return;
    }
    const isLedger = rowid === undefined && shape === LEDGER;
    const table = (rowid === undefined ? WITHOUT_ROWID : WITH_ROWID).find(({ types }) => types.test(shape));
    const values = table || isLedger ? read() : undefined;
    if (values === undefined || table?.isSound?.(values) === false) return;
    if (isLedger && !ACCOUNTS.has(values[1])) return;
    if (isLedger) this.ledger.set(JSON.stringify(values.slice(0, 2)), values as unknown as LedgerRow);
    else if (table) this.insert(table, rowid === undefined ? values : [rowid, ...values.slice(1)]);
  }

  private insert(table: Shape, values: readonly Value[]): void {
    const { columns, defaults = [] } = table;
    const missing = defaults.slice(defaults.length - (columns - values.length));
    this.inserts.get(table)?.run(...values, ...(values.length < columns ? missing : []));
  }
}
