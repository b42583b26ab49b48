// State databases that the simulation can copy, restore, limit and damage: in memory, or in files as the agent has them.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openForWriting } from "../../src/buffer/spool/database.ts";
import { openSqlite, type Database } from "../../src/buffer/spool/sqlite.ts";
import { createTables } from "../../src/buffer/spool/upgrade.ts";
import type { Dice } from "./violation.ts";

/** A state that a crash may leave: the serialized database, or a directory with a copy of its files. */
export type Snapshot = Buffer | string;

export interface Databases {
  readonly db: Database;
  /** The directory of the files. */
  readonly directory: string;
  snapshot(): Snapshot;
  /** Closes the database as the end of its process does, and opens the given state for the next one. */
  reopen(from: Snapshot): void;
  forget(snapshots: readonly Snapshot[]): void;
  close(): void;
}

export class InMemory implements Databases {
  db: Database;
  readonly directory = "/nowhere";

  constructor() {
    this.db = openSqlite(":memory:");
    this.db.pragma("journal_mode = MEMORY");
    // Small pages keep the snapshots small.
    this.db.pragma("page_size = 1024");
    createTables(this.db);
  }

  snapshot(): Buffer {
    return this.db.serialize();
  }

  reopen(from: Snapshot): void {
    this.db.close();
    // better-sqlite3 accepts a serialized database in place of a path.
    this.db = openSqlite(from as string);
    this.db.pragma("journal_mode = MEMORY");
  }

  forget(): void {}

  close(): void {
    this.db.close();
  }
}

const FILES = ["state.db", "state.db-wal"];

/** In files with WAL, as in production. A snapshot is a copy of the files at that moment, which is what a crash leaves. */
export class InFiles implements Databases {
  private readonly root = mkdtempSync(join(tmpdir(), "spillway-simulation-"));
  private next = 1;
  private live: { readonly directory: string; readonly db: Database; readonly lock: Database };

  constructor() {
    this.live = this.open(join(this.root, "0"));
  }

  private open(directory: string): typeof this.live {
    return { directory, ...openForWriting(directory) };
  }

  get db(): Database {
    return this.live.db;
  }

  get directory(): string {
    return this.live.directory;
  }

  snapshot(): string {
    return this.copy(this.live.directory);
  }

  private copy(from: string): string {
    const to = join(this.root, String(this.next++));
    mkdirSync(to);
    for (const file of FILES) if (existsSync(join(from, file))) copyFileSync(join(from, file), join(to, file));
    return to;
  }

  reopen(from: Snapshot): void {
    const before = this.live;
    // Opens a copy, because a later crash may return to the same snapshot.
    const directory = this.copy(from as string);
    before.db.close();
    before.lock.close();
    this.live = this.open(directory);
    rmSync(before.directory, { recursive: true });
  }

  forget(snapshots: readonly Snapshot[]): void {
    for (const directory of snapshots) rmSync(directory as string, { recursive: true });
  }

  close(): void {
    this.live.db.close();
    this.live.lock.close();
    rmSync(this.root, { recursive: true });
  }
}

/** Restores a snapshot table by table, so that the connection stays open. */
export function putBack(db: Database, bytes: Buffer): void {
  const before = openSqlite(bytes as unknown as string);
  limit(db, false);
  const tables = before.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  db.exec("BEGIN");
  for (const name of tables.pluck().all() as string[]) {
    db.exec(`DELETE FROM ${name}`);
    for (const row of before.prepare(`SELECT * FROM ${name}`).raw().iterate() as IterableIterator<unknown[]>) {
      db.prepare(`INSERT INTO ${name} VALUES (${row.map(() => "?").join(", ")})`).run(...row);
    }
  }
  db.exec("COMMIT");
  before.close();
}

/** Makes the database full: it may grow by only `more` pages. Not full: removes the limit. */
export function limit(db: Database, full: boolean, more = 0): void {
  const pages = full ? (db.pragma("page_count", { simple: true }) as number) + more : 1_000_000;
  db.pragma(`max_page_count = ${pages}`);
}

/** Flips one bit of a random block. */
export function damage(db: Database, dice: Dice): void {
  const blocks = db.prepare("SELECT block, data FROM bodies ORDER BY block").all();
  if (blocks.length === 0) return;
  const { block, data } = dice.pick(blocks as { block: number; data: Buffer }[]);
  const at = dice.int(data.length);
  data[at] = (data[at] as number) ^ (1 << dice.int(8));
  db.prepare("UPDATE bodies SET data = ? WHERE block = ?").run(data, block);
}
