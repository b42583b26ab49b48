// A draft becomes a chunk.
import type { Draft } from "../core/chunk.ts";
import { assert } from "../core/errors.ts";
import type { Chunk } from "./chunk.ts";
import type { Share } from "./shares.ts";
import type { SourceState } from "./chunk.ts";
import { type BufferState, enter } from "./state.ts";

/** Resolves once the buffer answers for the chunk: at once when it could be read again (rule A1). */
export function admitDraft(
  state: BufferState,
  draft: Draft,
  keep: number,
  source: SourceState,
  share: Share,
): Promise<void> {
  assert(draft.start === source.position, `a gap: chunk at ${draft.start}, source at ${source.position}`);
  assert(draft.records > 0 === (draft.region !== undefined), "records without a region, or a region without records");
  let countedRecords = 0;
  let countedBytes = 0;
  for (const count of draft.counted.values()) {
    countedRecords += count.records;
    countedBytes += count.bytes;
  }
  const bytes = draft.end - draft.start - countedBytes;
  assert(bytes >= 0 && (draft.records > 0 || bytes === 0), "a draft's bytes do not add up to its span");
  const chunk = newChunk(state, source, share, {
    seq: state.nextSeq++,
    envelope: draft.envelope,
    start: draft.start,
    end: draft.end,
    records: draft.records,
    bytes,
    counted: draft.counted,
    keep,
    readAtMs: draft.readAtMs,
    markBefore: source.positionMark,
    length: draft.region?.length ?? 0,
    tableLength: draft.table?.length ?? 0,
    region: draft.region,
    table: draft.table,
    row: "no",
    stored: 0,
    maybe: draft.start < source.rereadLimit,
    rowFirst: draft.ended === "cut",
  });
  source.position = draft.end;
  source.positionMark = draft.mark;
  state.ledger.read(source.input, draft.records + countedRecords, draft.end - draft.start);
  for (const [fate, count] of draft.counted) state.ledger.fate(source.input, fate, count.records, count.bytes);
  if (!chunk.replayable) state.urgent.add(source);
  state.fresh.add(chunk);
  enter(state, chunk);
  // L3: a chunk that keeps nothing still takes its place, and is passed like a settled one.
  if (chunk.open === 0) return Promise.resolve();
  state.ready.add(chunk);
  return chunk.replayable ? Promise.resolve() : new Promise((resolve) => (chunk.answer = resolve));
}

type Facts = Omit<
  Chunk,
  | "source"
  | "share"
  | "bornMs"
  | "lease"
  | "marked"
  | "replayable"
  | "paging"
  | "answer"
  | "open"
  | "openBytes"
  | "fates"
  | "settled"
  | "letters"
>;

export function newChunk(state: BufferState, source: SourceState, share: Share, facts: Facts): Chunk {
  return {
    ...facts,
    source,
    share,
    bornMs: state.clock.now(),
    lease: undefined,
    marked: undefined,
    replayable: source.presence === "there" && !facts.rowFirst,
    paging: "none",
    answer: undefined,
    open: facts.records,
    openBytes: facts.bytes,
    fates: undefined,
    settled: new Map(),
    letters: [],
  };
}
