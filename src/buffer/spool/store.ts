// Implements the spool's calls on the state database: recovery, transactions, loading. Synchronous; runs in the worker thread.
import { isFull } from "../../core/errors.ts";
import { FATES } from "../../core/fate.ts";
import { newSourceId } from "../../core/source.ts";
import type { LedgerDelta } from "../ledger/ledger.ts";
import { Backlog } from "./rows/backlog.ts";
import { databaseSize } from "./database.ts";
import { DeadLetterTable, dropLetters } from "./dead-letters.ts";
import type { Space } from "./disk/disk-space.ts";
import { DamagedBody } from "./rows/ending.ts";
import { isCorruption, isOfTheDisk } from "./faults.ts";
import { LossTable } from "./losses.ts";
import { shed } from "./rows/shed.ts";
import { COPY_VERSION } from "./schema.ts";
import {
  type Committed,
  type Evicted,
  MOVE_WIDTH,
  type Recovered,
  type Room,
  type Shed,
  type Shedding,
  type SourceRow,
  type StoredSource,
  type Survey,
  type Transaction,
} from "./spool.ts";
import { type Database, inTransaction } from "./sqlite.ts";
import { META, STARTED, readSources, readStored } from "./rows/tables.ts";
import { Upkeep } from "./disk/upkeep.ts";

export interface StoreBudget {
  /** Budget of the dead-letter table in bytes. */
  readonly deadLetters: number;
  /** Undefined: no limit. */
  readonly space?: Space;
}

export class Store {
  readonly backlog: Backlog;
  private readonly db: Database;
  private readonly directory: string;
  private readonly losses: LossTable;
  private readonly deadLetters: DeadLetterTable;
  private readonly space: Space | undefined;
  readonly upkeep: Upkeep;
  private synchronous = "";

  constructor(db: Database, directory: string, arena: Uint8Array, budget: StoreBudget) {
    this.db = db;
    this.directory = directory;
    this.backlog = new Backlog(db, arena);
    this.space = budget.space;
    this.upkeep = new Upkeep(db);
    this.losses = new LossTable(db);
    this.deadLetters = new DeadLetterTable(db, budget.deadLetters);
  }

  /**
   * @param machine /etc/machine-id; if it has changed, sources get new ids: after a copy, two hosts must not have the same
   * @param damaged the database is known to be, and is used as far as it can be read
   */
  recover(machine: string, damaged = false): Recovered {
    const { db } = this;
    const before = this.meta(META.machine);
    try {
      this.transact(false, () => {
        if (before !== undefined && before !== machine) this.renameSources();
        this.backlog.sql.putMeta.run(META.machine, machine);
        db.exec(`${COPY_VERSION} DELETE FROM envelopes WHERE chunks = 0;
          DELETE FROM lost_sources WHERE id NOT IN (SELECT source FROM losses) AND id NOT IN (SELECT source FROM dead_letters);
          DELETE FROM totals WHERE chunks = 0 AND stored = 0;
          DELETE FROM queues WHERE id NOT IN (SELECT queue FROM totals);`);
      });
    } catch (error) {
      // This clean-up can wait until the disk can be written, or for a salvage. Only the new ids of another machine cannot.
      const passes = isFull(error) || isOfTheDisk(error) || (damaged && isCorruption(error));
      if (!passes || (before !== undefined && before !== machine)) throw error;
    }
    return { ...readStored(db, damaged), room: this.room() };
  }

  sources(after: number, limit: number, skip = 0): StoredSource[] {
    return readSources(this.db, after, limit, skip);
  }

  private renameSources(): void {
    const rename = this.db.prepare("UPDATE sources SET id = ? WHERE num = ?");
    for (const { num } of readSources(this.db)) rename.run(newSourceId(), num);
  }

  private room(): Room {
    return { size: databaseSize(this.directory), rows: this.space?.rows(), deadLetters: this.deadLetters.kept };
  }

  survey(): Survey {
    this.upkeep.turn();
    this.deadLetters.look();
    return { oldest: this.backlog.oldest(), room: this.room() };
  }

  /** @see Spool.load */
  load(...of: Parameters<Backlog["load"]>): Uint8Array {
    this.upkeep.busy = true;
    return this.backlog.load(...of);
  }

