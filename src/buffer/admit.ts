// Admission turns a draft into a chunk and counts it as read, in one synchronous step. Records that admission has already
// dropped are counted in the same step.
import type { Draft } from "../core/chunk.ts";
import { assert } from "../core/errors.ts";
import { Chunk } from "./chunk.ts";
import { stockOf } from "./queue.ts";
import { passSettled } from "./settle.ts";
import { type SourceState, append } from "./sources/source-state.ts";
import { type BufferState, countOpen, occupy } from "./state.ts";

export interface Admission {
  readonly draft: Draft;
  /** The index that the documents go to. */
  readonly target: string;
  /** Sampling rate: one record in `keep` was kept. 0 if the draft counts no sampled records. */
  readonly keep: number;
}

/** Resolves at once if the chunk can be read again from its file, else once it is a durable row or settled. */
export function admitDraft(state: BufferState, { draft, target, keep }: Admission, source: SourceState): Promise<void> {
  assert(draft.records > 0 === (draft.region !== undefined), "records without a region, or a region without records");
  let countedRecords = 0;
  let countedBytes = 0;
  for (const count of draft.counted.values()) {
    countedRecords += count.records;
    countedBytes += count.bytes;
  }
  const bytes = draft.end - draft.start - countedBytes;
  assert(bytes >= 0 && (draft.records > 0 || bytes === 0), "a draft's bytes do not add up to its span");
  const chunk = newChunk(state, draft, target, source, bytes);
  chunk.keep = keep;
  append(source, chunk);
  source.position = draft.end;
  source.positionMark = draft.mark;
  state.changed.add(source);
  state.ledger.read(source.input, draft.records + countedRecords, draft.end - draft.start);
  for (const [fate, count] of draft.counted) state.ledger.fate(source.input, fate, count.records, count.bytes);
  if (!chunk.replayable) state.urgent.add(source);
  state.fresh.add(chunk);
  occupy(state, chunk, 1);
  if (!chunk.isOpen) {
    // No record was kept. The chunk still covers its span, and the checkpoint passes it like a settled chunk.
    passSettled(state, source);
    return Promise.resolve();
  }
  chunk.stock.open.records += chunk.open;
  chunk.stock.open.bytes += chunk.openBytes;
  countOpen(state, chunk.queue.target, 1);
  chunk.queue.ready.add(chunk);
  return chunk.replayable ? Promise.resolve() : new Promise((resolve) => (chunk.onDurable = resolve));
}

function newChunk(state: BufferState, draft: Draft, target: string, source: SourceState, bytes: number): Chunk {
  const { envelope, start, end, records, region, table, actions, readAtMs } = draft;
  const queue = state.queue(envelope.policy, target);
  const chunk = new Chunk({
    ...{ seq: state.nextSeq++, source, envelope, queue, stock: stockOf(queue, source.input) },
    ...{ start, end, records, bytes, readAtMs, agedMs: state.age.now() },
    ...{ length: region?.length ?? 0, tableLength: table?.length ?? 0, actionsLength: actions?.length ?? 0 },
    possiblyStored: source.rereadLimit === undefined || start < source.rereadLimit,
  });
  chunk.counted = draft.counted.size > 0 ? draft.counted : undefined;
  chunk.bornMs = state.clock.now();
  chunk.markBefore = source.positionMark;
  chunk.rowFirst = draft.ended === "cut";
  chunk.region = region;
  chunk.table = table;
  chunk.actions = actions;
  return chunk;
}
