// What survives a crash, and what the checks know that the agent does not: files, the destination, the database as a log
// of states (a power cut takes the unsynced end of it back), and for every record where it is or was.
import { DELIVERED, DROPPED_OLDEST, DUPLICATE, FATES, type Fate } from "../../src/core/fate.ts";
import type { SourceRow, StoredRow, Transaction } from "../../src/buffer/spool.ts";

export class Violation extends Error {}

/** Every record is four bytes: three letters that say which it is, and \n. */
export const RECORD = 4;
/** Ghost fates beyond those of the ledger: in a row; dropped though an attempt may have stored it. */
const ROW = -1;
const UNSURE = -2;

export interface Generation {
  /** A source id that never became durable is lost in a crash; the file then gets a new one. */
  id: string;
  readonly formerIds: string[];
  readonly slot: number;
  /** Records written. */
  length: number;
  gone: "" | "unlinked" | "truncated";
}

export interface Db {
  readonly sources: ReadonlyMap<string, SourceRow>;
  readonly rows: ReadonlyMap<number, StoredRow & { readonly data: Uint8Array; readonly table: Uint8Array | undefined }>;
  readonly read: ReadonlyMap<string, number>;
  /** Records by source and fate. */
  readonly ledger: ReadonlyMap<string, readonly number[]>;
  /** Ghost: per source and record. */
  readonly fate: ReadonlyMap<string, readonly number[]>;
}

const EMPTY: Db = { sources: new Map(), rows: new Map(), read: new Map(), ledger: new Map(), fate: new Map() };

/** What the rig tells of a chunk beyond the transaction: which record has which fate. */
export interface Ghost {
  readonly source: string;
  readonly start: number;
  /** Per record of the span; 0 = open. `unsure` marks drops that may have been stored. */
  readonly fates: readonly Fate[];
  readonly unsure: boolean;
}

export class World {
  readonly generations: Generation[] = [];
  readonly slots: number[] = [];
  /** Destination: record key to the id under which it was stored. */
  readonly stored = new Set<string>();
  /** From the first state that a power cut cannot take back. */
  log: Db[] = [EMPTY];
  disk: "ok" | "full" | "dead" = "ok";
  /** Rows could not be read for a while: order is given up from then on. */
  orderFree = false;
  /** Sent without a durable id, in degraded mode: repeats are allowed. */
  readonly exempt = new Set<string>();
  /** A failed commit that may still appear. */
  zombie: { transaction: Transaction; ghosts: Ghosts } | undefined;
  /** When the database is checked: it takes a while where it holds much. */
  watch: "every commit" | "nothing" = "every commit";
  /** Records that can be read no more and that the buffer answered for, by source. */
  private readonly answered = new Map<string, Set<number>>();
  private nextId = 1;

  constructor(slots: number) {
    for (let s = 0; s < slots; s++) this.newGeneration(s);
  }

  get db(): Db {
    return this.log[this.log.length - 1] as Db;
  }

  newGeneration(slot: number): Generation {
    const generation: Generation = { id: this.freshId(), formerIds: [], slot, length: 0, gone: "" };
    this.slots[slot] = this.generations.length;
    this.generations.push(generation);
    return generation;
  }

  private freshId(): string {
    return (this.nextId++).toString(16).padStart(24, "0");
  }

  /** The id was lost with the process that made it up. */
  rename(g: Generation): void {
    g.formerIds.push(g.id);
    g.id = this.freshId();
  }

  of(id: string): Generation {
    return this.generations.find((g) => g.id === id) as Generation;
  }

  at(slot: number): Generation {
    return this.generations[this.slots[slot] as number] as Generation;
  }

  /** Create semantics: true when stored now, false for a 409. */
  store(source: string, record: number): boolean {
    const fate = this.db.fate.get(source)?.[record];
    if (fate === DROPPED_OLDEST) throw new Violation(`${source}:${record} stored after its durable, certain drop`);
    const key = `${source}:${record}`;
    if (this.stored.has(key)) return false;
    for (const former of this.of(source)?.formerIds ?? []) {
      const twice = `${former}:${record}`;
      if (this.stored.has(twice) && !this.exempt.has(twice)) throw new Violation(`${twice} stored again as ${key}`);
    }
    this.stored.add(key);
    return true;
  }

  answer(source: string, records: readonly number[]): void {
    const all = this.answered.get(source) ?? new Set<number>();
    this.answered.set(source, all);
    for (const record of records) all.add(record);
  }

  /** The first answered record that is neither in the database nor stored. */
  lostOfAnswered(): string | undefined {
    for (const [source, records] of this.answered) {
      const fates = this.db.fate.get(source) ?? [];
      for (const record of records) {
        const where = `${source}:${record}`;
        if (!fates[record] && !this.stored.has(where)) return where;
      }
    }
    return undefined;
  }