  /**
   * Throws if the commit failed; then nothing of it is stored.
   * @param number identifies this write for `lastWrite`
   */
  commit(tx: Transaction, number: number): Committed {
    const { backlog } = this;
    this.syncBy(tx.full ? "FULL" : "NORMAL");
    const packed = backlog.pack(tx);
    let blocks: Float64Array = new Float64Array(0);
    let evicted: Evicted[] = [];
    const grows = tx.groups.length > 0;
    this.upkeep.busy ||= grows;
    this.transact(grows, () => {
      // First, so that new rows can use the freed room of a full database. An envelope is deleted with its last row, and added
      // again below if a new row needs it.
      backlog.remove(tx.removed);
      for (const source of tx.sources) this.putSource(source);
      this.moveSources(tx.moves);
      for (const e of tx.envelopes) {
        backlog.sql.addEnvelope.run(e.id, e.input, e.path, e.host, JSON.stringify(e.fields), e.index, e.policy);
      }
      for (const { id, policy, target } of tx.queues) backlog.sql.addQueue.run(id, policy, target);
      blocks = backlog.add(tx.rows, tx.groups, packed);
      for (const delta of tx.ledger) this.account(delta);
      for (const loss of tx.losses) this.losses.add(loss);
      evicted = dropLetters(this.deadLetters.add(tx.deadLetters), this.losses, backlog.sql);
      for (const num of tx.forgotten) {
        backlog.sql.keepLost.run(num);
        backlog.sql.removeSource.run(num);
      }
      backlog.sql.putMeta.run(META.evicted, JSON.stringify(evicted));
      for (const { input, atMs } of tx.starts) backlog.sql.putMeta.run(STARTED + input, String(atMs));
      backlog.sql.putMeta.run(META.state, JSON.stringify(tx.meta));
      backlog.sql.putMeta.run(META.write, String(number));
    });
    backlog.unread.works();
    if (!grows) this.upkeep.giveBack();
    return { blocks, room: this.room(), evicted };
  }

  /** Writes something that means nothing, and returns when it is durable. SQLite would not write what is there already. */
  prove(): void {
    this.syncBy("FULL");
    this.transact(false, () => this.backlog.sql.putMeta.run(META.proof, this.meta(META.proof) === "1" ? "0" : "1"));
  }

  /** Number of the last commit or shed that was carried out; 0: none. */
  lastWrite(): number {
    return Number(this.meta(META.write) ?? 0);
  }

  private meta(key: string): string | undefined {
    return this.db.prepare("SELECT value FROM meta WHERE key = ?").pluck().get(key) as string | undefined;
  }

  /** The answer for a transaction that was already committed. */
  committed({ rows }: Transaction): Committed {
    const evicted = JSON.parse(this.meta(META.evicted) ?? "[]") as Evicted[];
    return { blocks: this.backlog.blocksOf(rows), room: this.room(), evicted };
  }

  /** @param number identifies this write for `lastWrite` */
  shed(wanted: Shedding, number: number): Shed {
    const { backlog } = this;
    let result: Shed | undefined;
    this.syncBy("NORMAL");
    this.transact(false, () => {
      result = shed(backlog, this.losses, wanted);
      const { sources, blocks } = result;
      backlog.sql.putMeta.run(META.shed, JSON.stringify({ ...result, sources: [...sources], blocks: [...blocks] }));
      backlog.sql.putMeta.run(META.write, String(number));
    });
    this.upkeep.giveBack();
    return result as Shed;
  }

  /** The answer for the last shed. */
  lastShed(): Shed {
    const { sources, blocks, ...shed } = JSON.parse(this.meta(META.shed) as string) as {
      readonly [K in keyof Shed]: Shed[K] extends Float64Array ? number[] : Shed[K];
    };
    return { ...shed, sources: Float64Array.from(sources), blocks: Float64Array.from(blocks) };
  }

  private syncBy(level: "FULL" | "NORMAL"): void {
    if (level !== this.synchronous) this.db.pragma(`synchronous = ${level}`);
    this.synchronous = level;
  }

  /**
   * If the disk is full, deletes the reserve and checkpoints the WAL. Then it tries a transaction without new rows once more.
   * @param grows the transaction adds rows, which may not use the room of the reserve
   */
  private transact(grows: boolean, run: () => void): void {
    this.space?.limit(grows);
    try {
      inTransaction(this.db, run);
    } catch (error) {
      this.losses.recount();
      this.deadLetters.recount();
      if (error instanceof DamagedBody) return this.transact(grows, run);
      if (!isFull(error)) throw error;
      const given = this.space?.giveBack() ?? false;
      this.upkeep.checkpoint();
      if (grows || !given) throw error;
      inTransaction(this.db, run);
    }
  }

  private putSource({ num, id, input, identity, origin, checkpoint, mark }: SourceRow): void {
    const { path, device, inode, birthNs, headLength, headHash } = identity;
    const position = [mark.length, mark.hash, origin, checkpoint];
    this.backlog.sql.putSource.run(num, id, input, path, device, inode, birthNs, headLength, headHash, ...position);
  }

  private moveSources(moves: Float64Array): void {
    for (let i = 0; i < moves.length; i += MOVE_WIDTH) {
      const [num, checkpoint, length, hash] = moves.subarray(i, i + MOVE_WIDTH);
      this.backlog.sql.moveSource.run(checkpoint, length, hash, num);
    }
  }

  private account({ input, account, retired }: LedgerDelta): void {
    const add = (fate: string, records: number, bytes: number): void => {
      if (records !== 0 || bytes !== 0) this.backlog.sql.addToLedger.run(input, fate, records, bytes);
    };
    add("read", account.read.records, account.read.bytes);
    add("retired", 0, retired);
    account.fates.forEach((count, fate) => add(FATES[fate] as string, count.records, count.bytes));
  }

  close(): void {
    this.upkeep.finish();
    this.db.close();
  }
}
