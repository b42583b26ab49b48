// The rig's disk when it is a real one: the store on SQLite in a directory of its own. A crash goes on from a copy of the
// files as the process left them; a power cut from a copy made after an earlier commit, back to the last synced one.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openForWriting } from "../../src/buffer/database.ts";
import type { Committed, Recovered, Transaction } from "../../src/buffer/spool.ts";
import { readLedger, readRows, readSources } from "../../src/buffer/tables.ts";
import { Store } from "../../src/buffer/store.ts";
import type { Arena, Region } from "../../src/core/arena.ts";

const LETTER = {
  atMs: 1,
  input: "i",
  source: "s",
  path: "/x",
  offset: 0,
  bytes: 1,
  index: "i",
  status: 400,
  type: "t",
};
const FILES = ["state.db", "state.db-wal"];

export type Contents = Pick<Recovered, "sources" | "rows" | "ledger">;

export class SqliteDisk {
  private readonly root = mkdtempSync(join(tmpdir(), "spillway-model-"));
  private readonly arena: Arena;
  private nextCopy = 1;
  /** Directories with what each commit left, from the last one that no power cut can take back. */
  private copies: string[];
  private live!: { directory: string; store: Store; db: Database; lock: Database };

  constructor(arena: Arena) {
    this.arena = arena;
    this.open(join(this.root, "0"));
    this.copies = [this.copy()];
  }

  private open(directory: string): void {
    const { db, lock } = openForWriting(directory);
    this.live = { directory, store: new Store(db, directory, this.arena.bytes, { letters: 1 << 20 }), db, lock };
  }

  private copy(): string {
    const to = join(this.root, String(this.nextCopy++));
    mkdirSync(to);
    for (const file of FILES) copyFileSync(join(this.live.directory, file), join(to, file));
    return to;
  }

  recover(): Recovered {
    return this.live.store.recover("a machine");
  }

  commit(transaction: Transaction): Committed {
    const answer = this.live.store.commit(transaction);
    if (transaction.full) this.forget(this.copies.splice(0));
    this.copies.push(this.copy());
    return answer;
  }

  contents(): Contents {
    const { db } = this.live;
    return { sources: readSources(db), rows: readRows(db), ledger: readLedger(db) };
  }

  /** A transaction that fails when most of it is written. */
  fail(transaction: Transaction): void {
    const unstorable = { ...LETTER, reason: null as unknown as string, body: undefined };
    assert.throws(() => this.live.store.commit({ ...transaction, letters: [...transaction.letters, unstorable] }));
  }

  load(seq: number, region: Region, table: Region | undefined): "loaded" | "corrupt" {
    return this.live.store.load(seq, region, table);
  }

  /** Goes on with the first `kept` of the states that could be there. */
  crash(kept: number): void {
    const { directory, db, lock } = this.live;
    db.close();
    lock.close();
    this.forget([directory, ...this.copies.splice(kept)]);
    this.open(this.copies.at(-1) as string);
    // The files go on changing under this process: what a later power cut may come back to is a copy.
    this.copies[this.copies.length - 1] = this.copy();
  }

  /** A checkpoint has synced everything. */
  sync(): void {
    this.forget(this.copies.splice(0, this.copies.length - 1));
  }

  private forget(directories: readonly string[]): void {
    for (const directory of directories) rmSync(directory, { recursive: true });
  }

  close(): void {
    this.live.db.close();
    this.live.lock.close();
    rmSync(this.root, { recursive: true });
  }
}
