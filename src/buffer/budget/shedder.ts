// Frees space in one share by dropping its oldest chunks or random ones, and drops chunks that are too old. Chunks that are in
// no request go first, in memory and on disk. Chunks in a request are only marked; their fate is decided when the request
// ends. Stuck targets lose chunks before others. The cost depends on what is dropped, not on the size of the backlog.
import { describe } from "../../core/errors.ts";
import { DROPPED_AGE, DROPPED_OLDEST, DROPPED_RANDOM, type Fate } from "../../core/fate.ts";
import type { Log } from "../../core/log.ts";
import { type Chunk, type Queue, leasedIn } from "../chunk.ts";
import type { Share } from "./share.ts";
import { onDisk, stockOf } from "../queue.ts";
import { setDisk } from "./modes.ts";
import { type BufferState, chargeBlock, countOpen, countRows } from "../state.ts";
import { dropOpen } from "../settle.ts";
import type { Shed, Shedding, Spool } from "../spool/spool.ts";

/** Random shedding drops at least this fraction of the share at once, because each call scans all chunks in memory. */
const LEAST_RANDOM = 1 / 256;

export class Shedder {
  private readonly state: BufferState;
  private readonly spool: Spool;
  private readonly log: Log;
  private readonly ended: () => void;

  /** @param ended called when a drop of rows on disk has succeeded or failed */
  constructor(state: BufferState, spool: Spool, log: Log, ended: () => void) {
    this.state = state;
    this.spool = spool;
    this.log = log;
    this.ended = ended;
  }

  /** Drops until `bytes` of the budget that binds are freed or promised, or nothing is left. @returns whether any are free now */
  evict(share: Share, bytes: number, order: "oldest" | "random"): boolean {
    const before = this.taken(share);
    const queues = [...this.state.queues.values()].filter((queue) => queue.share === share);
    // While nothing can be written, drops requested from the disk free no memory, and may never be answered.
    const promised = (): number => (this.state.writes ? share.promised : 0);
    const missing = (): number => bytes - promised() - (before - this.taken(share));
    for (const stuck of [true, false]) {
      const own = queues.filter((queue) => queue.target.stuck === stuck);
      if (missing() <= 0) break;
      if (order === "oldest") this.dropOldest(own, missing);
      else this.dropRandom(own, missing, LEAST_RANDOM * before);
      this.dropOnDisk(own, share, missing, order);
      // Their rows on disk are next, once the call that keeps the queue busy has ended.
      if (own.some((queue) => queue.busy && this.hasMoreOnDisk(queue))) return this.taken(share) < before;
    }
    if (!queues.some((queue) => this.hasMoreOnDisk(queue))) this.mark(share, missing, order);
    return this.taken(share) < before;
  }

  /** Whether the queue has rows without an object that the disk can be asked to drop. */
  private hasMoreOnDisk(queue: Queue): boolean {
    return this.state.writes && onDisk(queue) > 0;
  }

  private taken(share: Share): number {
    return this.state.writes ? share.disk : share.memory;
  }

  /**
   * Drops chunks that have an object and are in no request, by sequence number. Stops at a chunk if an older row of its queue
   * is only on disk. While nothing can be written, rows are skipped, because dropping them frees nothing.
   */
  private dropOldest(queues: readonly Queue[], missing: () => number): void {
    while (missing() > 0) {
      let oldest: Chunk | undefined;
      for (const queue of queues) {
        for (const chunk of [this.firstReady(queue), queue.unloaded.first]) {
          if (chunk && this.isNext(chunk) && (!oldest || chunk.seq < oldest.seq)) oldest = chunk;
        }
      }
      if (!oldest) return;
      dropOpen(this.state, oldest, DROPPED_OLDEST);
    }
  }

  private firstReady(queue: Queue): Chunk | undefined {
    if (this.state.writes) return queue.ready.first;
    for (const chunk of queue.ready) if (chunk.row !== "yes") return chunk;
    return undefined;
  }

  private isNext(chunk: Chunk): boolean {
    const { queue, seq } = chunk;
    return this.state.writes ? onDisk(queue) === 0 || seq <= queue.cursor : this.frees(chunk);
  }

  private frees(chunk: Chunk): boolean {
    return this.state.writes || chunk.row !== "yes";
  }

  private dropRandom(queues: readonly Queue[], missing: () => number, least: number): void {
    const { clock } = this.state;
    const inMemory = queues.flatMap((queue) => [...queue.ready].filter((chunk) => this.frees(chunk)));
    // A block is free only when all of its rows are gone, so its rows are dropped together.
    const together = Map.groupBy(inMemory, (chunk) => chunk.block ?? chunk);
    // Rows that are only on disk lose their proportional part in dropOnDisk().
    const rows = queues.reduce((sum, queue) => sum + (this.hasMoreOnDisk(queue) ? onDisk(queue) : 0), 0);
    const wanted = Math.max(missing(), least) * (inMemory.length / (inMemory.length + rows));
    for (const start = missing(); inMemory.length > 0 && start - missing() < wanted;) {
      const at = Math.floor(clock.random() * inMemory.length);
      const picked = inMemory[at] as Chunk;
      inMemory[at] = inMemory[inMemory.length - 1] as Chunk;
      inMemory.pop();
      if (!picked.isOpen) continue;
      for (const chunk of together.get(picked.block ?? picked) as Chunk[]) dropOpen(this.state, chunk, DROPPED_RANDOM);
    }
  }

