// From a lease to what the encoder takes, and from the server's verdicts back to fates: the mapping between documents of
// one body and records of chunks. Whole chunks with one verdict, the usual case, take one step each.
import type { Chunk } from "../buffer/chunk.ts";
import { recordAt } from "../buffer/records.ts";
import { type BufferState, settleEach, settleRun } from "../buffer/state.ts";
import { assert } from "../core/errors.ts";
import { DEAD, DELIVERED, DUPLICATE, type Fate, OPEN } from "../core/fate.ts";
import { EXISTS, REFUSED, RETRY, type Refusal, STORED } from "../core/output.ts";
import { type Piece, type Run, START, eachDocument } from "../outputs/elasticsearch/encoder.ts";
import { indexName } from "../outputs/elasticsearch/index-name.ts";

const FATE_OF: Readonly<Record<number, Fate>> = {
  [STORED]: DELIVERED,
  [EXISTS]: DUPLICATE,
  [REFUSED]: DEAD,
  [RETRY]: OPEN,
};

/** The open records of a leased chunk. */
export function pieceOf(chunk: Chunk): Piece {
  const { envelope, start, region, table, records, readAtMs } = chunk;
  assert(region !== undefined, "a leased chunk is not loaded");
  return {
    chunk: { source: chunk.source.id, envelope, start, region, table, records, readAtMs },
    verdicts: chunk.fates,
    from: START,
  };
}

/** Every document of the body was stored. */
export function settleStored(state: BufferState, chunks: readonly Chunk[], runs: readonly Run[]): void {
  for (const run of runs) settleRun(state, chunks[run.piece] as Chunk, run.from.record, run.to.record, DELIVERED);
}

export interface Verdicts {
  readonly verdicts: Uint8Array;
  readonly refusals: ReadonlyMap<number, Refusal>;
}

/** @returns documents that were there already though no earlier attempt is known that could have stored them */
export function settleMixed(
  state: BufferState,
  chunks: readonly Chunk[],
  pieces: readonly Piece[],
  runs: readonly Run[],
  { verdicts, refusals }: Verdicts,
): number {
  let unexpected = 0;
  let first = 0;
  for (const run of runs) {
    const chunk = chunks[run.piece] as Chunk;
    const own = verdicts.subarray(first, first + run.docs);
    if (own.includes(RETRY)) chunk.maybe = true;
    if (!chunk.maybe) for (const v of own) if (v === EXISTS) unexpected++;
    const fates = new Uint8Array(chunk.records);
    const base = first;
    eachDocument([run], pieces, (doc, _piece, record) => {
      const verdict = verdicts[base + doc] as number;
      fates[record] = FATE_OF[verdict] as Fate;
      if (verdict === REFUSED) bury(state, chunk, record, refusals.get(base + doc));
    });
    first += run.docs;
    const one = uniform(own);
    if (one === undefined) settleEach(state, chunk, fates);
    else if (one !== RETRY) settleRun(state, chunk, run.from.record, run.to.record, FATE_OF[one] as Fate);
  }
  return unexpected;
}

function uniform(verdicts: Uint8Array): number | undefined {
  const one = verdicts[0];
  return one !== undefined && verdicts.every((v) => v === one) ? one : undefined;
}

const UNSAID: Refusal = { status: 0, type: "unknown", reason: "the server gave no reason" };

/** Writes the letter that goes into the dead-letter table with the chunk's fate. */
export function bury(state: BufferState, chunk: Chunk, record: number, refusal: Refusal = UNSAID): void {
  const { offset, bytes } = recordAt(state.arena, chunk, record);
  const keeps = state.letterBytes + bytes.length <= state.quotas.letters;
  if (keeps) state.letterBytes += bytes.length;
  const { envelope, readAtMs } = chunk;
  chunk.letters.push({
    atMs: state.clock.wall(),
    input: envelope.input,
    source: chunk.source.id,
    path: envelope.path,
    offset,
    bytes: bytes.length,
    index: indexName(envelope.index, envelope, readAtMs),
    ...refusal,
    body: keeps ? bytes : undefined,
  });
}
