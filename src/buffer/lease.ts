// Chunks handed out to the sink (rules D1-D5 of the buffer's model). A lease is "waiting" before a request and between
// two, "wire" while one runs. Per source the first leases are in span order; who may lease is decided here alone.
import { type Chunk, type Lease, encodedEstimate, isOpen, memoryOf } from "./chunk.ts";
import { type BufferState, dropOpen, leave } from "./state.ts";

export interface LeaseLimit {
  /** Of encoded documents, as estimated. */
  readonly bytes: number;
  readonly records: number;
  /** Of the bodies quota, for the encoded batch. */
  readonly body: number;
}

/** A lease of the oldest chunks that may be sent now, or undefined. */
export function takeLease(state: BufferState, limit: LeaseLimit): Lease | undefined {
  if (state.bodies + limit.body > state.quotas.bodies) return undefined;
  const lease: Lease = { chunks: [], state: "waiting", body: limit.body };
  const barred = new Set<unknown>();
  let bytes = 0;
  let records = 0;
  for (const chunk of state.ready) {
    const { source } = chunk;
    if (barred.has(source)) continue;
    if (!mayLease(state, chunk)) {
      barred.add(source);
      continue;
    }
    const full =
      bytes + encodedEstimate(chunk) > limit.bytes ||
      records + chunk.open > limit.records ||
      lease.chunks.length >= state.quotas.chunks;
    const over = state.leased + memoryOf(chunk) > state.quotas.leased;
    // The first chunk of all is always handed out, however large: otherwise it could never leave.
    if ((full && lease.chunks.length > 0) || (over && state.leased > 0)) break;
    bytes += encodedEstimate(chunk);
    records += chunk.open;
    state.leased += memoryOf(chunk);
    chunk.lease = lease;
    lease.chunks.push(chunk);
  }
  if (lease.chunks.length === 0) return undefined;
  for (const chunk of lease.chunks) state.ready.remove(chunk);
  state.bodies += lease.body;
  state.leases.add(lease);
  return lease;
}

/** D1 and D2: the order within a source, and its id durable before anything is sent under it. */
function mayLease(state: BufferState, chunk: Chunk): boolean {
  const { source } = chunk;
  if (state.mode !== "degraded" && !recorded(state, chunk)) return false;
  const older = source.unloaded.first;
  return older === undefined || older.seq > chunk.seq || state.reading === "failing";
}

/** Nothing that a crash could take back may be sent under an id that would then be another's. */
function recorded(state: BufferState, chunk: Chunk): boolean {
  return chunk.source.durable && (!chunk.rowFirst || chunk.row === "yes" || state.rowBudget === 0);
}

/**
 * Just before a request, synchronously with the encoding: what is to be sent, without what was settled or evicted
 * meanwhile. False when nothing of the lease is left: what was leased in degraded mode, healed since, goes back until ids
 * and rows are durable. Waiting for that it would keep the rows from leaving that have to make room for its own.
 */
export function beginSend(state: BufferState, lease: Lease): boolean {
  if (state.mode !== "degraded" && lease.chunks.some((c) => !recorded(state, c))) {
    giveBack(state, lease, lease.chunks.slice());
  }
  if (lease.chunks.length === 0) return false;
  lease.state = "wire";
  return true;
}

/** The request has ended and its verdicts are in: what was evicted meanwhile is dropped now, unless it was stored. */
export function endSend(state: BufferState, lease: Lease): void {
  lease.state = "waiting";
  for (const chunk of lease.chunks.slice()) if (chunk.marked !== undefined) dropOpen(state, chunk, chunk.marked);
}

/** Gives chunks back that were not sent, or not settled. None is marked: only what is on the wire is, until its end. */
export function giveBack(state: BufferState, lease: Lease, chunks: readonly Chunk[]): void {
  for (const chunk of chunks) {
    if (!isOpen(chunk) || chunk.lease !== lease) continue;
    leave(state, chunk);
    state.ready.add(chunk);
  }
}

/** Ends the lease: everything still open goes back. */
export function endLease(state: BufferState, lease: Lease): void {
  if (!state.leases.delete(lease)) return;
  state.bodies -= lease.body;
  lease.state = "waiting";
  giveBack(state, lease, lease.chunks.slice());
}
