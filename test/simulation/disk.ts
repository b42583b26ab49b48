// The simulated disk: the real store on an SQLite database, with injected faults. The disk is slow, failing, full or hanging. A
// power cut takes back the latest unsynced commits. A failed commit may turn up after a crash. A block is damaged. The worker
// thread dies silently and is replaced.
import type { Arena } from "../../src/core/arena.ts";
import type { Space } from "../../src/buffer/spool/disk/disk-space.ts";
import type { Committed, HeadPage, Shed, Shedding, Spool, Survey, Transaction } from "../../src/buffer/spool/spool.ts";
import { Store } from "../../src/buffer/spool/store.ts";
import type { Database } from "../../src/buffer/spool/sqlite.ts";
import { type Databases, InFiles, InMemory, type Snapshot, damage, limit, putBack } from "./sqlite.ts";
import type { Life, VirtualClock } from "./virtual-clock.ts";
import type { Dice } from "./violation.ts";

export interface DiskWeather {
  /** Of one call, in milliseconds. */
  latency: readonly [number, number];
  /** full: writes that would grow the database fail. hang: no call is answered until the fault ends. */
  writes: "ok" | "fail" | "full" | "hang";
  /** Fraction of the configured limit for rows that other programs leave free. */
  leaves: number;
  reads: "ok" | "fail" | "hang";
}

export const FINE: DiskWeather = { latency: [0, 20], writes: "ok", reads: "ok", leaves: 1 };

const MACHINE = "a machine";
/** Pages. */
const RESERVE = 8;

export class Disk {
  weather: DiskWeather = { ...FINE };
  readonly dice: Dice;
  readonly clock: VirtualClock;
  private readonly databases: Databases;
  /** States of the database that a power cut may leave, from the last synced one on. */
  private states: Snapshot[];
  private reserve = RESERVE;
  private full = false;
  /** The state after a commit that failed. It may still turn up after a crash. */
  private zombie: Snapshot | undefined;

  constructor(dice: Dice, clock: VirtualClock, on: "memory" | "files") {
    this.dice = dice;
    this.clock = clock;
    this.databases = on === "memory" ? new InMemory() : new InFiles();
    this.states = [this.databases.snapshot()];
  }

  /** Opens the store for a new process. @param rows limit for rows in bytes, from the configuration */
  open(arena: Arena, rows: number): Store {
    const { db, directory } = this.databases;
    return new Store(db, directory, arena.bytes, { deadLetters: 1 << 26, space: this.space(rows) });
  }

  /** A reserve of a few pages, which the store can release once while the disk is full. */
  private space(rows: number): Space {
    return {
      limit: () => {},
      giveBack: () => {
        if (this.reserve === 0) return false;
        limit(this.db, true, this.reserve);
        this.reserve = 0;
        return true;
      },
      rows: () => Math.floor(rows * this.weather.leaves),
    };
  }

  /** Called before a transaction. If the disk was full already, its limit stays the same. */
  private setFull(): void {
    const full = this.weather.writes === "full";
    if (!full || !this.full) limit(this.db, full);
    if (!full) this.reserve = RESERVE;
    this.full = full;
  }

  get machine(): string {
    return MACHINE;
  }

  /** For the checks only. */
  get db(): Database {
    return this.databases.db;
  }

  /** Ends the process. @param power also cuts the machine's power */
  crash(power: boolean): void {
    if (!this.zombie) this.replaceLast(this.databases.snapshot());
    else if (this.dice.chance(0.5)) this.states.push(this.zombie);
    this.zombie = undefined;
    const kept = power ? 1 + this.dice.int(this.states.length) : this.states.length;
    this.databases.forget(this.states.splice(kept));
    const state = this.states.pop() as Snapshot;
    this.databases.reopen(state);
    this.databases.forget(this.states);
    this.states = [state];
  }

  private replaceLast(state: Snapshot): void {
    this.databases.forget(this.states.splice(-1, 1, state));
  }

  /** Commits a transaction to the real store. */
  commit(store: Store, transaction: Transaction, number: number): Committed {
    if (this.weather.writes === "fail") return this.fail(store, transaction, number);
    this.setFull();
    const answer = store.commit(transaction, number);
    this.zombie = undefined;
    const state = this.databases.snapshot();
    if (transaction.full) this.databases.forget(this.states.splice(0));
    this.states.push(state);
    return answer;
  }

