// The structs by which the kernel is called. kernel/layout.ts has the same fields in the same order: change both.
// usize is 32 bits here.

@unmanaged
export class ScanJob {
  src: usize;
  length: usize;
  // Results.
  records: usize;
  end: usize;
  longest: usize;
}

/** For `encode` and `encodeTable`. The constant bytes of a document stand one after another from `template` on. */
@unmanaged
export class EncodeJob {
  /** Where in the source `src` (`encode`) or the chunk (`encodeTable`) begins: a whole number. */
  base: f64;
  src: usize;
  /** encode: bytes of `src`. encodeTable: records in the table. */
  length: usize;
  dst: usize;
  capacity: usize;
  maxDocs: usize;
  /** One byte per record, of the record that comes first; 0 = every record is open. */
  verdicts: usize;
  /** Only encodeTable. */
  table: usize;
  /** Only encodeTable: the record to begin with. */
  first: usize;
  template: usize;
  head: usize;
  middle: usize;
  time: usize;
  lead: usize;
  path: usize;
  /** Stands there in a document whose record has no level that we recognise. */
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
  /** Where in the source `src` begins: a whole number. */
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
  // Results, all places relative to `src`.
  verdict: i32;
  start: usize;
  end: usize;
  level: i32;
  /** Where the value of the time is, its quotes included; 0: there is none. */
  field: usize;
  fieldEnd: usize;
  /** How many are listed at page.ts MEMBERS. */
  members: usize;
}
