// One life after another of the real buffer code, driven step by step by an adversary: commits can be late, fail, or be
// taken back by a power cut; requests end in every way; files vanish. Small limits, so that every one of them is hit.
import { readFileSync } from "node:fs";
import { admitDraft } from "../../src/buffer/admit.ts";
import { type Chunk, isOpen, memoryOf } from "../../src/buffer/chunk.ts";
import { envelopeOf } from "../../src/buffer/envelopes.ts";
import { evict } from "../../src/buffer/evict.ts";
import { beginSend, endLease, endSend, takeLease } from "../../src/buffer/lease.ts";
import type { Lease, SourceState } from "../../src/buffer/chunk.ts";
import type { Committed, Loss, Recovered, Transaction } from "../../src/buffer/spool.ts";
import { Ledger } from "../../src/buffer/ledger.ts";
import { STALL_MS, enterSpill, heal, leaveSpill } from "../../src/buffer/modes.ts";
import { type PageIn, beginPageIn, endPageIn } from "../../src/buffer/paging.ts";
import type { Quotas } from "../../src/buffer/quotas.ts";
import { recordAt } from "../../src/buffer/records.ts";
import { restore } from "../../src/buffer/restore.ts";
import { hasRoom } from "../../src/buffer/room.ts";
import { answeredFor, noticeGone, openSource } from "../../src/buffer/sources.ts";
import { ROW_OVERHEAD } from "../../src/buffer/tables.ts";
import { BufferState, settleEach } from "../../src/buffer/state.ts";
import { type Writing, committed, compose, failed } from "../../src/buffer/writer.ts";
import { Arena } from "../../src/core/arena.ts";
import { TABLE, TABLE_ENTRY, type Envelope } from "../../src/core/chunk.ts";
import type { Clock } from "../../src/core/clock.ts";
import { describe } from "../../src/core/errors.ts";
import {
  type Count,
  DEAD,
  DELIVERED,
  DROPPED_OLDEST,
  DUPLICATE,
  type Fate,
  OPEN,
  SAMPLED,
} from "../../src/core/fate.ts";
import { NO_MARK } from "../../src/core/source.ts";
import { bury } from "../../src/pipeline/pieces.ts";
import type { Contents, SqliteDisk } from "./sqlite-disk.ts";
import { type Generation, type Ghost, type Ghosts, RECORD, Violation, World } from "./world.ts";

/** What a chunk of one to three records takes in the arena: 12 bytes and slack, in units of 16. */
export const UNIT = Arena.cost(3 * RECORD);
/** With a table: sampled chunks. */
export const LARGEST = UNIT + Arena.cost(3 * TABLE_ENTRY);
const makeArena = (): Arena => new Arena(1 << 16, { poison: 0xdb });
let ARENA = makeArena();

/** The arena of all schedules of this process. */
export function arena(): Arena {
  return ARENA;
}

/** After a violation: the next schedule needs a clean one. */
export function renewArena(): void {
  ARENA = makeArena();
}

export interface Limits {
  readonly quotas: Quotas;
  readonly rowBudget: number;
  readonly batch: number;
}

/** Small, so that every limit is hit. */
export const SMALL: Limits = {
  quotas: {
    largest: LARGEST,
    bodies: 4 * UNIT,
    pool: 3 * LARGEST + 3 * UNIT,
    page: LARGEST,
    stage: LARGEST,
    leased: 2 * LARGEST,
    slice: 20,
    ahead: 4 * (3 * RECORD + 3 * 256),
    chunks: 5,
    letters: 8,
  },
  rowBudget: 160,
  batch: 3 * (3 * RECORD + 3 * 256),
};

/** The same number of rows where each takes what it does in SQLite. */
export const SMALL_ON_SQLITE: Limits = { ...SMALL, rowBudget: 8 * (ROW_OVERHEAD + 12) };

const FACTS = { path: "/x", host: "h", fields: {}, index: "i", policy: "default" };

