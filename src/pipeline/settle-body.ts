// Turns the server's verdicts into fates: maps the documents of a body to the records of its chunks. A chunk whose documents all
// have the same verdict, the usual case, is settled in one step.
import type { Chunk } from "../buffer/chunk.ts";
import type { Outbox } from "../buffer/outbox.ts";
import { DEAD, DELIVERED, DUPLICATE, type Fate, OPEN } from "../core/fate.ts";
import { EXISTS, REFUSED, RETRY, type Refusal, type Run, STORED, UNCLEAR } from "../core/output.ts";

const FATE_OF: Readonly<Record<number, Fate>> = {
  [STORED]: DELIVERED,
  [EXISTS]: DUPLICATE,
  [REFUSED]: DEAD,
  [RETRY]: OPEN,
  // Only if the record is condemned. Otherwise it becomes RETRY and stays open.
  [UNCLEAR]: DEAD,
};

/** A body as it was sent. `runs[i]` are the documents of `chunks[i]`. */
export interface Sent {
  readonly chunks: readonly Chunk[];
  readonly runs: readonly Run[];
  readonly target: string;
}

/** Settles a body of which every document was stored. */
export function settleStored(outbox: Outbox, { chunks, runs }: Sent): void {
  for (const [i, { records }] of runs.entries()) outbox.settleRun(chunks[i] as Chunk, 0, records, DELIVERED);
}

export interface Verdicts {
  readonly verdicts: Uint8Array;
  readonly refusals: ReadonlyMap<number, Refusal>;
}

export interface Settled {
  /** Documents that are settled now, and documents that have to be sent again. */
  readonly settled: number;
  readonly rest: number;
  /** Documents up to the last one that is settled. Equal to `settled`: none that has to be sent again lies before it. */
  readonly last: number;
  /** Documents to send again only because there is no room now for their dead letters. */
  readonly unkept: number;
  /** Documents that existed already although no known attempt could have stored them. */
  readonly unexpected: number;
  /** Documents refused for good, by input. */
  readonly refused: ReadonlyMap<string, { readonly documents: number; readonly first: Refusal }>;
}

/** Whether a record with an UNCLEAR verdict is refused for good. */
export type Condemns = (chunk: Chunk, record: number, refusal: Refusal) => boolean;

export function settleMixed(
  outbox: Outbox,
  sent: Sent,
  { verdicts, refusals }: Verdicts,
  condemns: Condemns = () => false,
): Settled {
  // Read once for the whole body. Records that may not become dead letters now are sent again after a commit has made room.
  const may = outbox.mayRefuse;
  const say = (doc: number): Refusal => refusals.get(doc) ?? UNSAID;
  const counts: Counts = { settled: 0, rest: 0, last: 0, unkept: 0, unexpected: 0, refused: new Map() };
  let first = 0;
  for (const [i, run] of sent.runs.entries()) {
    const chunk = sent.chunks[i] as Chunk;
    const refusalOf = outbox.mayRefuseOf(chunk, may) ? say : undefined;
    settleOne(outbox, sent.target, { chunk, run, first, verdicts, refusalOf, condemns }, counts);
    first += run.docs;
  }
  return counts;
}

/** The documents of one run. `first`: index of the first one in the body. */
interface RunVerdicts {
  readonly chunk: Chunk;
  readonly run: Run;
  readonly first: number;
  readonly verdicts: Uint8Array;
  /** Undefined: no record may become a dead letter now. */
  readonly refusalOf: ((doc: number) => Refusal) | undefined;
  readonly condemns: Condemns;
}

interface Counts {
  settled: number;
  rest: number;
  last: number;
  unkept: number;
  unexpected: number;
  readonly refused: Map<string, { documents: number; readonly first: Refusal }>;
}

const UNSAID: Refusal = { status: 0, type: "unknown", reason: "the server gave no reason" };

function settleOne(
  outbox: Outbox,
  target: string,
  { chunk, run, first, verdicts, refusalOf, condemns }: RunVerdicts,
  counts: Counts,
): void {
  const known = chunk.fates;
  const fates = new Uint8Array(chunk.records);
  const refusals = new Map<number, Refusal>();
  const open = { retry: 0, exists: 0 };
  let doc = first;
  for (let record = 0; record < run.records; record++) {
    if (known !== undefined && known[record] !== OPEN) continue;
    let verdict = verdicts[doc] as number;
    if (verdict === REFUSED || verdict === UNCLEAR) {
      const refusal = refusalOf?.(doc);
      const isRefused = refusal !== undefined && (verdict === REFUSED || condemns(chunk, record, refusal));
      if (verdict === REFUSED && refusal === undefined) counts.unkept++;
      verdict = isRefused ? REFUSED : RETRY;
      if (isRefused) refusals.set(record, refusal);
    }
    if (verdict === RETRY) open.retry++;
    if (verdict === EXISTS) open.exists++;
    fates[record] = FATE_OF[verdict] as Fate;
    doc++;
    if (verdict !== RETRY) counts.last = doc;
  }
  if (open.retry > 0) outbox.mayBeStored(chunk);
  if (!chunk.possiblyStored) counts.unexpected += open.exists;
  counts.rest += open.retry;
  counts.settled += run.docs - open.retry;
  if (refusals.size > 0) {
    outbox.addDeadLetters(chunk, refusals, target);
    const [refusal] = refusals.values();
    const known = counts.refused.get(chunk.stock.input);
    if (known) known.documents += refusals.size;
    else counts.refused.set(chunk.stock.input, { documents: refusals.size, first: refusal as Refusal });
  }
  if (open.retry === run.docs) return;
  const one = open.retry > 0 ? undefined : uniform(verdicts.subarray(first, first + run.docs));
  if (one === undefined) outbox.settleEach(chunk, fates);
  else outbox.settleRun(chunk, 0, run.records, FATE_OF[one] as Fate);
}

function uniform(verdicts: Uint8Array): number | undefined {
  const one = verdicts[0];
  return one !== undefined && verdicts.every((v) => v === one) ? one : undefined;
}

/** Dead-letters the first open record of a chunk: it cannot be sent, or the server refuses it even alone. */
export function refuseFirst(outbox: Outbox, chunk: Chunk, refusal: Refusal, target: string): void {
  const record = chunk.fates ? chunk.fates.indexOf(OPEN) : 0;
  outbox.addDeadLetters(chunk, new Map([[record, refusal]]), target);
  outbox.settleRun(chunk, record, record + 1, DEAD);
}
