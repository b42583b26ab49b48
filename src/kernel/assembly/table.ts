// The record table of a chunk: see TABLE in core/chunk.ts, which this mirrors.
@unmanaged
export class Entry {
  /** End of the record's bytes in the region. */
  end: u32;
  /** Start of the record in the source, relative to the chunk's start. */
  start: u32;
  /** Bytes of the source that the record stands for. */
  length: u32;
  weight: u32;
  /** NaN: the time of reading. */
  time: f64;
}

export const ENTRY_BYTES: usize = 24;
