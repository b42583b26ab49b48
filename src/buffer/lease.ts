// Leases: chunks handed out for one request. Only this file decides which chunks may be sent now. The records of a source are
// first sent in their order, apart from new chunks, which overtake old ones. A lease lasts for one attempt: chunks that the
// response leaves open go back to their queues, and hold no quota of leases or bodies while they wait.
import { type Chunk, type Lease, type Queue, type Side, type Target, leasedIn } from "./chunk.ts";
import { newFrom, sendableEnd } from "./queue.ts";
import { dropOpen, leaveLease } from "./settle.ts";
import type { BufferState } from "./state.ts";

export interface LeaseLimit {
  /** Estimated bytes of the encoded documents. */
  readonly bytes: number;
  readonly records: number;
  /** Bytes to take from the quota for bodies, for the encoded batch. */
  readonly body: number;
}

/**
 * Leases the oldest chunks of one side of a target that may be sent now, or of the other side if no chunk of this one may be
 * sent; undefined if there are none, or no room for them.
 */
export function takeLease(
  state: BufferState,
  target: Target,
  limit: LeaseLimit,
  side: Side = "old",
): Lease | undefined {
  if (!state.isDelivering || state.bodies + limit.body > state.quotas.bodies) return undefined;
  const other = side === "old" ? "new" : "old";
  // A chunk for which there is no room now comes next. If the other side went on meanwhile, it might never have room.
  const from = hasAny(state, target, side) ? side : other;
  return takeSide(state, target, limit, from);
}

function hasAny(state: BufferState, target: Target, side: Side): boolean {
  return inOrder(state, target, side).next().done !== true;
}

function takeSide(state: BufferState, target: Target, limit: LeaseLimit, side: Side): Lease | undefined {
  const lease: Lease = { target: target.name, side, chunks: [], body: limit.body };
  let bytes = 0;
  let records = 0;
  for (const chunk of inOrder(state, target, side)) {
    // A half-empty lease takes a chunk that fits only in part. Otherwise, while a busy server accepts only half of each
    // request, the remainders of chunks would be sent in ever smaller requests.
    const estimate = (chunk.encodedEstimate * chunk.open) / chunk.records;
    const fits = bytes + estimate <= limit.bytes && records + chunk.open <= limit.records;
    const isHalfEmpty = bytes < limit.bytes / 2 && records < limit.records / 2;
    const full = !(fits || isHalfEmpty) || lease.chunks.length >= state.quotas.chunks;
    const over = state.leased + chunk.memory > state.quotas.leased;
    // While nothing is leased, the first chunk is handed out however large it is; otherwise it could never be sent.
    if ((full && lease.chunks.length > 0) || (over && state.leased > 0)) break;
    bytes += estimate;
    records += chunk.open;
    state.leased += chunk.memory;
    chunk.lease = lease;
    lease.chunks.push(chunk);
  }
  if (lease.chunks.length === 0) return undefined;
  for (const chunk of lease.chunks) chunk.queue.ready.remove(chunk);
  state.bodies += lease.body;
  state.leases.add(lease);
  return lease;
}

/** The chunks of a target that may be sent now, by sequence number across its queues. */
function* inOrder(state: BufferState, target: Target, side: Side): Generator<Chunk, undefined> {
  const sendable = target.queues.map((queue) => ({
    chunks: inQueue(state, queue, side),
    next: undefined as Chunk | undefined,
  }));
  for (const queue of sendable) queue.next = queue.chunks.next().value ?? undefined;
  for (;;) {
    let first: (typeof sendable)[number] | undefined;
    for (const queue of sendable) {
      if (queue.next && (!first?.next || queue.next.seq < first.next.seq)) first = queue;
    }
    if (!first?.next) return;
    yield first.next;
    first.next = first.chunks.next().value ?? undefined;
  }
}

function* inQueue(state: BufferState, queue: Queue, side: Side): Generator<Chunk, undefined> {
  const from = newFrom(state, queue.target);
  if (side === "new" && from === Infinity) return;
  const end = side === "new" ? Infinity : Math.min(from, sendableEnd(state, queue));
  const waiting = new Set<unknown>();
  const now = state.clock.now();
  for (const chunk of side === "new" ? queue.ready.from(from) : queue.ready) {
    if (chunk.seq >= end) return;
    if (state.phase === "ending" && !isBegun(chunk)) continue;
    // The chunk was sent before, so later chunks of its source may overtake it.
    if (chunk.waitsUntil > now) continue;
    if (waiting.has(chunk.source)) continue;
    if (maySend(state, chunk)) yield chunk;
    else waiting.add(chunk.source);
  }
}

/**
 * A crash must not let a document id that was sent be used again for another document. So the source's id must be durable
 * before anything is sent, and a record that was ended by a timeout must be in a durable row. While the disk does not work,
 * neither is required, and a crash can repeat records.
 */
function maySend(state: BufferState, { source, rowFirst, row }: Chunk): boolean {
  if (state.disk !== "working") return true;
  return source.durable && (!rowFirst || row === "yes" || state.limits.rows === 0);
}

/** Whether some records have a fate and others do not. A row cannot store that. */
function isBegun(chunk: Chunk): boolean {
  return chunk.fates !== undefined && chunk.isOpen;
}

/** Whether any chunk that is in no request is settled in part. */
export function hasBegun(state: BufferState): boolean {
  for (const { ready, unloaded } of state.queues.values()) {
    for (const chunks of [ready, unloaded]) for (const chunk of chunks) if (isBegun(chunk)) return true;
  }
  return false;
}

/** Returns open chunks of the lease to their queues. */
export function giveBack(state: BufferState, lease: Lease, chunks: Iterable<Chunk>): void {
  for (const chunk of chunks) {
    if (!chunk.isOpen || chunk.lease !== lease) continue;
    leaveLease(state, chunk);
    chunk.queue.ready.add(chunk);
  }
}

/**
 * Ends the lease after its request has ended and the results are settled. Records that are still open in a chunk that was
 * shed meanwhile are dropped. All other open chunks return to their queues.
 */
export function endLease(state: BufferState, lease: Lease): void {
  if (!state.leases.delete(lease)) return;
  state.bodies -= lease.body;
  for (const chunk of leasedIn(lease)) if (chunk.marked !== undefined) dropOpen(state, chunk, chunk.marked);
  giveBack(state, lease, lease.chunks);
}
