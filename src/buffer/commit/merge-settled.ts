// Merges neighbouring chunks that are settled and have no row, but that the checkpoint cannot pass because an older chunk of
// their source is open. Otherwise one stuck chunk, or a ladder that rejects everything, would use up the limit on chunks
// without a row, and all inputs would wait. Counts and loss ranges stay as exact as they were.
import type { Fate } from "../../core/fate.ts";
import type { Chunk } from "../chunk.ts";
import { isListed } from "../ledger/losses.ts";
import { addSettled } from "../settle.ts";
import type { SourceState } from "../sources/source-state.ts";
import type { BufferState } from "../state.ts";
import type { SourceChange } from "./writer.ts";

/** @param writing source changes of the commit in flight: the chunks that it passes are not merged, even if it hangs */
export function mergeSettled(state: BufferState, writing: readonly SourceChange[] = []): void {
  const passes = new Map(writing.map((change) => [change.source, change.passes]));
  for (const source of new Set([...state.fresh].map((chunk) => chunk.source)))
    mergeOf(state, source, passes.get(source) ?? 0);
}

function mergeOf(state: BufferState, source: SourceState, skip: number): void {
  let chunk = source.first as Chunk | undefined;
  for (let i = 0; i < skip; i++) chunk = chunk?.next as Chunk | undefined;
  while (chunk?.next) {
    const { next } = chunk;
    const kind = kindOf(chunk);
    if (kind !== undefined && kind === kindOf(next) && chunk.envelope === next.envelope) {
      absorb(chunk, next);
      state.fresh.remove(next);
      if (source.last === next) source.last = chunk;
    } else chunk = next;
  }
}

/** Neighbouring chunks with the same kind may be merged. Undefined: the chunk is not merged. */
function kindOf({ isOpen, row, deadLetters, settled, counted, keep, possiblyStored }: Chunk): string | undefined {
  if (isOpen || row !== "no" || deadLetters) return undefined;
  const fates = new Set<Fate>([
    ...(settled ?? []).map(({ fate }) => fate),
    ...(counted ?? new Map<Fate, unknown>()).keys(),
  ]);
  if (![...fates].some(isListed)) return "kept";
  // A loss range must not grow to cover records that were kept.
  return fates.size === 1 ? [...fates, keep, possiblyStored].join(" ") : undefined;
}

function absorb(chunk: Chunk, next: Chunk): void {
  chunk.end = next.end;
  chunk.records += next.records;
  chunk.bytes += next.bytes;
  chunk.possiblyStored ||= next.possiblyStored;
  for (const { fate, records, bytes } of next.settled ?? []) addSettled(chunk, fate, records, bytes);
  if (next.counted) {
    const sum = new Map(chunk.counted);
    for (const [fate, { records, bytes }] of next.counted) {
      const known = sum.get(fate);
      sum.set(fate, { records: records + (known?.records ?? 0), bytes: bytes + (known?.bytes ?? 0) });
    }
    chunk.counted = sum;
  }
  chunk.next = next.next;
}
