// Loads the backlog into memory: first heads, which become chunks without bytes, then the bytes, block by block, in a queue's
// order of sequence numbers. A few loads are in flight at once, so that the worker thread never idles. Invariants: no queue
// loads more than may be read ahead for its target. A queue of a stuck target loads only one chunk, when the target is about
// to be probed.
import type { Region } from "../../core/arena.ts";
import { describe, describeWithHint } from "../../core/errors.ts";
import { DROPPED_CORRUPT } from "../../core/fate.ts";
import type { Log } from "../../core/log.ts";
import type { Block, Chunk, Queue } from "../chunk.ts";
import { DamageReport } from "./damage-report.ts";
import { HeadReader, wantsMore } from "./head-reader.ts";
import { LATE_MS } from "../budget/modes.ts";
import { makeRoom, mostLoaded, trim } from "./page-out.ts";
import { pinRegions, sizeOf, unpinRegions } from "../regions.ts";
import { onDisk } from "../queue.ts";
import { aheadPart } from "../budget/room.ts";
import { dropOpen } from "../settle.ts";
import { HEAD, HEAD_WIDTH, headAt } from "../spool/rows/heads.ts";
import { CORRUPT, LATER, LOADED, REREAD, type Spool } from "../spool/spool.ts";
import { type BufferState, account, unload } from "../state.ts";

const LOADS_AT_ONCE = 4;
/** Delay before the next try, after a load or a read of heads has failed. */
const RETRY_MS = 1000;
const SAY_MS = 60_000;
/** Delay before the next try to read a chunk that the disk cannot read for now. */
const LATER_MS = 10_000;

export class Pager {
  private readonly state: BufferState;
  private readonly spool: Spool;
  private readonly log: Log;
  private readonly ended: (ms: number) => void;
  /** Loads in flight, with the time at which each began. */
  private readonly loads = new Set<{ readonly sinceMs: number }>();
  private readonly heads: HeadReader;
  private readonly damage: DamageReport;
  private retryAt = -Infinity;
  private said: { readonly what: string; readonly atMs: number } | undefined;
  /** The queue that is being loaded, and the bytes that it has loaded in this turn. */
  private turn: { readonly queue: Queue; bytes: number } | undefined;

  /** @param ended called when a call to the spool has ended, with the milliseconds after which the loop should run */
  constructor(state: BufferState, spool: Spool, log: Log, ended: (ms: number) => void) {
    this.state = state;
    this.spool = spool;
    this.log = log;
    this.ended = ended;
    this.damage = new DamageReport(state.clock, log);
    this.heads = new HeadReader(state, spool, log, { ended, failed: (error) => this.fail(error) });
  }

  /** Number of loads in flight. */
  get loading(): number {
    return this.loads.size;
  }

  /** Pages rows out where necessary, and starts the loads that are possible now. */
  step(): void {
    const { state } = this;
    trim(state);
    this.watchLoads();
    if (state.clock.now() < this.retryAt || !state.isDelivering) return;
    if (state.spilled.size === 0) return;
    for (const queue of state.spilled) this.heads.fetch(queue);
    const queues = this.inTurn();
    for (let more = true; more && this.loads.size < LOADS_AT_ONCE;) {
      more = false;
      for (const queue of queues) while (this.loadNext(queue)) more = true;
    }
  }

  /**
   * Queues with rows, starting with the one whose turn it is. A turn lasts until the queue has loaded as much as may be read
   * ahead for a target. If each queue got one block per turn, requests would be as small as blocks.
   */
  private inTurn(): Queue[] {
    const { state, turn } = this;
    const queues = [...state.spilled];
    if (!turn) return queues;
    const over = this.hadItsTurn(turn.queue);
    const at = queues.indexOf(turn.queue) + Number(over);
    if (over) this.turn = undefined;
    return [...queues.slice(at), ...queues.slice(0, at)];
  }

  private hadItsTurn(queue: Queue): boolean {
    return this.turn?.queue === queue && this.turn.bytes >= aheadPart(this.state);
  }

  /** A disk that hangs on a read must not hold up the chunks that are in memory. */
  private watchLoads(): void {
    const late = this.state.clock.now() - LATE_MS;
    for (const { sinceMs } of this.loads) if (sinceMs <= late) this.state.reading = "failing";
  }

  /** Starts one load of the queue, if there is room. */
  private loadNext(queue: Queue): boolean {
    if (this.loads.size >= LOADS_AT_ONCE || this.hadItsTurn(queue) || !wantsMore(this.state, queue)) return false;
    const { first } = queue.unloaded;
    // Older rows have no object yet. This chunk has to wait for them, and a stuck target is probed with its oldest chunk.
    if (first && onDisk(queue) > 0 && first.seq > queue.cursor) return false;
    if (queue.target.stuck && first?.loading) return false;
    const chunks: Chunk[] = [];
    for (const chunk of queue.unloaded) {
      if (chunk.loading) continue;
      if (chunks.length > 0 && chunk.block !== chunks[0]?.block) break;
      if (!this.allocate(chunk)) break;
      chunks.push(chunk);
      if (queue.target.stuck) break;
    }
    if (chunks.length > 0) this.load(chunks);
    // No room for the first chunk that is not in memory. Younger chunks of the queue have to wait for it anyway.
    else if (first?.loading === false) return makeRoom(this.state, queue);
    return chunks.length > 0;
  }

