// The one writer of the state database (rules W1-W7 and L2 of the buffer's model). A transaction is composed in one
// synchronous step from what is durable plus a delta, and nothing moves before its answer: a failed one is thrown away
// whole. The checkpoint of a source is, in every mode, the start of its first open chunk that has no row and gets none
// here, else its read position: so rows lie before it, memory after it, and nothing is in both.
import { type Chunk, isOpen } from "./chunk.ts";
import { Deltas } from "./ledger.ts";
import { dropLosses, sampleLosses } from "./losses.ts";
import type { SourceState } from "./chunk.ts";
import type { Committed, DeadLetter, Loss, NewRow, SourceRow, Transaction } from "./spool.ts";
import { type BufferState, account, answered, listUnloaded, unload } from "./state.ts";

/** A chunk unresolved for this long gets a row whatever the mode: a crash after hours re-sends seconds. */
const AGE_MS = 30_000;
/** Deleting rows is slow on their overflow pages: a transaction must not take seconds. */
const MOST_REMOVED = 1000;

export interface Writing {
  readonly transaction: Transaction;
  readonly added: readonly Chunk[];
  /** Settled rows that are removed, settled chunks without a row that the checkpoint passes. */
  readonly ended: readonly Chunk[];
  readonly sources: readonly { readonly source: SourceState; readonly row: SourceRow; readonly synced: boolean }[];
  readonly forgotten: readonly SourceState[];
}

/**
 * Composes what is due now, or undefined when nothing is.
 * @param purpose "probe": also in degraded mode, with the rows that spill mode would want, even when there is nothing
 */
export function compose(state: BufferState, purpose: "regular" | "probe"): Writing | undefined {
  if (state.mode === "degraded" && purpose === "regular") return undefined;
  const removed = [...state.endedRows].slice(0, MOST_REMOVED);
  const added = chooseRows(state);
  const holds = firstHolds(state, new Set(added));
  const passed = [...state.fresh].filter(
    (c) => c.row === "no" && !isOpen(c) && c.start < checkpointOf(c.source, holds),
  );
  const sources: Writing["sources"][number][] = [];
  const forgotten: SourceState[] = [];
  // There may be 100,000, and next to none of them has changed.
  for (const source of state.sources.values()) {
    const change = sourceChange(source, holds);
    if (change !== undefined) sources.push(change);
    if (forgettable(source)) forgotten.push(source);
  }
  const starts = state.starts.due;
  const due = added.length + removed.length + passed.length + sources.length + forgotten.length + starts.length > 0;
  if (!due && purpose === "regular") return undefined;
  for (const chunk of added) pinForWriting(state, chunk);
  const ended = [...removed, ...passed];
  const full =
    sources.some((s) => s.synced || !s.source.durable) || added.some((c) => !c.replayable) || starts.length > 0;
  const envelopes = [...new Set(added.map((c) => c.envelope))].filter((e) => !state.durableEnvelopes.has(e));
  const transaction: Transaction = {
    full,
    sources: sources.filter((s) => !forgotten.includes(s.source)).map((s) => s.row),
    forgotten: forgotten.map((s) => s.id),
    envelopes,
    rows: added.map(newRow),
    removed: removed.map((c) => c.seq),
    starts,
    ...books(state, added, removed, passed, forgotten),
  };
  return { transaction, added, ended, sources, forgotten };
}

/** W3 and W4: oldest first, per source only as a prefix, sources with what cannot be read again before all; one slice. */
function chooseRows(state: BufferState): Chunk[] {
  if (state.rowBudget === 0) return [];
  const lastWanted = new Map<SourceState, number>();
  const now = state.clock.now();
  for (const c of state.fresh) {
    const wants = state.mode !== "memory" || !c.replayable || now - c.bornMs >= AGE_MS;
    if (wants && isOpen(c) && c.row === "no") lastWanted.set(c.source, c.seq);
  }
  if (lastWanted.size === 0) return [];
  const wanted = [...state.fresh].filter(
    (c) => c.row === "no" && isOpen(c) && c.seq <= (lastWanted.get(c.source) ?? 0),
  );
  const pressing = new Set(wanted.filter((c) => !c.replayable).map((c) => c.source));
  const ordered = [...wanted.filter((c) => pressing.has(c.source)), ...wanted.filter((c) => !pressing.has(c.source))];
  const stopped = new Set<SourceState>();
  const added: Chunk[] = [];
  let room = state.rowBudget - state.rowBytes;
  let slice = state.quotas.slice;
  for (const c of ordered) {
    const size = c.length + c.tableLength;
    if (stopped.has(c.source)) continue;
    if (size > room || (added.length > 0 && size > slice)) {
      stopped.add(c.source);
      continue;
    }
    room -= size;
    slice -= size;
    added.push(c);
  }
  return added;
}

/** Per source, its first open chunk without a row that gets none in this transaction. */
function firstHolds(state: BufferState, added: ReadonlySet<Chunk>): Map<SourceState, Chunk> {
  const holds = new Map<SourceState, Chunk>();
  for (const c of state.fresh) if (isOpen(c) && !added.has(c) && !holds.has(c.source)) holds.set(c.source, c);
  return holds;
}

function checkpointOf(source: SourceState, holds: ReadonlyMap<SourceState, Chunk>): number {
  return holds.get(source)?.start ?? source.position;
}