  push(transaction: Transaction, ghosts: Ghosts): void {
    this.log.push(apply(this.db, transaction, ghosts));
    this.zombie = undefined;
    if (transaction.full) this.log = [this.db];
    if (this.watch === "every commit") checkDb(this);
  }
}

export interface Ghosts {
  readonly added: ReadonlyMap<number, Ghost>;
  readonly removed: ReadonlyMap<number, Ghost>;
  readonly passed: readonly Ghost[];
  /** Bytes of the rows, copied when they were composed: the adversary checks that the region was still whole at commit. */
  readonly data: ReadonlyMap<number, { data: Uint8Array; table: Uint8Array | undefined }>;
}

function apply(db: Db, tx: Transaction, ghosts: Ghosts): Db {
  const sources = new Map(db.sources);
  const rows = new Map(db.rows);
  const read = new Map(db.read);
  const ledger = new Map<string, number[]>([...db.ledger].map(([k, v]) => [k, v.slice()]));
  const fate = new Map<string, number[]>([...db.fate].map(([k, v]) => [k, v.slice()]));
  for (const { input, account } of tx.ledger) {
    read.set(input, (read.get(input) ?? 0) + account.read.records);
    const own = ledger.get(input) ?? FATES.map(() => 0);
    account.fates.forEach((c, f) => (own[f] = (own[f] as number) + c.records));
    ledger.set(input, own);
  }
  const mark = (ghost: Ghost, i: number, value: number): void => {
    const own = fate.get(ghost.source) ?? [];
    own[ghost.start / RECORD + i] = value;
    fate.set(ghost.source, own);
  };
  const enter = (ghost: Ghost, open: number): void => {
    ghost.fates.forEach((f, i) => {
      const before = fate.get(ghost.source)?.[ghost.start / RECORD + i];
      if (before)
        throw new Violation(`counted twice: ${ghost.source}:${ghost.start / RECORD + i} was ${before}, now ${f}`);
      mark(ghost, i, f === 0 ? open : seen(f, ghost.unsure));
    });
  };
  for (const ghost of ghosts.passed) enter(ghost, 0);
  for (const row of tx.rows) {
    const ghost = ghosts.added.get(row.seq) as Ghost;
    enter(ghost, ROW);
    const { region: _r, table: _t, ...facts } = row;
    const bytes = ghosts.data.get(row.seq) as { data: Uint8Array; table: Uint8Array | undefined };
    rows.set(row.seq, { ...facts, stored: row.length + row.tableLength + 8, ...bytes });
  }
  for (const seq of tx.removed) {
    const ghost = ghosts.removed.get(seq) as Ghost;
    rows.delete(seq);
    ghost.fates.forEach((f, i) => {
      if (fate.get(ghost.source)?.[ghost.start / RECORD + i] === ROW) mark(ghost, i, seen(f, ghost.unsure));
    });
  }
  for (const s of tx.sources) {
    const before = sources.get(s.id)?.checkpoint ?? 0;
    if (s.checkpoint < before) throw new Violation(`checkpoint of ${s.id} goes back from ${before} to ${s.checkpoint}`);
    sources.set(s.id, s);
  }
  for (const id of tx.forgotten) sources.delete(id);
  return { sources, rows, read, ledger, fate };
}

function seen(fate: Fate, unsure: boolean): number {
  return fate === DROPPED_OLDEST && unsure ? UNSURE : fate;
}

/** I1 and the durable ledger, against what the world knows. */
function checkDb({ db, generations, stored }: World): void {
  for (const g of generations) {
    const fates = db.fate.get(g.id) ?? [];
    const checkpoint = (db.sources.get(g.id)?.checkpoint ?? 0) / RECORD;
    for (let o = 0; o < Math.max(fates.length, checkpoint); o++) {
      const fate = fates[o] ?? 0;
      const where = `${g.id}:${o}`;
      if (o < checkpoint && fate === 0)
        throw new Violation(`${where} lost: before the checkpoint, neither row nor fate`);
      if (o >= checkpoint && fate !== 0)
        throw new Violation(`${where} is in the ledger (${fate}) beyond the checkpoint`);
      const there = stored.has(where);
      if ((fate === DELIVERED || fate === DUPLICATE) && !there)
        throw new Violation(`${where} counted ${fate}, not stored`);
      if (fate === DROPPED_OLDEST && there) throw new Violation(`${where} is a certain drop, but stored`);
    }
    let rows = 0;
    for (const r of db.rows.values()) if (r.source === g.id) rows += r.records;
    const fatesSum = (db.ledger.get(g.id) ?? []).reduce((sum, n) => sum + n, 0);
    const read = db.read.get(g.id) ?? 0;
    if (read !== fatesSum + rows)
      throw new Violation(`durable ledger of ${g.id}: read ${read}, fates ${fatesSum}, rows ${rows}`);
    if (read !== checkpoint) throw new Violation(`durable read of ${g.id} is ${read}, its checkpoint ${checkpoint}`);
  }
}