  private dropOnDisk(queues: readonly Queue[], share: Share, missing: () => number, order: "oldest" | "random"): void {
    for (const queue of queues) {
      const bytes = missing();
      if (bytes <= 0) return;
      if (queue.busy || !this.hasMoreOnDisk(queue)) continue;
      share.promised += bytes;
      const fate = order === "oldest" ? DROPPED_OLDEST : DROPPED_RANDOM;
      const picks = Array.from({ length: 32 }, () => this.state.clock.random());
      const choice = order === "oldest" ? ({ order, bytes } as const) : ({ order, bytes, picks } as const);
      void this.ask(queue, fate, choice).then(() => {
        share.promised -= bytes;
        this.ended();
      });
    }
  }

  /** Marks chunks in requests: records still open when the request ends are dropped. */
  private mark(share: Share, missing: () => number, order: "oldest" | "random"): void {
    let promised = 0;
    const fate = order === "oldest" ? DROPPED_OLDEST : DROPPED_RANDOM;
    for (const lease of this.state.leases) {
      for (const chunk of leasedIn(lease)) {
        if (chunk.queue.share !== share || !this.frees(chunk)) continue;
        if (promised >= missing()) return;
        promised += chunk.block ? chunk.block.stored / chunk.block.open : chunk.memory;
        chunk.marked ??= fate;
      }
    }
  }

  /**
   * Drops everything that was read before `agedMs` of the age clock.
   * @param oldestOnDisk age clock of a queue's oldest row on disk, as far as known: the disk is asked only if it is too old
   */
  expire(agedMs: number, oldestOnDisk: (queue: Queue) => number): void {
    for (const queue of this.state.queues.values()) {
      for (const waiting of [queue.ready, queue.unloaded, queue.aside]) {
        for (let chunk = waiting.first; chunk && chunk.agedMs < agedMs; chunk = waiting.first) {
          dropOpen(this.state, chunk, DROPPED_AGE);
        }
      }
      if (!queue.busy && this.hasMoreOnDisk(queue) && oldestOnDisk(queue) < agedMs) {
        void this.ask(queue, DROPPED_AGE, { order: "expired", agedMs }).then(() => this.ended());
      }
    }
    for (const lease of this.state.leases) {
      for (const chunk of leasedIn(lease)) if (chunk.agedMs < agedMs) chunk.marked ??= DROPPED_AGE;
    }
  }

  /** Asks the spool to drop rows of a queue, and applies the answer. */
  private async ask(queue: Queue, fate: Fate, choice: Shedding["choice"]): Promise<void> {
    const { state } = this;
    queue.busy = true;
    const except = [...inMemoryBehindCursor(this.state, queue)];
    const where = {
      queue: queue.id,
      after: queue.cursor,
      except,
      certainFrom: state.firstSeq,
      atMs: state.clock.wall(),
    };
    try {
      this.shed(queue, fate, await this.spool.shed({ ...where, fate, choice }));
    } catch (error) {
      this.log.error("disk_failed", `cannot drop from the state database: ${describe(error)}; trying again`);
      if (state.disk === "working") setDisk(state, "failed");
    } finally {
      queue.busy = false;
    }
  }

  private shed(queue: Queue, fate: Fate, { inputs, sources, blocks }: Shed): void {
    const { state } = this;
    for (const { input, chunks, records, bytes, stored } of inputs) {
      const stock = stockOf(queue, input);
      state.ledger.fate(input, fate, records, bytes);
      stock.open.records -= records;
      stock.open.bytes -= bytes;
      countOpen(state, queue.target, -chunks);
      countRows(state, queue, -chunks);
      chargeBlock(state, { stock, stored }, -1);
    }
    for (let i = 0; i < sources.length; i += 2) {
      const source = state.sourceByNum.get(sources[i] as number);
      if (!source) continue;
      source.rows -= sources[i + 1] as number;
      if (source.retired) state.changed.add(source);
    }
    for (let i = 0; i < blocks.length; i += 2) {
      const block = state.blocks.get(blocks[i] as number);
      if (!block) continue;
      block.open -= blocks[i + 1] as number;
      if (block.open === 0) chargeBlock(state, block, -1);
    }
  }
}

/** Sequence numbers of rows behind the cursor that have an object or are being written: the spool must not drop these. */
function* inMemoryBehindCursor(state: BufferState, queue: Queue): Generator<number> {
  for (const { seq } of queue.window) if (seq > queue.cursor) yield seq;
  for (const chunk of state.fresh) if (chunk.queue === queue && chunk.row === "writing") yield chunk.seq;
}