function sourceChange(
  source: SourceState,
  holds: ReadonlyMap<SourceState, Chunk>,
): Writing["sources"][number] | undefined {
  const checkpoint = checkpointOf(source, holds);
  if (checkpoint === source.checkpoint && !source.changed && source.durable && !source.needsSync) return undefined;
  const { id, input, identity, origin } = source;
  const mark = holds.get(source)?.markBefore ?? source.positionMark;
  return { source, row: { id, input, identity, origin, checkpoint, mark }, synced: source.needsSync };
}

function forgettable(source: SourceState): boolean {
  return source.retired && source.held === 0 && source.checkpoint === source.position && source.durable;
}

function pinForWriting(state: BufferState, chunk: Chunk): void {
  chunk.row = "writing";
  for (const region of [chunk.region, chunk.table]) if (region) state.arena.pin(region);
}

function unpinWritten(state: BufferState, chunk: Chunk): void {
  for (const region of [chunk.region, chunk.table]) if (region) state.arena.unpin(region);
}

function newRow(chunk: Chunk): NewRow {
  const { seq, start, end, records, bytes, readAtMs, markBefore, length, tableLength, table } = chunk;
  const source = chunk.source.id;
  const envelope = chunk.envelope.id;
  const region = chunk.region as NonNullable<Chunk["region"]>;
  return {
    seq,
    source,
    envelope,
    start,
    end,
    records,
    bytes,
    readAtMs,
    markBefore,
    length,
    tableLength,
    region,
    table,
  };
}

/** L2: a chunk enters the durable ledger whole, with its row or when the checkpoint passes it. */
function books(
  state: BufferState,
  added: readonly Chunk[],
  removed: readonly Chunk[],
  passed: readonly Chunk[],
  forgotten: readonly SourceState[],
): Pick<Transaction, "ledger" | "losses" | "letters"> {
  const deltas = new Deltas();
  const losses: Loss[] = [];
  const letters: DeadLetter[] = [];
  const atMs = state.clock.wall();
  for (const c of [...added, ...passed]) {
    let records = c.records;
    for (const count of c.counted.values()) records += count.records;
    deltas.read(c.source.input, records, c.end - c.start);
    deltas.fates(c.source.input, c.counted);
    losses.push(...sampleLosses(c, atMs));
  }
  for (const c of [...removed, ...passed]) {
    deltas.fates(c.source.input, c.settled);
    losses.push(...dropLosses(c, atMs));
    letters.push(...c.letters);
  }
  for (const source of forgotten) deltas.of(source.input).retired += source.checkpoint - source.origin;
  return { ledger: deltas.list(), losses, letters };
}

/** The transaction is durable: now, and only now, everything in it moves. */
export function committed(state: BufferState, writing: Writing, answer: Committed): void {
  writing.added.forEach((chunk, i) => becomeRow(state, chunk, answer.stored[i] as number));
  trim(state);
  for (const chunk of writing.ended) forgetChunk(state, chunk);
  for (const { source, row, synced } of writing.sources) {
    source.checkpoint = row.checkpoint;
    source.mark = row.mark;
    source.durable = row.identity.headLength > 0 || source.identity.headLength === 0;
    if (source.identity === row.identity) source.changed = false;
    if (synced) source.needsSync = false;
    const settled = source.presence === "there" || source.checkpoint === source.position;
    if (settled && !source.needsSync) state.urgent.delete(source);
    if (source.durable) state.nascent.delete(source);
  }
  for (const source of writing.forgotten) state.sources.delete(source.id);
  state.starts.written(writing.transaction.starts);
  for (const envelope of writing.transaction.envelopes) state.durableEnvelopes.add(envelope);
}

/** The transaction failed: it never was. What it meant to write still wants to be written. */
export function failed(state: BufferState, writing: Writing): void {
  for (const chunk of writing.added) {
    unpinWritten(state, chunk);
    chunk.row = "no";
    if (!isOpen(chunk)) unload(state, chunk);
  }
  state.mode = "degraded";
}

function becomeRow(state: BufferState, chunk: Chunk, stored: number): void {
  unpinWritten(state, chunk);
  account(state, chunk, () => {
    chunk.row = "yes";
    chunk.stored = stored;
  });
  state.rowBytes += stored;
  state.fresh.remove(chunk);
  state.rows.add(chunk);
  if (!chunk.replayable) answered(chunk);
  if (!isOpen(chunk)) {
    state.endedRows.add(chunk);
    return unload(state, chunk);
  }
  // Q6: a new row keeps its region unless an older row waits to be loaded.
  const older = state.unloaded.first;
  if (!chunk.lease && older !== undefined && older.seq < chunk.seq) pageOut(state, chunk);
}

/** Q4 and Q6: loaded rows leave the stage free; the youngest unleased give up their region first. */
function trim(state: BufferState): void {
  const most = state.quotas.pool - state.quotas.stage;
  if (state.pool - state.unwritten <= most) return;
  for (const chunk of state.rows.youngestFirst()) {
    if (state.pool - state.unwritten <= most) return;
    if (state.ready.has(chunk)) pageOut(state, chunk);
  }
}

function pageOut(state: BufferState, chunk: Chunk): void {
  state.ready.remove(chunk);
  unload(state, chunk);
  listUnloaded(state, chunk);
}

function forgetChunk(state: BufferState, chunk: Chunk): void {
  if (chunk.row === "yes") {
    state.rows.remove(chunk);
    state.endedRows.delete(chunk);
    state.rowBytes -= chunk.stored;
  } else state.fresh.remove(chunk);
  chunk.source.held--;
  for (const letter of chunk.letters) state.letterBytes -= letter.body?.length ?? 0;
}
