// Applies a transaction to the state in memory once it is durable, and not before. New rows stay in memory, or make room for
// older rows that wait on disk.
import { DEAD, DROPPED_LETTER } from "../../core/fate.ts";
import type { Block, Chunk } from "../chunk.ts";
import { isNew, onDisk } from "../queue.ts";
import { unpinRegions } from "../regions.ts";
import { keepsNew, pageOut } from "../loading/page-out.ts";
import { answerFor, endRow, passSettled } from "../settle.ts";
import { type SourceState, dropFirst, isForgettable } from "../sources/source-state.ts";
import { BLOCK_WIDTH, type Committed } from "../spool/spool.ts";
import { type BufferState, account, chargeBlock, countRows, enterWindow, leaveWindow, unload } from "../state.ts";
import type { SourceChange, Writing } from "./writer.ts";

export function committed(state: BufferState, writing: Writing, answer: Committed): void {
  addRows(state, writing.added, answer.blocks);
  for (const chunk of writing.removed) removeRow(state, chunk);
  for (const source of writing.synced) source.needsSync = false;
  for (const change of writing.sources) moveSource(state, change);
  for (const source of writing.synced) lookAfter(state, source);
  for (const source of writing.forgotten) state.removeSource(source);
  const { starts } = writing.transaction;
  state.newStarts = state.newStarts.filter((start) => !starts.includes(start));
  for (const { input, records, bytes } of answer.evicted) {
    state.ledger.fate(input, DEAD, -records, -bytes);
    state.ledger.fate(input, DROPPED_LETTER, records, bytes);
  }
  state.deadLetterBytes -= writing.deadLetterBytes;
  state.deadLetters -= writing.transaction.deadLetters.length;
}

function addRows(state: BufferState, added: readonly Chunk[], blocks: Float64Array): void {
  let next = 0;
  for (let i = 0; i < blocks.length; i += BLOCK_WIDTH) {
    const [id, rows, stored] = blocks.subarray(i, i + BLOCK_WIDTH) as unknown as [number, number, number];
    const { stock } = added[next] as Chunk;
    chargeBlock(state, { stock, stored }, 1);
    let at = 0;
    for (const end = next + rows; next < end; next++) {
      const chunk = added[next] as Chunk;
      chunk.at = at;
      at += chunk.length + chunk.tableLength + chunk.actionsLength;
      becomeRow(state, chunk, { id, stored, open: rows });
    }
  }
  for (const chunk of added) place(state, chunk);
}

function becomeRow(state: BufferState, chunk: Chunk, block: Pick<Block, "id" | "stored" | "open">): void {
  unpinRegions(state.arena, chunk);
  state.fresh.remove(chunk);
  account(state, chunk, () => enterWindow(state, chunk, block));
  chunk.source.rows++;
  countRows(state, chunk.queue, 1);
  if (!chunk.replayable) answerFor(chunk);
  if (chunk.isOpen) return;
  endRow(state, chunk);
  unload(state, chunk);
}

/**
 * A new row stays in memory unless an older row of its queue waits on disk, the window is full, or the target is stuck. The row
 * of a new chunk does not wait for older rows.
 */
function place(state: BufferState, chunk: Chunk): void {
  const { queue, seq } = chunk;
  const waits = (onDisk(queue) > 0 && seq > queue.cursor) || (queue.unloaded.first?.seq ?? Infinity) < seq;
  if (onDisk(queue) === 0) queue.cursor = Math.max(queue.cursor, seq);
  if (!chunk.isOpen || chunk.lease) return;
  const full = state.window > state.quotas.window;
  if ((waits && !(isNew(state, chunk) && keepsNew(state))) || full || queue.target.stuck) pageOut(state, chunk);
}

function removeRow(state: BufferState, chunk: Chunk): void {
  leaveWindow(state, chunk);
  state.ended.delete(chunk);
  countRows(state, chunk.queue, -1);
  chunk.source.rows--;
  forgetLater(state, chunk.source);
}

function moveSource(state: BufferState, { source, checkpoint, mark, identity, passes }: SourceChange): void {
  for (let i = 0; i < passes; i++) {
    const chunk = source.first as Chunk;
    if (chunk.row === "no") state.fresh.remove(chunk);
    dropFirst(source);
  }
  source.checkpoint = checkpoint;
  source.mark = mark;
  // Not durable if the source got its first fingerprint after this transaction was composed.
  if (identity) source.durable = identity.headLength > 0 || source.identity.headLength === 0;
  lookAfter(state, source);
}

/** Drops what waited for a commit of the source. */
function lookAfter(state: BufferState, source: SourceState): void {
  passSettled(state, source);
  const settled = source.presence === "there" || source.checkpoint === source.position;
  if (settled && !source.needsSync) state.urgent.delete(source);
  if (source.durable) state.notYetDurable.delete(source);
  forgetLater(state, source);
}

/** If nothing is left of the source, the next transaction deletes it. */
function forgetLater(state: BufferState, source: SourceState): void {
  if (isForgettable(source)) state.changed.add(source);
}