  private fail(store: Store, transaction: Transaction, number: number): never {
    if (this.databases instanceof InMemory && this.dice.chance(0.3)) {
      const before = this.databases.snapshot();
      try {
        store.commit(transaction, number);
        this.zombie = this.databases.snapshot();
      } finally {
        putBack(this.db, before);
      }
    }
    throw Object.assign(new Error("disk I/O error"), { code: "SQLITE_IOERR_WRITE" });
  }

  shed(store: Store, shedding: Shedding, number: number): Shed {
    if (this.weather.writes === "fail") throw Object.assign(new Error("disk I/O error"), { code: "SQLITE_IOERR" });
    this.setFull();
    const answer = store.shed(shedding, number);
    this.states.push(this.databases.snapshot());
    return answer;
  }

  damage(): void {
    damage(this.db, this.dice);
  }

  close(): void {
    this.databases.close();
  }
}

type Call = { run: () => unknown; kind: "read" | "write"; resolve: (v: never) => void; reject: (e: unknown) => void };

/** The spool as one process sees it. */
export class SimSpool implements Spool {
  private readonly disk: Disk;
  private readonly store: Store;
  private readonly life: Life;
  private readonly queue: Call[] = [];
  private busy = false;
  private number: number;
  /** Until then the worker thread is dead. */
  private goneUntil = 0;

  constructor(disk: Disk, store: Store, life: Life) {
    this.disk = disk;
    this.store = store;
    this.life = life;
    this.number = store.lastWrite() + 1;
  }

  /** The worker thread dies silently. Another takes its place after `ms` and gets the same calls again. */
  die(ms: number): void {
    this.goneUntil = this.disk.clock.time + ms;
  }

  commit(transaction: Transaction): Promise<Committed> {
    const number = this.number++;
    return this.ask("write", () => {
      if (this.store.lastWrite() === number) return this.store.committed(transaction);
      return this.disk.commit(this.store, transaction, number);
    });
  }

  heads(queue: number, after: number, limit: number): Promise<HeadPage> {
    return this.ask("read", () => this.store.backlog.heads(queue, after, limit));
  }

  load(block: number, heads: Float64Array): Promise<Uint8Array> {
    return this.ask("read", () => this.store.backlog.load(block, heads));
  }

  shed(shedding: Shedding): Promise<Shed> {
    const number = this.number++;
    return this.ask("write", () => {
      if (this.store.lastWrite() === number) return this.store.lastShed();
      return this.disk.shed(this.store, shedding, number);
    });
  }

  survey(): Promise<Survey> {
    return this.ask("read", () => this.store.survey());
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Number of calls that are not answered yet. */
  get pending(): number {
    return this.queue.length;
  }

  private ask<T>(kind: Call["kind"], run: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.queue.push({ run, kind, resolve, reject });
      this.next();
    });
  }

  /** Runs one call at a time. Its effect happens at the start; its answer comes later, or never if the process ends. */
  private next(): void {
    const call = this.queue[0];
    if (this.busy || call === undefined) return;
    this.busy = true;
    const { dice, weather, clock } = this.disk;
    const hangs = weather[call.kind === "read" ? "reads" : "writes"] === "hang";
    if (hangs || clock.time < this.goneUntil) return this.again(hangs ? 100 : this.goneUntil - clock.time);
    let answer: unknown;
    let error: unknown;
    try {
      if (call.kind === "read" && weather.reads === "fail") throw new Error("disk I/O error");
      answer = call.run();
    } catch (thrown) {
      error = thrown;
    }
    clock.after(
      dice.between(...weather.latency),
      () => {
        // The thread died before it could answer: the call is repeated.
        if (clock.time < this.goneUntil) return this.again(this.goneUntil - clock.time);
        this.queue.shift();
        if (error === undefined) call.resolve(answer as never);
        else call.reject(error);
        this.busy = false;
        this.next();
      },
      this.life,
    );
  }

  private again(ms: number): void {
    this.disk.clock.after(
      ms,
      () => {
        this.busy = false;
        this.next();
      },
      this.life,
    );
  }
}
