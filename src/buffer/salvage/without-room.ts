// For a start on a damaged database without room for a second one: makes the old one readable, so that its rows are delivered until
// there is room for a salvage. Only what has no row is corrected: constant bytes of the header, and tables that can be made again
// from the rows. A table that cannot be written is replaced by a temporary one in memory, for this connection.
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { FATES } from "../../core/fate.ts";
import { isFull } from "../../core/errors.ts";
import { type LedgerDelta, addTo, emptyAccount } from "../ledger/ledger.ts";
import { isCorruption, isOfTheDisk } from "../spool/faults.ts";
import { readLedger, readMeta, readQueues, readStarts, readTotals } from "../spool/rows/tables.ts";
import { APPLICATION_ID, SCHEMA_VERSION } from "../spool/schema.ts";
import type { Recovered } from "../spool/spool.ts";
import { type Database, inTransaction } from "../spool/sqlite.ts";
import { checkSums } from "../spool/sums.ts";
import { RENEW_QUEUES, RENEW_STARTS } from "./statements.ts";

const HEADER = 100;
const VERSION_AT = 60;
/** Bytes of the header that are the same in every state database, by offset. @see https://www.sqlite.org/fileformat2.html */
const CONSTANT: readonly (readonly [at: number, bytes: Buffer])[] = [
  [0, Buffer.from("SQLite format 3\0")],
  // Page size, WAL for writing and reading, no reserved bytes, payload fractions.
  [16, Buffer.from([0x40, 0, 2, 2, 0, 64, 32, 32])],
  [44, number(4)],
  // UTF-8.
  [56, number(1)],
  // Incremental vacuum.
  [64, number(1)],
  [68, number(APPLICATION_ID)],
];
/** More wrong bytes than this are no flipped bits: the file is something else, or its first page is lost. */
const MOST_WRONG = 4;

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Corrects flipped bits in the header. No connection may have the database open. */
export function mendHeader(directory: string): void {
  const fd = openSync(join(directory, "state.db"), "r+");
  try {
    const header = Buffer.alloc(HEADER);
    if (readSync(fd, header, 0, HEADER, 0) < HEADER) return;
    const right = Buffer.from(header);
    for (const [at, bytes] of CONSTANT) bytes.copy(right, at);
    const version = header.readUInt32BE(VERSION_AT);
    if (version === 0 || version > SCHEMA_VERSION) right.writeUInt32BE(SCHEMA_VERSION, VERSION_AT);
    const wrong = header.reduce((sum, byte, i) => sum + Number(byte !== right[i]), 0);
    if (wrong > 0 && wrong <= MOST_WRONG) writeSync(fd, right, 0, HEADER, 0);
  } finally {
    closeSync(fd);
  }
}

const TOTALS = `INSERT INTO totals SELECT h.queue, h.input, h.chunks, h.records, h.bytes, b.stored FROM
  (SELECT h.queue, b.input, count(*) AS chunks, sum(h.records) AS records, sum(h.bytes) AS bytes
    FROM heads h JOIN blocks b ON b.id = h.block GROUP BY h.queue, b.input) h
  JOIN (SELECT queue, input, sum(stored) AS stored FROM blocks GROUP BY queue, input) b
    ON b.queue = h.queue AND b.input = h.input`;
const LEDGER = `INSERT INTO ledger SELECT input, 'read', sum(records), sum(bytes) FROM totals GROUP BY input`;

/** Makes the tables readable that a start needs. What is wrong in the ledger stays wrong: a salvage finds out what is missing. */
export function mendTables(db: Database): void {
  mend(db, "meta", "DELETE FROM meta WHERE key = 'state' AND NOT json_valid(value)", RENEW_STARTS, () => [
    readMeta(db),
    readStarts(db),
  ]);
  if (!works(() => checkSums(db, { queues: readQueues(db), totals: readTotals(db), ledger: readLedger(db) }))) {
    mend(db, "totals", `DELETE FROM totals; ${TOTALS}`, TOTALS, () => readTotals(db));
    mend(db, "queues", RENEW_QUEUES, RENEW_QUEUES, () => readQueues(db));
    // Rows of a queue that nobody knows wait for the salvage.
    db.exec("DELETE FROM totals WHERE queue NOT IN (SELECT id FROM queues)");
  }
  const fates = ["read", "retired", ...FATES].map((fate) => `'${fate}'`).join();
  mend(db, "ledger", `DELETE FROM ledger WHERE fate NOT IN (${fates})`, LEDGER, () => readLedger(db));
}

/** The ledger as if what was read were exactly what has a fate or a row. The agent counts on from it; the stored one stays. */
export function balancedLedger({ ledger, totals }: Pick<Recovered, "ledger" | "totals">): LedgerDelta[] {
  const accounts = new Map(ledger.map((one) => [one.input, one]));
  for (const { input } of totals)
    if (!accounts.has(input)) accounts.set(input, { input, account: emptyAccount(), retired: 0 });
  return [...accounts.values()].map(({ input, account: { fates }, retired }) => {
    const read = { records: 0, bytes: 0 };
    const known = [...fates, ...totals.filter((total) => total.input === input)];
    for (const { records, bytes } of known) addTo(read, records, bytes);
    return { input, account: { read, fates }, retired };
  });
}

/** Corrects a table in place; if that fails, or does not help, replaces it. @param fill SQL that fills the replacement */
function mend(db: Database, table: string, correct: string, fill: string, read: () => unknown): void {
  if (works(() => inTransaction(db, () => db.exec(correct))) && works(read)) return;
  const sql = db.prepare("SELECT sql FROM main.sqlite_master WHERE type = 'table' AND name = ?").pluck().get(table);
  db.pragma("temp_store = MEMORY");
  // From here on, SQLite takes the temporary table wherever this name is.
  db.exec((sql as string).replace("CREATE TABLE", "CREATE TEMP TABLE"));
  if (works(() => db.exec(fill))) return;
  db.exec(`DROP TABLE temp.${table}`);
  // Better wrong sums than none.
  read();
}

function works(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (isCorruption(error) || isFull(error) || isOfTheDisk(error)) return false;
    throw error;
  }
}
