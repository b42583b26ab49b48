// Running totals of a chunk's records: how many, how long, what was left out. Copied wherever the chunk might end.
import { type Count, DROPPED_FILTERED, DROPPED_OVERSIZE, type Fate } from "../../../core/fate.ts";

export interface State {
  records: number;
  /** End of the last record. */
  end: number;
  /** Bytes of empty lines. */
  idle: number;
  filtered: number;
  filteredBytes: number;
  skipped: number;
  oversizeBytes: number;
  /** Records that were cut. */
  cut: number;
  /** Index of the first record. */
  index: string | undefined;
  /** several: some record has another index than the first. */
  indices: "one" | "several";
}

export const NOTHING: State = {
  records: 0,
  end: 0,
  idle: 0,
  filtered: 0,
  filteredBytes: 0,
  skipped: 0,
  oversizeBytes: 0,
  cut: 0,
  index: undefined,
  indices: "one",
};

export function copyState(from: State, to: State): void {
  to.records = from.records;
  to.end = from.end;
  to.idle = from.idle;
  to.filtered = from.filtered;
  to.filteredBytes = from.filteredBytes;
  to.skipped = from.skipped;
  to.oversizeBytes = from.oversizeBytes;
  to.cut = from.cut;
  to.index = from.index;
  to.indices = from.indices;
}

/** Counts of the lines that are not records of the chunk, by fate. */
export function countedOut(state: State): ReadonlyMap<Fate, Count> {
  const { records, idle, filtered, filteredBytes, skipped, oversizeBytes } = state;
  const counted = new Map<Fate, Count>();
  const nobodys = records === 0 ? idle : 0;
  if (filteredBytes + nobodys > 0) counted.set(DROPPED_FILTERED, { records: filtered, bytes: filteredBytes + nobodys });
  if (oversizeBytes > 0) counted.set(DROPPED_OVERSIZE, { records: skipped, bytes: oversizeBytes });
  return counted;
}
