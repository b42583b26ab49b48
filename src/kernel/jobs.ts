// What the kernel is asked for and what it answers.
import type { Region } from "../core/arena.ts";
import type { Template } from "./template.ts";

export interface Scan {
  /** Lines ended by \n that are neither empty nor only \r. */
  readonly records: number;
  /** Bytes up to and including the last \n; 0 where there is none. */
  readonly end: number;
  /** Bytes of the longest of the lines, terminator (\n or \r\n) excluded. */
  readonly longest: number;
}

/** Where documents go, and which records become one. */
interface Target {
  readonly dst: Region;
  readonly dstFrom: number;
  /** At most this many bytes are written; up to 31 behind them, in the region's slack, may be overwritten. */
  readonly capacity: number;
  readonly template: Template;
  readonly maxDocs: number;
  /** A byte per record; a record with anything but 0 is passed over. */
  readonly verdicts?: Region | undefined;
  /** Index in `verdicts` of the record that comes first. */
  readonly first: number;
}

export interface EncodeJob extends Target {
  readonly src: Region;
  /** Begins at the start of a line. */
  readonly from: number;
  /** Bytes: whole lines; the last one may lack its \n. */
  readonly length: number;
  /** Offset in the source of src[from]. */
  readonly base: number;
}

export interface EncodeTableJob extends Target {
  readonly src: Region;
  readonly table: Region;
  /** Records in the table. */
  readonly records: number;
  /** The record to begin with. */
  readonly record: number;
  /** Offset in the source of the chunk's start. */
  readonly base: number;
}

export interface Encoded {
  /** Documents written. */
  readonly docs: number;
  readonly bytes: number;
  /** Bytes of the region passed: to the start of a record, or all. 0 with docs 0: the first document does not fit. */
  readonly consumed: number;
  /** Records passed, those with a verdict included. */
  readonly records: number;
}

export interface ThinJob {
  /** A chunk's bytes, all of them; changed in place. */
  readonly src: Region;
  /** As `scan` counts them, and one for a last line without \n. */
  readonly records: number;
  /** Offset in the source of the chunk's start. */
  readonly base: number;
  /** Of `records` entries: thin writes it, thinTable changes it. */
  readonly table: Region;
  /** policy/sample.ts says what these three mean. */
  readonly seedHigh: number;
  readonly seedLow: number;
  readonly threshold: number;
  /** Records of at least this level (index into LEVELS) are kept with weight 1; LEVELS.length: none is. */
  readonly always: number;
  /** How many records one that the hash keeps stands for. */
  readonly weight: number;
}

export interface Thinned {
  /** Records kept, and the bytes of them that are left in the region. */
  readonly records: number;
  readonly bytes: number;
  /** What is gone: records and the bytes of the source that they stood for. The rest of the chunk's bytes is kept. */
  readonly sampledRecords: number;
  readonly sampledBytes: number;
}
