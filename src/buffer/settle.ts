// Gives records their fates. A chunk whose records all have a fate leaves every queue. If it has a row, one of the next
// transactions removes the row. If it has none, its counts wait in the books until the checkpoint has passed the chunk.
import { assert } from "../core/errors.ts";
import { type Count, type Fate, OPEN } from "../core/fate.ts";
import type { Block, Chunk } from "./chunk.ts";
import { addTo } from "./ledger/ledger.ts";
import { recordSpans } from "./records.ts";
import { type SourceState, dropFirst } from "./sources/source-state.ts";
import { type BufferState, account, chargeBlock, countOpen, unload } from "./state.ts";

/** Gives the records from `from` up to `to` a fate. Records that have a fate keep it. */
export function settleRun(state: BufferState, chunk: Chunk, from: number, to: number, fate: Fate): void {
  if (chunk.open === chunk.records && from === 0 && to === chunk.records) {
    return count(state, chunk, fate, chunk.open, chunk.openBytes);
  }
  settleEach(state, chunk, new Uint8Array(chunk.records).fill(fate, from, to));
}

/** @param fates per record of the chunk; OPEN leaves a record as it is */
export function settleEach(state: BufferState, chunk: Chunk, fates: Uint8Array): void {
  if (chunk.open === 0) return;
  const { size } = recordSpans(state.arena, chunk);
  const known = (chunk.fates ??= new Uint8Array(chunk.records));
  const counts: (Count | undefined)[] = [];
  for (let i = 0; i < fates.length; i++) {
    const fate = fates[i] as Fate;
    if (fate === OPEN || known[i] !== OPEN) continue;
    known[i] = fate;
    addTo((counts[fate] ??= { records: 0, bytes: 0 }), 1, size[i] as number);
  }
  for (const [fate, sum] of counts.entries()) if (sum) count(state, chunk, fate as Fate, sum.records, sum.bytes);
}

/** Gives all open records of a chunk the same fate, without reading its bytes, since the chunk may not be loaded. */
export function dropOpen(state: BufferState, chunk: Chunk, fate: Fate): void {
  const { open, openBytes } = chunk;
  count(state, chunk, fate, open, openBytes);
}

function count(state: BufferState, chunk: Chunk, fate: Fate, records: number, bytes: number): void {
  if (records === 0) return;
  state.ledger.fate(chunk.source.input, fate, records, bytes);
  addSettled(chunk, fate, records, bytes);
  account(state, chunk, () => {
    chunk.open -= records;
    chunk.openBytes -= bytes;
  });
  chunk.stock.open.records -= records;
  chunk.stock.open.bytes -= bytes;
  assert(chunk.open >= 0 && chunk.openBytes >= 0, "more records settled than were open");
  if (chunk.open === 0) finish(state, chunk);
}

/** Called once all records of a chunk have a fate. */
function finish(state: BufferState, chunk: Chunk): void {
  assert(chunk.openBytes === 0, "bytes left open in a settled chunk");
  const { queue } = chunk;
  countOpen(state, queue.target, -1);
  if (chunk.lease) leaveLease(state, chunk);
  queue.ready.remove(chunk);
  queue.unloaded.remove(chunk);
  queue.aside.remove(chunk);
  chunk.fates = undefined;
  chunk.marked = undefined;
  if (chunk.row === "yes") endRow(state, chunk);
  if (chunk.row !== "writing" && !chunk.loading) unload(state, chunk);
  answerFor(chunk);
  if (chunk.row === "no") passSettled(state, chunk.source);
}

/** Queues a settled row for removal. The bytes of its block count as free once all rows of the block are settled. */
export function endRow(state: BufferState, chunk: Chunk): void {
  const block = chunk.block as Block;
  state.ended.add(chunk);
  if (--block.open === 0) chargeBlock(state, block, -1);
}

/**
 * Moves the counts of chunks at the front of a source that are settled and have no row into the books. The next checkpoint
 * passes these chunks.
 */
export function passSettled(state: BufferState, source: SourceState): void {
  const first = (): Chunk | undefined => source.first as Chunk | undefined;
  for (let chunk = first(); chunk && !chunk.isOpen && chunk.row === "no"; chunk = first()) {
    const now = state.clock.wall();
    state.passed.enter(chunk, now);
    state.passed.settle(chunk, now);
    state.fresh.remove(chunk);
    dropFirst(source);
    state.changed.add(source);
  }
}

/** Tells whoever admitted the chunk that it is durable, or that every record has a fate. */
export function answerFor(chunk: Chunk): void {
  chunk.onDurable?.();
  chunk.onDurable = undefined;
}

/** Takes a chunk out of its lease. */
export function leaveLease(state: BufferState, chunk: Chunk): void {
  state.leased -= chunk.memory;
  chunk.lease = undefined;
}

/** Adds to a chunk's counts for a fate. A chunk almost always has a single entry, for all its records. */
export function addSettled(chunk: Chunk, fate: Fate, records: number, bytes: number): void {
  const known = chunk.settled?.find((count) => count.fate === fate);
  if (known) {
    known.records += records;
    known.bytes += bytes;
  } else (chunk.settled ??= []).push({ fate, records, bytes });
}
