// The record table of a chunk. Mirrors TABLE and KIND of core/chunk.ts.
import { levelOf } from "./level";

@unmanaged
export class Entry {
  /** End of the record's bytes in the region. */
  end: u32;
  /** Start of the record in the source, relative to the chunk's start. */
  start: u32;
  /** Bytes of the source that the record stands for. */
  length: u32;
  /** The weight in the lower 24 bits; the kind, with the level of an object, in the highest byte. */
  weight: u32;
  /** The record's own time, milliseconds since 1970. NaN: use the time of reading. */
  time: f64;
}

export const ENTRY_BYTES: usize = 24;
export const MOST_WEIGHT: u32 = 0xffffff;

export type Kind = u32;
export const OBJECT: Kind = 1;

// @ts-ignore: decorator
@inline
export function kindOf(entry: Entry): Kind {
  return (entry.weight >> 24) & 15;
}

// @ts-ignore: decorator
@inline
export function weightOf(entry: Entry): u32 {
  return entry.weight & MOST_WEIGHT;
}

/** The level of the record [s, stop), or -1. The level of an object was found when the object was read. */
// @ts-ignore: decorator
@inline
export function levelOfEntry(entry: Entry, s: usize, stop: usize): i32 {
  return kindOf(entry) == OBJECT ? i32(entry.weight >> 28) - 1 : levelOf(s, stop);
}