export class Rig {
  readonly world: World;
  readonly random: () => number;
  readonly limits: Limits;
  /** Undefined: transactions are kept in memory. */
  private readonly disk: SqliteDisk | undefined;
  clock = 0;
  state!: BufferState;
  sampling = false;
  writing: Writing | undefined;
  private ghosts: Ghosts | undefined;
  /** Of the transaction that is being composed. */
  private losses: readonly Loss[] = [];
  pages: PageIn[] = [];
  /** What each lease sent: the open records at that moment. */
  private readonly sent = new Map<Lease, { chunk: Chunk; records: number[] }[]>();
  /** Requests whose answer was lost and that the server may still carry out. */
  late: { source: string; record: number }[] = [];
  private readonly sampledOf = new Map<string, number[]>();
  private readonly firstLeased = new Map<string, Set<number>>();
  up = true;

  constructor(random: () => number, limits: Limits = SMALL, disk?: SqliteDisk) {
    this.world = new World(3);
    this.random = random;
    this.limits = limits;
    this.disk = disk;
    this.restart();
  }

  int(n: number): number {
    return Math.floor(this.random() * n);
  }

  fail(what: string): never {
    throw new Violation(what);
  }

  // --- life
  restart(): void {
    const { db, generations } = this.world;
    const now = (): number => this.clock * 1000;
    const clock: Clock = {
      wall: now,
      now,
      after: () => ({ cancel() {} }),
      sleep: () => Promise.resolve(),
      random: this.random,
    };
    const recovered = this.disk?.recover() ?? this.recovered();
    if (this.disk) this.compareDisk(recovered);
    this.state = new BufferState({
      clock,
      arena: ARENA,
      quotas: this.limits.quotas,
      rowBudget: this.limits.rowBudget,
      ledger: new Ledger(recovered.ledger),
    });
    this.state.shares.set("default", { policy: "default", ratio: 1, memory: 0, disk: 0 });
    restore(this.state, recovered);
    this.up = true;
    for (const g of generations) {
      const known = db.sources.get(g.id);
      if (g.gone === "") {
        if (!known) this.world.rename(g);
        this.discover(g);
      } else if (known) {
        g.length = known.checkpoint / RECORD;
        openSource(this.state, known, Number.MAX_SAFE_INTEGER, true);
        noticeGone(this.state, this.source(g));
      }
    }
  }

  /** What the database in memory holds. */
  private recovered(): Recovered {
    const { db } = this.world;
    const rows = [...db.rows.values()].sort((a, b) => a.seq - b.seq);
    const inputs = [...new Set(rows.map((r) => r.source))];
    const envelopes: Envelope[] = inputs.map((input, i) => ({ id: i + 1, input, ...FACTS }));
    const ids = new Map(envelopes.map((e) => [e.input, e.id]));
    return {
      sources: [...db.sources.values()],
      rows: rows.map(({ data: _d, table: _t, ...r }) => ({ ...r, envelope: ids.get(r.source) as number })),
      envelopes,
      ledger: [...db.read].map(([input, records]) => ({
        input,
        account: accountOf(records, db.ledger.get(input)),
        retired: 0,
      })),
      starts: [],
      nextSeq: Math.max(0, ...db.rows.keys()) + 1,
      size: 0,
    };
  }

  /** The real database says what it should, after whatever happened to the process. */
  private compareDisk(found: Contents): void {
    const expected = this.recovered();
    const facts = ({ sources, rows, ledger }: Contents): string =>
      JSON.stringify([
        sources.map((s) => [s.id, s.origin, s.checkpoint, s.mark, s.identity]).sort(),
        rows.map((r) => [r.seq, r.source, r.start, r.end, r.records, r.bytes, r.length, r.tableLength]),
        ledger
          .filter((l) => l.account.read.records > 0)
          .map((l) => [l.input, l.account])
          .sort(),
      ]);
    if (facts(found) !== facts(expected)) this.fail(`SQLite holds ${facts(found)}, not ${facts(expected)}`);
  }

  discover(g: Generation): void {
    const known = this.world.db.sources.get(g.id);
    const identity = { path: "/x", device: "", inode: g.id, birthNs: "", headLength: 0, headHash: 0 };
    const fresh = { id: g.id, input: g.id, identity, origin: 0, checkpoint: 0, mark: NO_MARK };
    openSource(this.state, known ?? fresh, g.length * RECORD, known !== undefined);
  }

