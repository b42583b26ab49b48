// The unit of the pipeline: a run of whole records of one source, stored as one owned region of bytes, with its span in that
// source. No object is made per record.
//
// The region holds the records' bytes. Without a `table` these are exactly the source's bytes [start, end): lines ended by \n (or
// \r\n). Empty lines are no records; their bytes belong to the record before them, or to the first record if there is none
// before. With a `table`, record i is region[end(i-1), end(i)), and the table has its other properties.
import type { Region } from "./arena.ts";
import type { Count, Fate } from "./fate.ts";
import type { Mark, SourceId } from "./source.ts";

/**
 * What all records of a chunk have in common. It is fixed when they are read: a later reload of the config changes no document.
 */
export interface Envelope {
  /** Assigned by the buffer; durable before a row refers to it. */
  readonly id: number;
  readonly input: string;
  readonly path: string;
  readonly host: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Index pattern, placeholders not yet filled in. */
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
  /** u24: how many records this one stands for after sampling; 1 = only itself. */
  weight: 12,
  /** u8: low 4 bits: one of KIND. High 4 bits: the level of a JSON object as its index in LEVELS + 1, 0 = none. */
  kind: 15,
  /** f64: the record's own time, milliseconds since 1970; NaN = use the time of reading. */
  time: 16,
} as const;

/** What the bytes of a record are. Append only, never renumber: stored rows contain these numbers. */
export const KIND = {
  /** A message. */
  text: 0,
  /** A JSON object without any member that the document itself has. */
  object: 1,
  /** Lines that should have been JSON objects and become messages instead, by reason: */
  other: 2,
  invalid: 3,
  cut: 4,
  deep: 5,
  large: 6,
} as const;

/** A chunk as the input hands it over, together with the ownership of its regions. */
export interface Draft {
  readonly source: SourceId;
  readonly envelope: Envelope;
  /** Bytes of the source, end exclusive; at most 1 GiB. */
  readonly start: number;
  readonly end: number;
  /** Records in the region. May be 0: a span of which no record is kept. */
  readonly records: number;
  /** Its length is that of the records' bytes. Undefined only with 0 `records`. */
  readonly region: Region | undefined;
  readonly table: Region | undefined;
  /** Per record, the values for its document's action line (index, id, routing, pipeline), in the input's own format. */
  readonly actions?: Region | undefined;
  /** Records already shed: sampled, filtered, oversize ... Together with `records` they add up to what was read. */
  readonly counted: ReadonlyMap<Fate, Count>;
  /** cut: a timeout ended the last record. A re-read may find it longer, so it must be durable before it is sent. */
  readonly ended?: "cut" | undefined;
  /** Wall clock. */
  readonly readAtMs: number;
  /** Tail checksum of the bytes before `end`. */
  readonly mark: Mark;
}
