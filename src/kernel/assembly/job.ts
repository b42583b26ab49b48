// Structs that hold the arguments and results of the kernel's functions. kernel/layout.ts has the same fields in the same order:
// change both. usize is 32 bits here.

@unmanaged
export class ScanJob {
  src: usize;
  length: usize;
  // Results.
  records: usize;
  end: usize;
  longest: usize;
}

/** For `encode` and `encodeTable`. The constant bytes of a document follow one another, beginning at `template`. */
@unmanaged
export class EncodeJob {
  /** Offset in the source of `src` (`encode`) or of the chunk's start (`encodeTable`): a whole number. */
  base: f64;
  src: usize;
  /** encode: bytes of `src`. encodeTable: records in the table. */
  length: usize;
  dst: usize;
  capacity: usize;
  maxDocs: usize;
  /** One byte per record, beginning with the first record of this call; 0 as the address = every record is open. */
  verdicts: usize;
  /** Only encodeTable. */
  table: usize;
  /** Only encodeTable: index of the first record to encode. */
  first: usize;
  template: usize;
  head: usize;
  middle: usize;
  time: usize;
  lead: usize;
  path: usize;
  /** Used in documents whose record has no recognised level. */
  level: usize;
  close: usize;
  tail: usize;
  // Results.
  docs: usize;
  bytes: usize;
  consumed: usize;
  records: usize;
}

@unmanaged
export class ThinJob {
  /** Offset in the source of `src`: a whole number. */
  base: f64;
  src: usize;
  /** thin: bytes of `src`. thinTable: records in the table. */
  length: usize;
  /** thin: has room for every record of `src`. */
  table: usize;
  seedHigh: u32;
  seedLow: u32;
  threshold: u32;
  always: i32;
  weight: u32;
  // Results.
  records: usize;
  bytes: usize;
  sampledRecords: usize;
  sampledBytes: usize;
}

@unmanaged
export class LevelJob {
  src: usize;
  length: usize;
  // Result.
  level: i32;
}

@unmanaged
export class ObjectJob {
  src: usize;
  length: usize;
  // Results. All positions are relative to `src`.
  verdict: i32;
  start: usize;
  end: usize;
  level: i32;
  /** Start of the timestamp's value, quotes included; 0 = the record has none. */
  field: usize;
  fieldEnd: usize;
  /** Number of members listed at MEMBERS of page.ts. */
  members: usize;
}
