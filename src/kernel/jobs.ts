// Arguments and results of the kernel's functions.
import type { Region } from "../core/arena.ts";
import type { Template } from "./template.ts";

export interface Scan {
  /** Number of lines ended by \n, without empty ones and those with only \r. */
  readonly records: number;
  /** Bytes up to and including the last \n; 0 when there is none. */
  readonly end: number;
  /** Bytes of the longest of these lines, terminator (\n or \r\n) excluded. */
  readonly longest: number;
}

/** Where to write the documents, and which records to encode. */
interface Target {
  readonly dst: Region;
  readonly dstFrom: number;
  /** The kernel writes at most this many bytes. It may overwrite up to 31 bytes after them, in the region's slack. */
  readonly capacity: number;
  readonly template: Template;
  readonly maxDocs: number;
  /** One byte per record. Records whose byte is not 0 are skipped. */
  readonly verdicts?: Region | undefined;
  /** Index in `verdicts` of the first record. */
  readonly first: number;
}

export interface EncodeJob extends Target {
  readonly src: Region;
  /** The start of a line. */
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
  /** Index of the first record to encode. */
  readonly record: number;
  /** Offset in the source of the chunk's start. */
  readonly base: number;
}

export interface Encoded {
  /** Documents written. */
  readonly docs: number;
  readonly bytes: number;
  /** Bytes of the region consumed: up to the start of a record, or all. 0 with docs 0: the first document does not fit. */
  readonly consumed: number;
  /** Records consumed, including those skipped because of `verdicts`. */
  readonly records: number;
}

export interface ThinJob {
  /** All bytes of a chunk; changed in place. */
  readonly src: Region;
  /** The records that `scan` counts, plus one for a last line without \n. */
  readonly records: number;
  /** Offset in the source of the chunk's start. */
  readonly base: number;
  /** Room for `records` entries. `thin` writes them, `thinTable` changes them. */
  readonly table: Region;
  /** These three are defined in policy/sample.ts. */
  readonly seedHigh: number;
  readonly seedLow: number;
  readonly threshold: number;
  /** Records of at least this level (index into LEVELS) are kept with weight 1; LEVELS.length: no record is. */
  readonly always: number;
  /** How many records each record kept by the hash stands for. */
  readonly weight: number;
}

export interface Thinned {
  /** Records kept, and their bytes in the region. */
  readonly records: number;
  readonly bytes: number;
  /** Records sampled out, and the bytes of the source that they stood for. The chunk's other bytes belong to the kept records. */
  readonly sampledRecords: number;
  readonly sampledBytes: number;
}