  crash(power: boolean): void {
    const { world } = this;
    if (this.writing && world.disk === "ok" && this.random() < 0.5) this.push();
    else if (world.zombie && this.random() < 0.5) world.push(world.zombie.transaction, world.zombie.ghosts);
    world.zombie = undefined;
    if (power) world.log.length = 1 + this.int(world.log.length);
    this.disk?.crash(world.log.length);
    for (const lease of this.state.leases) if (lease.state === "wire") this.end(lease, "lost");
    this.writing = undefined;
    for (const { chunk } of this.pages) if (!this.state.rows.has(chunk)) this.freeAfterCrash(chunk);
    this.pages = [];
    this.sent.clear();
    for (const q of [this.state.rows, this.state.fresh]) for (const c of q) this.freeAfterCrash(c);
    if (ARENA.count > 0) this.fail(`${ARENA.count} regions leaked`);
    const lost = world.lostOfAnswered();
    if (lost) this.fail(`answered record ${lost} lost in a ${power ? "power cut" : "crash"}`);
    this.up = false;
  }

  private freeAfterCrash(chunk: Chunk): void {
    for (const region of [chunk.region, chunk.table]) {
      if (!region) continue;
      region.pins = 0;
      ARENA.release(region);
    }
  }

  stop(): void {
    for (const lease of [...this.state.leases]) this.release(lease);
    this.commit();
    while (this.pages.length > 0) this.pageEnd();
    this.state.phase = "stopping";
    enterSpill(this.state);
    for (let k = 0; k < 60 && this.state.mode === "spill" && this.compose("regular"); k++) this.commit();
    const room = this.limits.rowBudget - this.state.rowBytes >= LARGEST;
    if (this.state.mode === "spill" && room) {
      for (const c of this.state.fresh) if (isOpen(c)) this.fail("a graceful stop left a chunk out");
    }
    this.crash(false);
    this.restart();
  }

  // --- intake
  source(g: Generation): ReturnType<BufferState["sources"]["get"]> & object {
    return this.state.sources.get(g.id) as never;
  }

  knows(g: Generation): boolean {
    return this.state.sources.has(g.id);
  }

  append(g: Generation, n: number): boolean {
    if (!this.knows(g)) return false;
    const source = this.source(g);
    const start = source.position / RECORD;
    const end = g.gone === "truncated" ? start : Math.min(g.length, start + n);
    if (end <= start) return false;
    const sampled: number[] = [];
    const kept: number[] = [];
    for (let o = start; o < end; o++) (this.sampling && (o * 7 + source.position) % 4 === 0 ? sampled : kept).push(o);
    if (!hasRoom(this.state, UNIT + (sampled.length > 0 ? Arena.cost(kept.length * TABLE_ENTRY) : 0))) return false;
    const region = kept.length > 0 ? ARENA.alloc(kept.length * RECORD) : undefined;
    const table = region && sampled.length > 0 ? ARENA.alloc(kept.length * TABLE_ENTRY) : undefined;
    kept.forEach((o, i) => {
      if (region) ARENA.view(region).write(textOf(g, o), i * RECORD, "latin1");
      if (table) writeEntry(ARENA.view(table), i, o - start);
    });
    if (region) ARENA.bytes[region.ptr + region.length - 1] = 10;
    const counted = new Map<Fate, Count>();
    if (sampled.length > 0) counted.set(SAMPLED, { records: sampled.length, bytes: sampled.length * RECORD });
    this.sampledOf.set(`${g.id}:${start}`, sampled);
    const envelope = envelopeOf(this.state, { input: g.id, ...FACTS });
    const draft = {
      source: g.id,
      envelope,
      start: start * RECORD,
      end: end * RECORD,
      records: kept.length,
      counted,
      ended: (start + end) % 5 === 0 ? ("cut" as const) : undefined,
      readAtMs: 0,
    };
    const share = this.state.shares.get("default") as never;
    const { nextSeq } = this.state;
    void admitDraft(this.state, { ...draft, region, table, mark: NO_MARK }, 4, source, share);
    const chunk = this.state.fresh.last;
    if (chunk?.seq === nextSeq && !chunk.replayable) this.listen(chunk);
    return true;
  }

  /** A1: when the buffer answers for a chunk that cannot be read again, its open records are durable. */
  private listen(chunk: Chunk): void {
    if (isOpen(chunk) && chunk.answer === undefined) this.world.answer(chunk.source.id, openNumbers(chunk));
    chunk.answer &&= () => this.world.answer(chunk.source.id, openNumbers(chunk));
  }

