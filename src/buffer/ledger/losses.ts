// Loss ranges: the byte ranges of records that were not kept. `losses list` shows them, and `backfill` may read them again. A
// range is written in the transaction that makes the fate of its chunk durable. Until then it waits in a bounded list.
import {
  DROPPED_AGE,
  DROPPED_CORRUPT,
  DROPPED_NEWEST,
  DROPPED_OLDEST,
  DROPPED_OVERSIZE,
  DROPPED_RANDOM,
  DROPPED_RATE,
  type Fate,
  HASH_VERSION,
  SAMPLED,
} from "../../core/fate.ts";
import type { Chunk, Settled } from "../chunk.ts";
import type { Loss } from "../spool/spool.ts";

const LISTED: ReadonlySet<Fate> = new Set([
  SAMPLED,
  DROPPED_OLDEST,
  DROPPED_NEWEST,
  DROPPED_RANDOM,
  DROPPED_RATE,
  DROPPED_AGE,
  DROPPED_OVERSIZE,
  DROPPED_CORRUPT,
]);

/** Whether ranges with this fate are listed. */
export function isListed(fate: Fate): boolean {
  return LISTED.has(fate);
}

/** Losses at admission. A loss is uncertain if an earlier process may have sent the same bytes before it was killed. */
export function admissionLosses(chunk: Chunk, atMs: number): Loss[] {
  const counts = [...(chunk.counted ?? [])].map(([fate, count]) => ({ fate, ...count }));
  return losses(chunk, counts, atMs);
}

/** Losses from the buffer. A loss is uncertain if a request whose response was lost may have stored the records. */
export function settledLosses(chunk: Chunk, atMs: number): Loss[] {
  return losses(chunk, chunk.settled ?? [], atMs);
}

function losses(chunk: Chunk, fates: readonly Settled[], atMs: number): Loss[] {
  const found: Loss[] = [];
  for (const { fate, records, bytes } of fates) {
    if (!isListed(fate) || records + bytes === 0) continue;
    const { start, end, keep, possiblyStored } = chunk;
    // The bytes cut off an oversize record were never in a document.
    const uncertain = possiblyStored && fate !== DROPPED_OVERSIZE;
    const sampled = fate === SAMPLED;
    const where = { input: chunk.source.input, source: chunk.source.id, path: chunk.envelope.path, start, end };
    const sampling = { keep: sampled ? keep : 0, hashVersion: sampled ? HASH_VERSION : 0 };
    found.push({ atMs, ...where, fate, records, bytes, uncertain, ...sampling, merged: false });
  }
  return found;
}

/** Ranges that may wait for a commit, about 300 bytes each. Beyond that, ranges of the same source and kind are merged. */
const MOST_WAITING = 4000;

export class LossList {
  private list: Loss[] = [];
  private readonly most: number;
  private bound: number;

  constructor(most = MOST_WAITING) {
    this.most = most;
    this.bound = most;
  }

  get size(): number {
    return this.list.length;
  }

  [Symbol.iterator](): IterableIterator<Loss> {
    return this.list[Symbol.iterator]();
  }

  addAll(losses: Iterable<Loss>): void {
    for (const loss of losses) this.list.push(loss);
    if (this.list.length > this.bound) this.merge();
  }

  private merge(): void {
    const kinds = Map.groupBy(this.list, (l) => [l.source, l.fate, l.uncertain, l.keep, l.hashVersion].join(" "));
    this.list = [...kinds.values()].map((ranges) => (ranges.length === 1 ? (ranges[0] as Loss) : merged(ranges)));
    // One range per source and kind remains. Raise the bound if these are many, or each addition would merge in vain.
    this.bound = Math.max(this.most, 2 * this.list.length);
  }
}

/** One range from the first start to the last end, with summed counts. `merged` is set if there are gaps between ranges. */
function merged(ranges: readonly Loss[]): Loss {
  const sorted = ranges.toSorted((a, b) => a.start - b.start);
  const [first] = sorted as [Loss, ...Loss[]];
  let end = first.start;
  let gaps = false;
  const sum = { records: 0, bytes: 0 };
  for (const l of sorted) {
    gaps ||= l.merged || l.start > end;
    end = Math.max(end, l.end);
    sum.records += l.records;
    sum.bytes += l.bytes;
  }
  return { ...first, ...sum, end, merged: gaps };
}
