// Makes sources again that are lost while their rows are there: from the spans of the rows and the paths in their envelopes. If the
// file at the path has the bytes of the last row, it is that source's file, and is read on from there. The id is a new one, since
// nobody knows the old one: records that were sent before under the old id are stored twice.
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { MARK_LENGTH, newSourceId } from "../../core/source.ts";
import { type Body, withUnpacked } from "../spool/rows/blocks.ts";
import { HEAD, type Head, isSound } from "../spool/rows/heads.ts";
import { marks } from "../spool/rows/statements.ts";
import type { Database } from "../spool/sqlite.ts";
import type { LedgerRow } from "./carve.ts";

/** Bytes at the beginning of a file by which it is recognised, as inputs/file/identity/fingerprint.ts takes them. */
const FINGERPRINT_LENGTH = 1024;

/** Columns of table `sources`, from device to mark_hash. */
type Identity = readonly [string, string, string, number, number, number, number];
const UNKNOWN: Identity = ["", "", "0", 0, 0, 0, 0];

/** The last row of a source that is lost, with the input and the path in its envelope. */
type LastRow = readonly [...head: number[], input: string, path: string];

const LOST = "source NOT IN (SELECT num FROM sources)";

/** @param body of a block @returns the numbers of the sources */
export function renewSources(
  db: Database,
  ledger: readonly LedgerRow[],
  body: (block: number) => Body | undefined,
): ReadonlySet<number> {
  const renewed = new Set<number>();
  const add = db.prepare(`INSERT INTO sources VALUES (${marks(14)})`);
  const left = new Uncovered(db, ledger);
  const origins = new Map(
    db.prepare(`SELECT source, min(start) FROM heads WHERE ${LOST} GROUP BY source`).raw().all() as [number, number][],
  );
  const last = db
    .prepare(
      `SELECT h.*, e.input, e.path, max(h."end") FROM heads h JOIN envelopes e ON e.id = h.envelope
      WHERE h.${LOST} GROUP BY h.source`,
    )
    .raw();
  for (const row of last.all() as LastRow[]) {
    const [input, path] = row.slice(-3, -1) as [string, string];
    const head = Float64Array.from(row.slice(0, -3) as number[]);
    const [num, end] = [head[HEAD.source], head[HEAD.end]] as [number, number];
    const origin = origins.get(num) as number;
    if (!isSound(head) || origin < 0 || !left.take(input, end - origin)) continue;
    const own = body(head[HEAD.block] as number);
    const identity = (own && withUnpacked(own, (plain) => identityOf(path, head, plain))) ?? UNKNOWN;
    add.run(num, newSourceId(), input, path, ...identity, origin, end, 0);
    renewed.add(num);
  }
  return renewed;
}

/** What no source covers: bytes that the ledger counts as read. Without them no source is lost, and a row has a wrong number. */
class Uncovered {
  private readonly bytes = new Map<string, number>();

  constructor(db: Database, ledger: readonly LedgerRow[]) {
    for (const [input, fate, , bytes] of ledger) if (fate === "read") this.add(input, bytes);
    for (const [input, fate, , bytes] of ledger) if (fate === "retired") this.add(input, -bytes);
    const covered = db.prepare("SELECT input, total(checkpoint - origin) FROM sources GROUP BY input").raw();
    for (const [input, bytes] of covered.all() as [string, number][]) this.add(input, -bytes);
  }

  private add(input: string, bytes: number): void {
    this.bytes.set(input, (this.bytes.get(input) ?? 0) + bytes);
  }

  /** False: so many bytes are not left. */
  take(input: string, bytes: number): boolean {
    const left = this.bytes.get(input);
    // Without a ledger, nothing is known.
    if (left === undefined) return true;
    if (left < bytes) return false;
    this.add(input, -bytes);
    return true;
  }
}

/** The identity of the file at a path, if it has the bytes of this row. Never throws. */
function identityOf(path: string, head: Head, plain: Uint8Array): Identity | undefined {
  const [start, end, at, length, table] = [HEAD.start, HEAD.end, HEAD.at, HEAD.length, HEAD.tableLength].map(
    (column) => head[column],
  ) as [number, number, number, number, number];
  if (table > 0) return undefined;
  let fd: number | undefined;
  try {
    fd = openSync(path, "r");
    const stats = fstatSync(fd, { bigint: true });
    const there = read(fd, start, length);
    if (!stats.isFile() || Buffer.compare(there, plain.subarray(at, at + length)) !== 0) return undefined;
    const first = read(fd, 0, Math.min(FINGERPRINT_LENGTH, end));
    const mark = read(fd, Math.max(0, end - MARK_LENGTH), Math.min(MARK_LENGTH, end));
    const known = [String(stats.dev), String(stats.ino), String(stats.birthtimeNs)] as const;
    return [...known, first.length, crc32(first), mark.length, crc32(mark)];
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function read(fd: number, start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, start));
}