  // --- delivery
  lease(): boolean {
    const lease = takeLease(this.state, { bytes: this.limits.batch, records: 100, body: UNIT });
    if (!lease) return false;
    for (const c of lease.chunks) this.checkOrder(c);
    return true;
  }

  /** Per source, first leases are in span order, over crashes too. */
  private checkOrder(chunk: Chunk): void {
    const ever = this.firstLeased.get(chunk.source.id) ?? new Set<number>();
    this.firstLeased.set(chunk.source.id, ever);
    if (ever.has(chunk.start) || this.world.watch === "nothing") return;
    ever.add(chunk.start);
    if (this.world.disk === "dead" || this.world.orderFree) return;
    for (const q of [this.state.rows, this.state.fresh]) {
      for (const c of q) {
        if (c.source === chunk.source && c.start < chunk.start && isOpen(c) && !ever.has(c.start)) {
          this.fail(`order: ${chunk.source.id}@${chunk.start} leased before @${c.start}`);
        }
      }
    }
  }

  send(lease: Lease): void {
    if (lease.chunks.length === 0) return endLease(this.state, lease);
    if (lease.state === "wire" || !beginSend(this.state, lease)) return;
    const mustBeRows = this.state.mode !== "degraded" && this.state.rowBudget > 0;
    if (mustBeRows && lease.chunks.some((c) => c.rowFirst && c.row !== "yes"))
      this.fail("cut, and sent before it is a row");
    const sent = lease.chunks.map((chunk) => ({ chunk, records: openRecords(chunk) }));
    for (const { chunk, records } of sent) for (const r of records) this.checkBytes(chunk, r);
    this.sent.set(lease, sent);
    const { world } = this;
    if (this.state.mode !== "degraded") return;
    for (const { chunk, records } of sent) {
      if (!world.db.sources.has(chunk.source.id)) for (const r of records) world.exempt.add(key(chunk, r));
    }
  }

  private checkBytes(chunk: Chunk, record: number): void {
    const { offset, bytes } = recordAt(ARENA, chunk, record);
    const expected = textOf(this.world.of(chunk.source.id), offset / RECORD).slice(0, 3);
    const got = Buffer.from(bytes).toString("latin1").slice(0, 3);
    if (got !== expected)
      this.fail(`record ${chunk.source.id}:${offset} holds ${JSON.stringify(got)}, not ${expected}`);
  }

  end(lease: Lease, how: "all" | "some" | "refused" | "lost"): void {
    let took = false;
    for (const { chunk, records } of this.sent.get(lease) ?? []) {
      const fates = new Uint8Array(chunk.records);
      for (const i of records) {
        const x = this.random();
        const record = recordNumber(chunk, i);
        if (how === "lost") {
          chunk.maybe = true;
          if (x < 0.4) this.world.store(chunk.source.id, record);
          else if (x < 0.6) this.late.push({ source: chunk.source.id, record });
        } else if (how === "all" || (how === "some" && x < 0.5)) {
          const fresh = this.world.store(chunk.source.id, record);
          if (!fresh && !chunk.maybe) this.fail(`unexpected duplicate ${chunk.source.id}:${record}`);
          fates[i] = fresh ? DELIVERED : DUPLICATE;
          took = true;
        } else if (how === "some" && x < 0.6 && !this.world.stored.has(`${chunk.source.id}:${record}`)) {
          bury(this.state, chunk, i, { status: 400, type: "t", reason: "r" });
          fates[i] = DEAD;
          took = true;
        }
      }
      settleEach(this.state, chunk, fates);
    }
    this.sent.delete(lease);
    if (took) this.state.lastTake = this.state.clock.now();
    endSend(this.state, lease);
    if (lease.chunks.length === 0) endLease(this.state, lease);
  }

  release(lease: Lease): void {
    if (lease.state === "wire") this.end(lease, "lost");
    endLease(this.state, lease);
  }

