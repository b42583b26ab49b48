// Reads heads of rows from the database: everything about a chunk but its bytes. Each head becomes a Chunk object in the
// window, whose bytes are loaded later.
import { budget as sizeText } from "../../core/figures.ts";
import type { Log } from "../../core/log.ts";
import { Chunk, type Queue } from "../chunk.ts";
import { remember } from "../sources/envelopes.ts";
import { barrier, onDisk, stockOf } from "../queue.ts";
import { sizeOf } from "../regions.ts";
import { isAhead } from "../budget/room.ts";
import { HEAD, type Head, headAt, headCount } from "../spool/rows/heads.ts";
import { BLOCK_WIDTH, type HeadPage, type Spool } from "../spool/spool.ts";
import { type BufferState, enterWindow } from "../state.ts";

const HEADS_AT_ONCE = 200;
/** Every queue is guaranteed 1/OWN_PARTS of the window. */
const OWN_PARTS = 64;

export class HeadReader {
  private readonly state: BufferState;
  private readonly spool: Spool;
  private readonly log: Log;
  private readonly ended: (ms: number) => void;
  private readonly failed: (error: unknown) => void;
  /** Heads that the spool was asked for and has not returned yet. */
  private asked = 0;

  /** @param ended called when heads have arrived; `failed` is called when they could not be read */
  constructor(
    state: BufferState,
    spool: Spool,
    log: Log,
    { ended, failed }: { readonly ended: (ms: number) => void; readonly failed: (error: unknown) => void },
  ) {
    this.state = state;
    this.spool = spool;
    this.log = log;
    this.ended = ended;
    this.failed = failed;
  }

  /** Requests the next heads of the queue, if more of the queue should be in memory and the window has room. */
  fetch(queue: Queue): void {
    const { state } = this;
    const room = Math.min(HEADS_AT_ONCE, this.room(queue));
    if (queue.busy || onDisk(queue) === 0 || room <= 0 || !wantsMore(state, queue)) return;
    // One chunk is enough to probe a stuck target: the first of the queue.
    const { stuck } = queue.target;
    const hasFirst = (queue.unloaded.first?.seq ?? Infinity) <= queue.cursor;
    if (hasFirst && queue.unloaded.size >= (stuck ? 1 : HEADS_AT_ONCE / 2)) return;
    const limit = stuck ? 1 : room;
    queue.busy = true;
    this.asked += limit;
    const answered = (): void => {
      queue.busy = false;
      this.asked -= limit;
    };
    const after = queue.cursor;
    void this.spool.heads(queue.id, after, limit).then(
      (page) => {
        answered();
        this.take(queue, after, page);
        this.ended(0);
      },
      (error: unknown) => {
        answered();
        this.failed(error);
      },
    );
  }

  /**
   * How many heads may be requested. Chunks in requests and chunks with a history keep their place in the window, so every
   * queue has a part of its own.
   */
  private room(queue: Queue): number {
    const { quotas, window } = this.state;
    const own = Math.ceil(quotas.window / OWN_PARTS) - queue.window.size;
    return Math.max(own, quotas.window - window - this.asked);
  }

  /** @param after the cursor when the heads were requested. If it has moved back since, rows before them are missing. */
  private take(queue: Queue, after: number, { heads, envelopes, blocks }: HeadPage): void {
    const { state } = this;
    const inOrder = queue.cursor === after;
    const byId = new Map(envelopes.map((e) => [e.id, remember(state, e)]));
    const known = new Map<number, { id: number; open: number; stored: number }>();
    for (let i = 0; i < blocks.length; i += BLOCK_WIDTH) {
      const [id, open, stored] = blocks.subarray(i, i + BLOCK_WIDTH) as unknown as [number, number, number];
      known.set(id, { id, open, stored });
    }
    for (let i = 0; i < headCount(heads); i++) {
      const h = headAt(heads, i);
      const column = (c: number): number => h[c] as number;
      if (inOrder) queue.cursor = column(HEAD.seq);
      if (queue.window.get(column(HEAD.seq))) continue;
      const source = state.sourceByNum.get(column(HEAD.source));
      const envelope = byId.get(column(HEAD.envelope));
      const block = known.get(column(HEAD.block));
      if (!source || !envelope || !block) throw new Error(`BUG: row ${column(HEAD.seq)} without what it refers to`);
      const chunk = chunkOf(state, queue, h, { source, envelope });
      enterWindow(state, chunk, block);
      if (this.fits(chunk)) queue.unloaded.add(chunk);
      else this.setAside(chunk);
    }
  }

  /** Whether the chunk fits into the pool when it is the only one, with the stage left free for readers. */
  private fits(chunk: Chunk): boolean {
    return sizeOf(chunk) <= this.state.quotas.pool - this.state.quotas.stage;
  }

  private setAside(chunk: Chunk): void {
    chunk.queue.aside.add(chunk);
    // 3/8 of the memory is for bodies, and 1/4 of the rest for readers, which leaves a little more than 0.46.
    const needed = Math.ceil(sizeOf(chunk) / 0.46);
    this.log.error(
      "row_set_aside",
      `a buffered chunk of ${chunk.envelope.path} (bytes ${chunk.start} to ${chunk.end}) does not fit into the memory of ` +
        `this configuration; it stays in the buffer until buffer.memory is at least ${sizeText(needed)}`,
      { input: chunk.stock.input, path: chunk.envelope.path, start: chunk.start, end: chunk.end },
    );
  }
}

/** Whether more of the queue should be in memory. */
export function wantsMore(state: BufferState, queue: Queue): boolean {
  const { target } = queue;
  if (target.stuck && (!target.wantsProbe || target.queues.some(hasSendable))) return false;
  return !isAhead(state, target);
}

function hasSendable(queue: Queue): boolean {
  return (queue.ready.first?.seq ?? Infinity) < barrier(queue);
}

function chunkOf(state: BufferState, queue: Queue, h: Head, of: Pick<Chunk, "source" | "envelope">): Chunk {
  const column = (c: number): number => h[c] as number;
  const chunk = new Chunk({
    ...of,
    seq: column(HEAD.seq),
    queue,
    stock: stockOf(queue, of.source.input),
    start: column(HEAD.start),
    end: column(HEAD.end),
    records: column(HEAD.records),
    bytes: column(HEAD.bytes),
    readAtMs: column(HEAD.readAtMs),
    agedMs: column(HEAD.agedMs),
    possiblyStored: column(HEAD.possiblyStored) === 1 || column(HEAD.seq) < state.firstSeq,
    length: column(HEAD.length),
    tableLength: column(HEAD.tableLength),
    actionsLength: column(HEAD.actionsLength),
  });
  chunk.at = column(HEAD.at);
  return chunk;
}
