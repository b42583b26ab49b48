// Queues, each with the chunks of one ladder for one target, and which of these chunks can be sent now. New chunks can be sent
// although older ones are not in memory; see newest.ts.
import type { Chunk, Queue, Stock, Target } from "./chunk.ts";
import { SeqQueue } from "./seq-queue.ts";
import type { Share } from "./budget/share.ts";

export function newTarget(name: string, nowMs: number): Target {
  return { name, queues: [], open: 0, lastTake: nowMs, stuck: false, wantsProbe: false };
}

export function newQueue(id: number, share: Share, target: Target): Queue {
  const queue: Queue = {
    ...{ id, policy: share.policy, share, target, mode: "memory", rows: 0, cursor: 0 },
    ...{ window: new SeqQueue(), unloaded: new SeqQueue(), ready: new SeqQueue((c: Chunk) => c.encodedEstimate) },
    ...{ aside: new SeqQueue(), busy: false, loads: 0, stocks: new Map() },
  };
  target.queues.push(queue);
  return queue;
}

export function stockOf(queue: Queue, input: string): Stock {
  let stock = queue.stocks.get(input);
  if (!stock) {
    stock = { queue, input, open: { records: 0, bytes: 0 }, memory: 0, disk: 0 };
    queue.stocks.set(input, stock);
  }
  return stock;
}

/** Number of rows that have no object. */
export function onDisk(queue: Queue): number {
  return queue.rows - queue.window.size;
}

/**
 * Sequence number of the first chunk of a queue that is not in memory. Later chunks must wait for it, so that the records of
 * a source are sent in order.
 */
export function barrier(queue: Queue): number {
  const behind = onDisk(queue) > 0 ? queue.cursor + 1 : Infinity;
  return Math.min(behind, queue.unloaded.first?.seq ?? Infinity);
}

/** Whether rows can be read. */
export interface Reading {
  readonly reading: "working" | "failing";
}

/** Chunks below this sequence number may be sent now. While rows cannot be read, all chunks in memory may go, out of order. */
export function sendableEnd({ reading }: Reading, queue: Queue): number {
  return reading === "failing" ? Infinity : barrier(queue);
}

/** What a queue needs to know to tell new chunks from old ones. */
export interface Newness {
  readonly newFrom: number;
}

/** Sequence number from which on a target's chunks are new. While the target is stuck, it is tried with its oldest chunk. */
export function newFrom(state: Newness, target: Target): number {
  return target.stuck ? Infinity : state.newFrom;
}

export function isNew(state: Newness, { seq, queue }: Chunk): boolean {
  return seq >= newFrom(state, queue.target);
}

/** The chunks of a target that can be sent now: in no request, and not waiting for rows on disk. */
export interface Sendable {
  bytes: number;
  chunks: number;
  first: Chunk | undefined;
}

/**
 * @param most may stop counting at this many chunks: no caller needs a larger number
 * @param before counts only chunks below this sequence number
 */
export function sendable(state: Reading, { queues }: Target, most: number, before = Infinity): Sendable {
  const sum: Sendable = { bytes: 0, chunks: 0, first: undefined };
  for (const queue of queues) {
    const { ready } = queue;
    const { first } = ready;
    const end = Math.min(before, sendableEnd(state, queue));
    if (first === undefined || first.seq >= end) continue;
    if (sum.first === undefined || first.bornMs < sum.first.bornMs) sum.first = first;
    if (end === Infinity) {
      sum.bytes += ready.weight;
      sum.chunks += ready.size;
      continue;
    }
    for (const chunk of ready) {
      if (chunk.seq >= end || sum.chunks >= most) break;
      sum.bytes += chunk.encodedEstimate;
      sum.chunks++;
    }
  }
  return sum;
}

/** The new chunks of a target. @param from sequence number from which on chunks are new @param most as above */
export function sendableNew({ queues }: Target, most: number, from: number): Sendable {
  const sum: Sendable = { bytes: 0, chunks: 0, first: undefined };
  for (const { ready } of queues) {
    let oldest: Chunk | undefined;
    // Without a backlog all chunks are new.
    if ((ready.first?.seq ?? -1) >= from) {
      oldest = ready.first;
      sum.bytes += ready.weight;
      sum.chunks += ready.size;
    } else {
      for (const chunk of ready.youngestFirst()) {
        if (chunk.seq < from || sum.chunks >= most) break;
        oldest = chunk;
        sum.bytes += chunk.encodedEstimate;
        sum.chunks++;
      }
    }
    if (oldest && (sum.first === undefined || oldest.bornMs < sum.first.bornMs)) sum.first = oldest;
  }
  return sum;
}