  evict(bytes: number): void {
    const open = [...this.state.rows, ...this.state.fresh].filter(isOpen);
    const before = open.map((c) => ({
      chunk: c,
      marked: c.marked,
      frees: this.frees(c),
      wire: c.lease?.state === "wire",
    }));
    evict(this.state, this.state.shares.get("default") as never, bytes, "oldest");
    const let_go = before.filter(
      ({ chunk, marked }) => marked === undefined && (chunk.marked !== undefined || !isOpen(chunk)),
    );
    for (const { chunk, frees, wire } of let_go) {
      if (frees === 0) this.fail(`chunk ${chunk.seq} was evicted in ${this.state.mode} mode, which frees nothing`);
      if (wire && !isOpen(chunk)) this.fail(`chunk ${chunk.seq} was dropped while a request carries it`);
    }
    const promised = before.reduce((sum, b) => sum + (b.marked === undefined ? 0 : b.frees), 0);
    const freed = let_go.reduce((sum, b) => sum + b.frees, 0);
    const last = Math.max(0, ...let_go.map((b) => b.frees));
    if (freed > 0 && promised + freed - last >= bytes)
      this.fail(`evicted ${freed} and had ${promised}, of ${bytes} asked for`);
  }

  /** What the chunk occupies of the budget that binds. */
  private frees(chunk: Chunk): number {
    return chunk.row === "yes" && this.state.mode !== "degraded" ? chunk.stored : memoryOf(chunk);
  }

  // --- disk
  compose(purpose: "regular" | "probe"): boolean {
    if (this.writing || (this.state.mode === "degraded" && purpose === "regular")) return false;
    this.writing = compose(this.state, purpose);
    if (!this.writing) return false;
    const { added, ended } = this.writing;
    const removed = ended.filter((c) => c.row === "yes");
    const passed = ended.filter((c) => c.row === "no");
    this.losses = this.writing.transaction.losses;
    this.ghosts = {
      added: new Map(added.map((c) => [c.seq, this.ghost(c, "admission")])),
      removed: new Map(removed.map((c) => [c.seq, this.ghost(c, "all")])),
      passed: passed.map((c) => this.ghost(c, "all")),
      data: new Map(),
    };
    return true;
  }

  /** Which record of the chunk's span has which fate, by record number. */
  private ghost(chunk: Chunk, which: "admission" | "all"): Ghost {
    const start = chunk.start / RECORD;
    const sampled = this.sampledOf.get(`${chunk.source.id}:${start}`) ?? [];
    const fates: Fate[] = Array.from({ length: (chunk.end - chunk.start) / RECORD }, () => OPEN);
    for (const o of sampled) fates[o - start] = SAMPLED;
    if (which === "all") this.fillSettled(chunk, fates);
    const { id } = chunk.source;
    const drop = this.losses.find((l) => l.source === id && l.start === chunk.start && l.fate === DROPPED_OLDEST);
    const dropped = fates.filter((f) => f === DROPPED_OLDEST).length;
    if (dropped !== (which === "all" ? (drop?.records ?? 0) : 0))
      this.fail(`${dropped} dropped of ${id}@${chunk.start}, the loss says otherwise`);
    return { source: id, start: chunk.start, fates, unsure: drop?.uncertain ?? false };
  }

  /** The buffer only counts fates of settled chunks; the world knows which records are stored. */
  private fillSettled(chunk: Chunk, fates: Fate[]): void {
    const open = fates.flatMap((f, i) => (f === OPEN ? [i] : []));
    const counts = new Map([...chunk.settled].map(([f, c]) => [f, c.records]));
    const take = (fate: Fate, wanted: (there: boolean) => boolean): void => {
      for (const i of open) {
        const there = this.world.stored.has(`${chunk.source.id}:${chunk.start / RECORD + i}`);
        if (fates[i] !== OPEN || (counts.get(fate) ?? 0) === 0 || !wanted(there)) continue;
        fates[i] = fate;
        counts.set(fate, (counts.get(fate) as number) - 1);
      }
    };
    take(DELIVERED, (there) => there);
    take(DUPLICATE, (there) => there);
    for (const fate of [DEAD, DROPPED_OLDEST]) take(fate, (there) => !there);
    for (const fate of [DELIVERED, DUPLICATE, DEAD, DROPPED_OLDEST]) take(fate, () => true);
    if (fates.includes(OPEN)) this.fail(`chunk ${chunk.seq} ends with records that have no fate`);
  }

