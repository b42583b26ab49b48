// Checks that everything in a state database is readable and consistent: pages, rows, bodies and accounting. It writes nothing
// and reads every body once.
import { describe } from "../../core/errors.ts";
import { type Body, unpackedBytes } from "../spool/rows/blocks.ts";
import { isCorruption } from "../spool/faults.ts";
import { readMeta } from "../spool/rows/tables.ts";
import type { Database } from "../spool/sqlite.ts";
import { inspect } from "./inspect.ts";

export interface Verified {
  /** Buffered chunks and records, and how many of them have unreadable bytes. */
  readonly chunks: number;
  readonly records: number;
  readonly damagedChunks: number;
  readonly damagedRecords: number;
  /** All other faults, one sentence each. Their number is bounded. */
  readonly faults: readonly string[];
}

/** Most faults that SQLite's integrity check reports. */
const MOST = 20;

export function isSound({ damagedChunks, faults }: Verified): boolean {
  return damagedChunks === 0 && faults.length === 0;
}

export function verify(db: Database): Verified {
  const faults: string[] = [];
  const sum = { chunks: 0, records: 0, damagedChunks: 0, damagedRecords: 0 };
  attempt(faults, () => {
    faults.push(...checkPages(db));
  });
  attempt(faults, () => faults.push(...inspect(db).violations.map(({ message }) => message)));
  attempt(faults, () => void readMeta(db));
  attempt(faults, () => verifyEnvelopes(db, faults));
  attempt(faults, () => verifyBodies(db, sum));
  return { ...sum, faults };
}

/** A line of SQLite's integrity check about the list of free pages, which has no row. */
const OF_FREE_PAGES = /^(?:Freelist: |Page \d+: never used$)/;

function checkPages(db: Database): string[] {
  const messages = db.prepare(`PRAGMA integrity_check(${MOST})`).pluck().all() as string[];
  const lines = messages.flatMap((text) => text.split("\n")).filter((line) => line !== "ok" && !line.startsWith("***"));
  const others = lines.filter((line) => !OF_FREE_PAGES.test(line));
  const wrong = "the list of free pages is wrong: no row is lost, but the file does not shrink as it should";
  return others.length < lines.length ? [wrong, ...others] : others;
}

/** Records a corruption error as a fault, and rethrows any other. */
function attempt(faults: string[], run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!isCorruption(error)) throw error;
    faults.push(describe(error));
  }
}

function verifyEnvelopes(db: Database, faults: string[]): void {
  const garbled = db.prepare("SELECT id FROM envelopes WHERE NOT json_valid(fields) LIMIT ?").pluck().all(MOST);
  for (const id of garbled as number[]) faults.push(`envelope ${id} is not valid JSON`);
}

function verifyBodies(db: Database, sum: { -readonly [K in keyof Omit<Verified, "faults">]: number }): void {
  const rows = db
    .prepare(
      "SELECT block, count(*), total(records), max(at + length + table_length + actions_length) FROM heads WHERE block > 0 GROUP BY block",
    )
    .raw();
  const body = db.prepare("SELECT codec, checksum, length, data FROM bodies WHERE block = ?");
  for (const [block, chunks, records, end] of rows.iterate() as IterableIterator<[number, number, number, number]>) {
    sum.chunks += chunks;
    sum.records += records;
    if (isReadable(() => body.get(block) as Body | undefined, end)) continue;
    sum.damagedChunks += chunks;
    sum.damagedRecords += records;
  }
}

function isReadable(read: () => Body | undefined, end: number): boolean {
  try {
    const body = read();
    return body !== undefined && (unpackedBytes(body) ?? -1) >= end;
  } catch (error) {
    if (!isCorruption(error)) throw error;
    return false;
  }
}
