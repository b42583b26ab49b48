// A state database for tests: real SQLite in a temporary directory. Implements the spool's contract without the worker thread, so
// that a test decides when a call is carried out and whether it fails.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openForWriting } from "../../src/buffer/spool/database.ts";
import type { Committed, HeadPage, Shed, Shedding, Spool, Survey, Transaction } from "../../src/buffer/spool/spool.ts";
import type { Database } from "../../src/buffer/spool/sqlite.ts";
import { Store } from "../../src/buffer/spool/store.ts";
import type { Arena } from "../../src/core/arena.ts";

export class Disk implements Disposable {
  readonly directory: string;
  readonly arena: Arena;
  readonly db: Database;
  readonly store: Store;
  private readonly lock: Database;
  private readonly own: boolean;

  /** @param directory undefined: a temporary directory, removed on disposal */
  constructor(arena: Arena, directory?: string, deadLetters = 1 << 20) {
    this.own = directory === undefined;
    this.arena = arena;
    this.directory = directory ?? mkdtempSync(join(tmpdir(), "spillway-disk-"));
    const { db, lock } = openForWriting(this.directory);
    this.db = db;
    this.lock = lock;
    this.store = new Store(db, this.directory, arena.bytes, { deadLetters });
  }

  /** Rows of a query, each as an array. */
  rows(sql: string, ...values: readonly unknown[]): unknown[][] {
    return this.db
      .prepare(sql)
      .raw()
      .all(...values) as unknown[][];
  }

  /** The single value that a query returns. */
  value(sql: string, ...values: readonly unknown[]): unknown {
    return this.db
      .prepare(sql)
      .pluck()
      .get(...values);
  }

  close(): void {
    this.store.close();
    this.lock.close();
  }

  [Symbol.dispose](): void {
    if (this.db.open) this.close();
    if (this.own) rmSync(this.directory, { recursive: true });
  }
}

type Kind = "commit" | "heads" | "load" | "shed" | "survey";

/** Executes each call at once, one after the other. The result arrives in a later turn of the event loop. */
export class DirectSpool implements Spool {
  private readonly store: Store;
  private number: number;
  /** Number of calls, by kind. */
  readonly calls: Record<Kind, number> = { commit: 0, heads: 0, load: 0, shed: 0, survey: 0 };
  /** Calls of these kinds fail. */
  failing: readonly Kind[] = [];
  /** Calls of these kinds are held back, and executed when `release` is called. */
  holding: readonly Kind[] = [];
  private held: (() => void)[] = [];

  constructor(store: Store) {
    this.store = store;
    this.number = store.lastWrite() + 1;
  }

  commit(transaction: Transaction): Promise<Committed> {
    const number = this.number++;
    return this.ask("commit", () => this.store.commit(transaction, number));
  }

  heads(queue: number, after: number, limit: number): Promise<HeadPage> {
    return this.ask("heads", () => this.store.backlog.heads(queue, after, limit));
  }

  load(block: number, heads: Float64Array): Promise<Uint8Array> {
    return this.ask("load", () => this.store.backlog.load(block, heads));
  }

  shed(shedding: Shedding): Promise<Shed> {
    const number = this.number++;
    return this.ask("shed", () => this.store.shed(shedding, number));
  }

  survey(): Promise<Survey> {
    return this.ask("survey", () => this.store.survey());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Executes the calls that were held back. Later calls are executed at once. */
  release(): void {
    this.holding = [];
    for (const run of this.held.splice(0)) run();
  }

  private ask<T>(kind: Kind, run: () => T): Promise<T> {
    this.calls[kind]++;
    return new Promise((resolve, reject) => {
      const carryOut = (): void => {
        try {
          if (this.failing.includes(kind)) throw new Error("disk I/O error");
          const answer = run();
          setImmediate(() => resolve(answer));
        } catch (error) {
          setImmediate(() => reject(error as Error));
        }
      };
      if (this.holding.includes(kind)) this.held.push(carryOut);
      else carryOut();
    });
  }
}

/** Waits until everything has happened that can happen without time passing. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
