// What a transaction writes into the state database and what a load reads from it. Synchronous; lives in the worker
// thread. Statements are prepared once.
import { crc32, zstdCompressSync, zstdDecompressSync, constants } from "node:zlib";
import { FATES } from "../core/fate.ts";
import { newSourceId } from "../core/source.ts";
import { type Database, databaseSize } from "./database.ts";
import type { LedgerDelta } from "./ledger.ts";
import type { Committed, DeadLetter, Loss, NewRow, Recovered, Transaction } from "./spool.ts";
import { type Statements, prepare } from "./statements.ts";
import { ROW_OVERHEAD, STARTED, readEnvelopes, readLedger, readRows, readSources, readStarts } from "./tables.ts";

/** 4 MiB a transaction: a few milliseconds. */
const VACUUM_PAGES = 256;
const ALL_PAGES = 0;
const RAW = 0;
const ZSTD = 1;
/** Level 1: 630 MB/s at 4.7:1 on access logs; gzip 1 does 259 at 4.5:1. */
/** zlib refuses less. */
const MIN_PIECE = 64;
const ZSTD_OPTIONS = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export class Store {
  private readonly db: Database;
  private readonly directory: string;
  /** The arena's bytes: rows are read from and loaded into it in place. */
  private readonly arena: Uint8Array;
  private readonly sql: Statements;
  private synchronous = "";

  constructor(db: Database, directory: string, arena: Uint8Array, budget: { readonly letters: number }) {
    this.db = db;
    this.directory = directory;
    this.arena = arena;
    this.sql = prepare(db, budget.letters);
  }

  /** @param machine /etc/machine-id: a copied state directory must not give two hosts the same ids */
  recover(machine: string): Recovered {
    const before = this.db.prepare("SELECT value FROM meta WHERE key = 'machine'").pluck().get() as string | undefined;
    if (before !== undefined && before !== machine) this.renameSources();
    this.sql.putMeta.run("machine", machine);
    this.db.exec("DELETE FROM envelopes WHERE id NOT IN (SELECT envelope FROM chunks)");
    return {
      sources: readSources(this.db),
      rows: readRows(this.db),
      envelopes: readEnvelopes(this.db),
      ledger: readLedger(this.db),
      starts: readStarts(this.db),
      nextSeq: ((this.db.prepare("SELECT max(seq) FROM chunks").pluck().get() as number | null) ?? 0) + 1,
      size: this.size(),
    };
  }

  private renameSources(): void {
    const rename = this.db.transaction(() => {
      for (const { id } of readSources(this.db)) {
        const fresh = newSourceId();
        this.db.prepare("UPDATE sources SET id = ? WHERE id = ?").run(fresh, id);
        this.db.prepare("UPDATE chunks SET source = ? WHERE source = ?").run(fresh, id);
      }
    });
    rename();
  }

  /** Real bytes of database and WAL. */
  size(): number {
    return databaseSize(this.directory);
  }

  /** Throws when it could not be committed; nothing of it is then there. */
  commit(tx: Transaction): Committed {
    const level = tx.full ? "FULL" : "NORMAL";
    if (level !== this.synchronous) this.db.pragma(`synchronous = ${level}`);
    this.synchronous = level;
    const packed = tx.rows.map((row) => this.pack(row));
    this.db.exec("BEGIN IMMEDIATE");
    try {
      this.write(tx, packed);
      this.db.exec("COMMIT");
    } catch (error) {
      if (this.db.inTransaction) this.db.exec("ROLLBACK");
      throw error;
    }
    if (tx.rows.length === 0) this.giveBack(VACUUM_PAGES);
    return { stored: packed.map((p) => p.data.length + (p.table?.length ?? 0) + ROW_OVERHEAD), size: this.size() };
  }

  /**
   * Free pages to the file system, a few at a time, while nothing is spilled that would want them at once. The
   * transaction is durable, whatever becomes of this.
   */
  private giveBack(pages: number): void {
    try {
      // By exec: a prepared statement takes one step, and each step gives back one page.
      this.db.exec(`PRAGMA incremental_vacuum(${pages})`);
    } catch {
      // The disk is full or failing: the next transaction says so, and the pages are used again meanwhile.
    }
  }

  private pack(row: NewRow): Packed {
    const bytes = this.arena.subarray(row.region.ptr, row.region.ptr + row.length);
    const zipped = zstdCompressSync(bytes, ZSTD_OPTIONS);
    const codec = zipped.length < row.length ? ZSTD : RAW;
    const data = codec === ZSTD ? zipped : Buffer.from(bytes);
    const table = row.table && this.arena.slice(row.table.ptr, row.table.ptr + row.tableLength);
    const stored = table && (codec === ZSTD ? zstdCompressSync(table, ZSTD_OPTIONS) : Buffer.from(table));
    return { codec, data, table: stored, checksum: checksum(data, stored) };
  }

  private write(tx: Transaction, packed: readonly Packed[]): void {
    const { sql } = this;
    for (const seq of tx.removed) sql.removeChunk.run(seq);
    for (const e of tx.envelopes)
      sql.addEnvelope.run(e.id, e.input, e.path, e.host, JSON.stringify(e.fields), e.index, e.policy);
    tx.rows.forEach((r, i) => {
      const { codec, checksum: sum, data, table } = packed[i] as Packed;
      const { length: markLength, hash } = r.markBefore;
      const place = [r.seq, r.source, r.envelope, r.start, r.end, r.records, r.bytes, r.readAtMs, markLength, hash];
      sql.addChunk.run(...place, r.length, r.tableLength, codec, sum, data, table ?? null);
    });
    for (const s of tx.sources) {
      const { path, device, inode, birthNs, headLength, headHash } = s.identity;
      const position = [s.mark.length, s.mark.hash, s.origin, s.checkpoint];
      sql.putSource.run(s.id, s.input, path, device, inode, birthNs, headLength, headHash, ...position);
    }
    for (const id of tx.forgotten) sql.removeSource.run(id);
    for (const delta of tx.ledger) this.account(delta);
    for (const loss of tx.losses) this.addLoss(loss);
    for (const letter of tx.letters) this.addLetter(letter);
    for (const { input, atMs } of tx.starts) sql.putMeta.run(STARTED + input, String(atMs));
  }

  private account({ input, account, retired }: LedgerDelta): void {
    const add = (fate: string, records: number, bytes: number): void => {
      if (records !== 0 || bytes !== 0) this.sql.addToLedger.run(input, fate, records, bytes);
    };
    add("read", account.read.records, account.read.bytes);
    add("retired", 0, retired);
    account.fates.forEach((count, fate) => add(FATES[fate] as string, count.records, count.bytes));
  }

  /** Adjacent ranges of one kind become one. */
  private addLoss(l: Loss): void {
    const kind = [FATES[l.fate] as string, l.uncertain ? 1 : 0, l.keep, l.hashVersion];
    const grown = this.sql.growLoss.run(l.end, l.records, l.bytes, l.source, l.start, ...kind);
    if (grown.changes > 0) return;
    const [fate, uncertain, keep, version] = kind;
    this.sql.addLoss.run(
      l.atMs,
      l.input,
      l.source,
      l.path,
      l.start,
      l.end,
      fate,
      l.records,
      l.bytes,
      uncertain,
      keep,
      version,
    );
  }

  private addLetter(l: DeadLetter): void {
    const where = [l.atMs, l.input, l.source, l.path, l.offset, l.bytes, l.index];
    this.sql.addLetter.run(...where, l.status, l.type, l.reason, l.body ?? null);
    this.sql.trimLetters();
  }

  /** Loads a row into the arena. */
  load(seq: number, region: { ptr: number }, table: { ptr: number } | undefined): "loaded" | "corrupt" {
    const row = this.sql.readChunk.get(seq) as ChunkBlobs | undefined;
    if (row === undefined || checksum(row.data, row.record_table) !== row.checksum) return "corrupt";
    // In one piece: pieces of 16 KiB and what joins them are twice the garbage.
    const options = { chunkSize: Math.max(MIN_PIECE, row.length) };
    const unpack = (blob: Uint8Array): Uint8Array => (row.codec === ZSTD ? zstdDecompressSync(blob, options) : blob);
    const data = unpack(row.data);
    if (data.length !== row.length) return "corrupt";
    this.arena.set(data, region.ptr);
    if (table && row.record_table) this.arena.set(unpack(row.record_table), table.ptr);
    return "loaded";
  }

  close(): void {
    this.giveBack(ALL_PAGES);
    this.db.pragma("wal_checkpoint(TRUNCATE)");
    this.db.close();
  }
}

interface Packed {
  readonly codec: number;
  readonly data: Uint8Array;
  readonly table: Uint8Array | undefined;
  readonly checksum: number;
}

interface ChunkBlobs {
  readonly codec: number;
  readonly checksum: number;
  readonly length: number;
  readonly data: Uint8Array;
  readonly record_table: Uint8Array | null;
}

function checksum(data: Uint8Array, table: Uint8Array | null | undefined): number {
  const sum = crc32(data);
  return table ? crc32(table, sum) : sum;
}