  /** The transaction becomes durable, as far as a process that goes on can tell. */
  private push(): Committed {
    const { transaction } = this.writing as Writing;
    const data = new Map<number, { data: Uint8Array; table: Uint8Array | undefined }>();
    for (const row of transaction.rows) {
      if (row.region.released) this.fail(`row ${row.seq} is written from a region already released`);
      data.set(row.seq, {
        data: ARENA.bytes.slice(row.region.ptr, row.region.ptr + row.length),
        table: row.table && ARENA.bytes.slice(row.table.ptr, row.table.ptr + row.tableLength),
      });
    }
    const stored = transaction.rows.map((r) => r.length + r.tableLength + 8);
    const answer = this.disk ? this.onDisk(transaction) : { stored, size: 0 };
    this.world.push(transaction, { ...(this.ghosts as Ghosts), data });
    return answer;
  }

  private onDisk(transaction: Transaction): Committed {
    try {
      return (this.disk as SqliteDisk).commit(transaction);
    } catch (error) {
      return this.fail(`SQLite refused a transaction: ${describe(error)}`);
    }
  }

  commit(): void {
    const { writing, world } = this;
    if (!writing) return;
    this.writing = undefined;
    const { transaction } = writing;
    if (world.disk !== "ok") {
      // The frames of a failed commit may still be in the log and come back after a crash.
      const data = new Map<number, { data: Uint8Array; table: Uint8Array | undefined }>();
      for (const r of transaction.rows)
        data.set(r.seq, {
          data: ARENA.bytes.slice(r.region.ptr, r.region.ptr + r.length),
          table: r.table && ARENA.bytes.slice(r.table.ptr, r.table.ptr + r.tableLength),
        });
      if (!this.disk) world.zombie = { transaction, ghosts: { ...(this.ghosts as Ghosts), data } };
      if (this.disk) {
        this.disk.fail(transaction);
        this.compareDisk(this.disk.contents());
      }
      failed(this.state, writing);
      return;
    }
    this.writing = writing;
    const answer = this.push();
    this.writing = undefined;
    committed(this.state, writing, answer);
    heal(this.state);
  }

  /** Everything committed is durable from now on. */
  sync(): void {
    this.world.log = [this.world.db];
    this.disk?.sync();
  }

  pageBegin(): boolean {
    const page = beginPageIn(this.state);
    if (page) this.pages.push(page);
    return page !== undefined;
  }

  pageEnd(): void {
    const page = this.pages.shift();
    if (!page) return;
    const row = this.world.db.rows.get(page.chunk.seq);
    if (this.world.disk === "dead") return endPageIn(this.state, page, "failed");
    if (this.disk) return endPageIn(this.state, page, this.disk.load(page.chunk.seq, page.region, page.table));
    if (row) {
      ARENA.bytes.set(row.data, page.region.ptr);
      if (page.table && row.table) ARENA.bytes.set(row.table, page.table.ptr);
    }
    endPageIn(this.state, page, row ? "loaded" : "corrupt");
  }

  modes(): void {
    if (this.state.mode === "memory" && !this.state.taking(STALL_MS)) enterSpill(this.state);
    else leaveSpill(this.state);
  }

  // --- checks after every step
  check(): void {
    const { state } = this;
    let pool = 0;
    let unwritten = 0;
    let leased = 0;
    let open = 0;
    const held = new Map<string, number>();
    for (const [q, row] of [
      [state.rows, true],
      [state.fresh, false],
    ] as const) {
      for (const c of q) {
        if ((c.row === "yes") !== row) this.fail(`chunk ${c.seq} stands in the wrong queue`);
        pool += memoryOf(c);
        if (!row) unwritten += memoryOf(c);
        if (c.lease) leased += memoryOf(c);
        if (!isOpen(c)) continue;
        open++;
        held.set(c.source.id, (held.get(c.source.id) ?? 0) + c.open);
        if (!c.region && !row) this.fail(`chunk ${c.seq} is open, in no region and no row`);
        if (row && !this.writing && !this.world.db.rows.has(c.seq)) this.fail(`chunk ${c.seq} believes to be a row`);
        const ready = state.ready.has(c);
        const place =
          Number(ready) + Number(c.lease !== undefined) + Number(state.unloaded.has(c)) + Number(c.paging === "in");
        if (place !== 1) this.fail(`open chunk ${c.seq} stands in ${place} places`);
        if (c.marked !== undefined && c.lease?.state !== "wire")
          this.fail(`chunk ${c.seq} is marked, and no request carries it`);
      }
    }
    // A row that was evicted and removed while it was being loaded: its regions go when the load has ended.
    for (const { chunk } of this.pages) if (!state.rows.has(chunk)) pool += memoryOf(chunk);
    if (pool !== state.pool || unwritten !== state.unwritten)
      this.fail(`pool ${state.pool}, really ${pool}; unwritten ${state.unwritten}, really ${unwritten}`);
    if (leased !== state.leased || open !== state.open)
      this.fail(`leased ${state.leased}, really ${leased}; open ${state.open}, really ${open}`);
    const { quotas } = state;
    const inLeases = [...state.leases].reduce((n, l) => n + l.chunks.length, 0);
    // The first chunk of all may be leased however large it is.
    if (state.leased > quotas.leased && inLeases > 1)
      this.fail(`leased ${state.leased}, its quota is ${quotas.leased}`);
    const loaded = state.pool - state.unwritten;
    if (loaded > quotas.pool - quotas.stage) this.fail(`loaded rows take ${loaded}, which leaves no stage`);
    if (state.pool > state.quotas.pool) this.fail(`pool ${state.pool} over its quota`);
    if (state.bodies > state.quotas.bodies) this.fail("bodies over their quota");
    if (state.letterBytes > state.quotas.letters) this.fail("dead letters over their quota");
    this.checkLedger(held);
    for (const source of state.sources.values()) this.letGo(source);
  }

