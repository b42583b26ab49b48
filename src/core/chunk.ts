// The unit of the pipeline: a run of whole records of one source as one owned region of bytes, with the span it covers
// in that source. No record becomes an object on the way through.
//
// The region holds the records' bytes. Without a `table` they are exactly the source's bytes [start, end): lines ended by
// \n (or \r\n), the empty ones among them skipped; a skipped line's bytes belong to the record before it, or to the
// first record where there is none. With a `table`, record i is region[end(i-1), end(i)) and the table says the rest.
import type { Region } from "./arena.ts";
import type { Count, Fate } from "./fate.ts";
import type { Mark, SourceId } from "./source.ts";

/** What all records of a chunk have in common, fixed when they were read: a later reload changes no document. */
export interface Envelope {
  /** Assigned by the buffer; durable before a row refers to it. */
  readonly id: number;
  readonly input: string;
  readonly path: string;
  readonly host: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Index pattern, still with its {placeholders}. */
  readonly index: string;
  readonly policy: string;
}

/** One entry of a record table: little-endian, TABLE_ENTRY bytes. */
export const TABLE_ENTRY = 24;
export const TABLE = {
  /** u32: end of the record's bytes in the region. */
  end: 0,
  /** u32: start of the record in the source, relative to the chunk's start. */
  start: 4,
  /** u32: bytes of the source that the record stands for. */
  length: 8,
  /** u24: how many records it stands for after sampling; 1 = itself. */
  weight: 12,
  /** u8: in its lower half one of KIND, in its upper half the level of a JSON object: index into LEVELS + 1, 0 = none. */
  kind: 15,
  /** f64: the record's own time, milliseconds since 1970; NaN = the time of reading. */
  time: 16,
} as const;

/** What the bytes of a record are. Appended to, never renumbered: rows have them. */
export const KIND = {
  /** A message. */
  text: 0,
  /** A JSON object that holds nothing that a document has itself. */
  object: 1,
  /** Messages that should have been JSON objects, and are: */
  other: 2,
  invalid: 3,
  cut: 4,
  deep: 5,
  large: 6,
} as const;

/** What an input hands over. Ownership of the regions goes with it. */
export interface Draft {
  readonly source: SourceId;
  readonly envelope: Envelope;
  /** Bytes of the source, end exclusive; at most 1 GiB. */
  readonly start: number;
  readonly end: number;
  /** Records in the region. 0 is allowed: a span of which nothing is kept. */
  readonly records: number;
  /** Length = the records' bytes. Undefined only with `records` 0. */
  readonly region: Region | undefined;
  readonly table: Region | undefined;
  /** What was counted out before: sampled, filtered, oversize ... `records` and these add up to what was read. */
  readonly counted: ReadonlyMap<Fate, Count>;
  /** cut: time has ended its last record. Read again it may be longer, so it must be durable before it is sent. */
  readonly ended?: "cut" | undefined;
  /** Wall clock. */
  readonly readAtMs: number;
  /** Of the bytes before `end`. */
  readonly mark: Mark;
}