  private allocate(chunk: Chunk): boolean {
    const { state } = this;
    const size = sizeOf(chunk);
    const loaded = state.pool - state.unwritten;
    if ((loaded > 0 && loaded + size > mostLoaded(state)) || state.pool + size > state.quotas.pool) return false;
    const lengths = [chunk.length, chunk.tableLength, chunk.actionsLength];
    const regions = lengths.map((length) => (length > 0 ? state.arena.alloc(length) : undefined));
    if (regions.some((region, i) => region === undefined && (lengths[i] as number) > 0)) {
      for (const region of regions) if (region) state.arena.release(region);
      return false;
    }
    const [region, table, actions] = regions as [Region, Region | undefined, Region | undefined];
    account(state, chunk, () => {
      chunk.region = region;
      chunk.table = table;
      chunk.actions = actions;
      chunk.loading = true;
    });
    pinRegions(state.arena, chunk);
    return true;
  }

  private load(chunks: readonly Chunk[]): void {
    const { state } = this;
    const load = { sinceMs: state.clock.now() };
    this.loads.add(load);
    const { block, queue } = chunks[0] as Chunk;
    queue.loads++;
    if (this.turn?.queue !== queue) this.turn = { queue, bytes: 0 };
    for (const chunk of chunks) this.turn.bytes += chunk.length;
    const { id } = block as Block;
    void this.spool.load(id, targets(chunks)).then(
      (outcomes) => this.endLoad(load, chunks, outcomes),
      (error: unknown) => {
        this.endLoad(load, chunks, undefined);
        this.fail(error);
      },
    );
  }

  /** Handles the end of a load. A chunk may have been shed meanwhile. @param outcomes undefined if the load failed */
  private endLoad(
    load: { readonly sinceMs: number },
    chunks: readonly Chunk[],
    outcomes: Uint8Array | undefined,
  ): void {
    const { state } = this;
    this.loads.delete(load);
    (chunks[0] as Chunk).queue.loads--;
    if (outcomes) state.reading = "working";
    for (const [i, chunk] of chunks.entries()) {
      const there = outcomes !== undefined && outcomes[i] !== CORRUPT && outcomes[i] !== LATER;
      chunk.loading = false;
      unpinRegions(state.arena, chunk);
      if (!chunk.isOpen || !there) unload(state, chunk);
      if (!chunk.isOpen || outcomes === undefined) continue;
      if (outcomes[i] === LATER) {
        this.tryLater(chunk);
        continue;
      }
      if (outcomes[i] !== LOADED) this.damage.found(chunk, outcomes[i] === REREAD);
      chunk.queue.unloaded.remove(chunk);
      if (there) chunk.queue.ready.add(chunk);
      else dropOpen(state, chunk, DROPPED_CORRUPT);
    }
    if (outcomes) this.ended(0);
  }

  /** Sets a chunk that cannot be read for now aside for LATER_MS. Nothing waits for it meanwhile. */
  private tryLater(chunk: Chunk): void {
    const { unloaded, aside } = chunk.queue;
    unloaded.remove(chunk);
    aside.add(chunk);
    this.damage.late(chunk);
    this.state.clock.after(LATER_MS, () => {
      if (!aside.remove(chunk)) return;
      unloaded.add(chunk);
      this.ended(0);
    });
  }

  /** The same at most once a minute: rows on a damaged page are tried until there is room for a salvage. */
  private sayFailed(error: unknown): void {
    const [what, now] = [describe(error), this.state.clock.now()];
    if (what === this.said?.what && now - this.said.atMs < SAY_MS) return;
    this.said = { what, atMs: now };
    this.log.error("row_unreadable", `cannot read buffered chunks: ${describeWithHint(error)}; trying again`);
  }

  private fail(error: unknown): void {
    this.state.reading = "failing";
    this.retryAt = this.state.clock.now() + RETRY_MS;
    this.sayFailed(error);
    this.ended(RETRY_MS);
  }
}

/** Tells the worker thread where in the arena the bytes of these chunks go. */
function targets(chunks: readonly Chunk[]): Float64Array {
  const heads = new Float64Array(chunks.length * HEAD_WIDTH);
  for (const [i, chunk] of chunks.entries()) {
    const h = headAt(heads, i);
    h[HEAD.at] = chunk.at;
    h[HEAD.source] = chunk.source.num;
    h[HEAD.start] = chunk.start;
    h[HEAD.end] = chunk.end;
    h[HEAD.records] = chunk.records;
    h[HEAD.length] = chunk.length;
    h[HEAD.tableLength] = chunk.tableLength;
    h[HEAD.actionsLength] = chunk.actionsLength;
    h[HEAD.data] = chunk.region?.ptr ?? 0;
    h[HEAD.table] = chunk.table?.ptr ?? 0;
    h[HEAD.actions] = chunk.actions?.ptr ?? 0;
  }
  return heads;
}