  /** N1: the file of a source that the buffer answers for is let go; what it held must then be somewhere. */
  private letGo(source: SourceState): void {
    if (source.presence !== "gone" || !answeredFor(this.state, source)) return;
    for (const c of this.state.rows) if (c.source === source && isOpen(c)) this.world.answer(source.id, openNumbers(c));
  }

  private checkLedger(held: ReadonlyMap<string, number>): void {
    for (const [input, { read, fates }] of this.state.ledger) {
      const source = this.state.sources.get(input);
      const buffered = held.get(input) ?? 0;
      const sum = fates.reduce((n, c) => n + c.records, buffered);
      if (read.records !== sum) this.fail(`live ledger of ${input}: read ${read.records}, fates and buffered ${sum}`);
      const bytes = fates.reduce((n, c) => n + c.bytes, buffered * RECORD);
      if (read.bytes !== bytes) this.fail(`live ledger of ${input}: ${read.bytes} bytes read, ${bytes} accounted`);
      if (source && read.bytes !== source.position)
        this.fail(`live read of ${input} is ${read.bytes} at ${source.position}`);
    }
  }
}

function accountOf(records: number, fates: readonly number[] | undefined): { read: Count; fates: Count[] } {
  const counts = (fates ?? []).map((n) => ({ records: n, bytes: n * RECORD }));
  while (counts.length < 13) counts.push({ records: 0, bytes: 0 });
  return { read: { records, bytes: records * RECORD }, fates: counts };
}

function openRecords(chunk: Chunk): number[] {
  return Array.from({ length: chunk.records }, (_, i) => i).filter((i) => !chunk.fates || chunk.fates[i] === OPEN);
}

/** Record numbers that the chunk's row stands for; without a row the chunk answers for nothing. */
function openNumbers(chunk: Chunk): number[] {
  if (chunk.row !== "yes") return [];
  const from = chunk.start / RECORD;
  return Array.from({ length: chunk.end / RECORD - from }, (_, i) => from + i);
}

function recordNumber(chunk: Chunk, index: number): number {
  return recordAt(ARENA, chunk, index).offset / RECORD;
}

function key(chunk: Chunk, index: number): string {
  return `${chunk.source.id}:${recordNumber(chunk, index)}`;
}

function textOf(g: Generation, record: number): string {
  const letter = (n: number): string => String.fromCharCode(97 + (n % 26));
  return `${letter(g.slot)}${letter(record)}${letter(Math.floor(record / 26))}\n`;
}

function writeEntry(view: Buffer, index: number, record: number): void {
  const at = index * TABLE_ENTRY;
  view.writeUInt32LE((index + 1) * RECORD, at + TABLE.end);
  view.writeUInt32LE(record * RECORD, at + TABLE.start);
  view.writeUInt32LE(RECORD, at + TABLE.length);
  view.writeUInt32LE(4, at + TABLE.weight);
  view.writeDoubleLE(NaN, at + TABLE.time);
}

/** Seeds that once failed: run first, every time. */
export function keptSeeds(): number[] {
  return JSON.parse(readFileSync(new URL("../fixtures/buffer-seeds.json", import.meta.url), "utf8")) as number[];
}
