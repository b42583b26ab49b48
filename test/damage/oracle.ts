// Finds out what is readable in an undamaged state database, and which pages each row needs: walks the pages as SQLite reports
// them (dbstat), in key order.
import assert from "node:assert/strict";
import { openSync, closeSync, readSync, existsSync, fstatSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { type Body, unpack } from "../../src/buffer/spool/rows/blocks.ts";
import { type Database, openSqlite } from "../../src/buffer/spool/sqlite.ts";

export const PAGE = 16_384;
export const FRAME = PAGE + 24;
export const WAL_HEADER = 32;

export interface Readable {
  /** Checksum of each row's bytes, by queue and sequence number. */
  readonly sums: ReadonlyMap<string, number>;
  /** All pages needed to read a row. */
  readonly pages: ReadonlyMap<string, ReadonlySet<number>>;
  /** Of these, the pages that hold the row's head, its source and its envelope. */
  readonly index: ReadonlyMap<string, ReadonlySet<number>>;
  /** Pages of the ledger. */
  readonly ledger: ReadonlySet<number>;
  /** Pages whose newest version is in the WAL. */
  readonly inWal: ReadonlySet<number>;
  readonly pageCount: number;
  readonly records: number;
}

/** @param directory of a database that no process has open */
export function readable(directory: string): Readable {
  const inWal = pagesInWal(join(directory, "state.db-wal"));
  const db = openSqlite(join(directory, "state.db"));
  try {
    const pageCount = db.pragma("page_count", { simple: true }) as number;
    const records = Number(db.prepare("SELECT total(records) FROM heads").pluck().get());
    const ledger = new Set(pagesInOrder(db, "ledger").flatMap((pages) => [...pages]));
    return { sums: checksums(db), ...pagesOfRows(db), ledger, inWal, pageCount, records };
  } finally {
    db.close();
  }
}

export function checksums(db: Database): Map<string, number> {
  const sums = new Map<string, number>();
  const body = db.prepare("SELECT codec, checksum, length, data FROM bodies WHERE block = ?");
  const heads = db.prepare("SELECT queue, seq, block, at, length FROM heads").raw().all();
  for (const [queue, seq, block, at, length] of heads as [number, number, number, number, number][]) {
    const plain = unpack(body.get(block) as Body);
    assert.ok(plain, `block ${block} cannot be unpacked`);
    sums.set(`${queue} ${seq}`, crc32(plain.subarray(at, at + length)));
  }
  return sums;
}

interface Page {
  readonly path: string;
  readonly pageno: number;
  readonly pagetype: "leaf" | "internal" | "overflow";
  readonly ncell: number;
}

/** The pages of each row of a table, in key order. */
function pagesInOrder(db: Database, table: string): Set<number>[] {
  const stats = db.prepare("SELECT path, pageno, pagetype, ncell FROM dbstat WHERE name = ?").all(table) as Page[];
  const byPath = new Map(stats.map((page) => [page.path, page]));
  const overflows = new Map<string, number[]>();
  for (const { path, pageno, pagetype } of stats) {
    if (pagetype !== "overflow") continue;
    const cell = path.slice(0, path.indexOf("+"));
    overflows.set(cell, [...(overflows.get(cell) ?? []), pageno]);
  }
  // Tables without rowids have rows on inner pages too.
  const inner = table === "heads" || table === "ledger";
  const cell = ({ path, pageno }: Page, i: number): Set<number> =>
    new Set([pageno, ...(overflows.get(`${path}${hex(i)}`) ?? [])]);
  const walk = (page: Page): Set<number>[] => {
    if (page.pagetype === "leaf") return Array.from({ length: page.ncell }, (_, i) => cell(page, i));
    const rows: Set<number>[] = [];
    for (let i = 0; i <= page.ncell; i++) {
      const child = byPath.get(`${page.path}${hex(i)}/`);
      assert.ok(child, `no page ${page.path}${hex(i)}/ of ${table}`);
      rows.push(...walk(child));
      if (inner && i < page.ncell) rows.push(cell(page, i));
    }
    return rows;
  };
  return walk(byPath.get("/") as Page);
}

function hex(n: number): string {
  return n.toString(16).padStart(3, "0");
}

function keyed<K>(db: Database, table: string, sql: string): Map<K, Set<number>> {
  const pages = pagesInOrder(db, table);
  const keys = db.prepare(sql).pluck().all() as K[];
  assert.equal(pages.length, keys.length, `pages of ${table}`);
  return new Map(keys.map((key, i) => [key, pages[i] as Set<number>]));
}

function pagesOfRows(db: Database): Pick<Readable, "pages" | "index"> {
  const heads = pagesInOrder(db, "heads");
  const bodies = keyed<number>(db, "bodies", "SELECT block FROM bodies ORDER BY block");
  const sources = keyed<number>(db, "sources", "SELECT num FROM sources ORDER BY num");
  const envelopes = keyed<number>(db, "envelopes", "SELECT id FROM envelopes ORDER BY id");
  const rows = db.prepare("SELECT queue, seq, block, source, envelope FROM heads ORDER BY queue, seq").raw().all();
  assert.equal(rows.length, heads.length, "pages of heads");
  const found = { pages: new Map<string, Set<number>>(), index: new Map<string, Set<number>>() };
  for (const [i, row] of (rows as [number, number, number, number, number][]).entries()) {
    const [queue, seq, block, source, envelope] = row;
    const index = [heads[i], sources.get(source), envelopes.get(envelope)].flatMap((pages) => [...(pages ?? [])]);
    found.index.set(`${queue} ${seq}`, new Set(index));
    found.pages.set(`${queue} ${seq}`, new Set([...index, ...(bodies.get(block) ?? [])]));
  }
  return found;
}

function pagesInWal(path: string): Set<number> {
  const pages = new Set<number>();
  if (!existsSync(path)) return pages;
  const fd = openSync(path, "r");
  const number = Buffer.alloc(4);
  const { size } = fstatSync(fd);
  for (let at = WAL_HEADER; at + FRAME <= size; at += FRAME) {
    readSync(fd, number, 0, 4, at);
    pages.add(number.readUInt32BE(0));
  }
  closeSync(fd);
  return pages;
}
