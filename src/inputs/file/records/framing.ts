// How bytes of a source become records: a strategy chosen once per input. A strategy looks at bytes that begin at the start
// of a record, says how many of them it dealt with, and what the records' bytes are: those at the front, or others.
import type { Region } from "../../../core/arena.ts";
import type { Count, Fate } from "../../../core/fate.ts";
import type { TextCode } from "./text-code.ts";

/** Bytes of one turn; only a line that is longer asks for more. */
export const TURN_BYTES = 256 * 1024;

/**
 * more: more may come. quiet: it is not waited for to make records of several lines whole. still: nor to end a last line.
 * end: nothing comes.
 */
export type After = "more" | "quiet" | "still" | "end";

export interface ReadBytes {
  readonly region: Region;
  /** Exactly the bytes that were read. */
  readonly bytes: Buffer;
  /** Of the first of them in the file. */
  readonly offset: number;
  readonly code: TextCode;
  readonly after: After;
  /** Bytes that the records may be. */
  readonly room: number;
}

/**
 * partial: the beginning of a record, in which no line ends. start: the start of a record. oversized: the middle of a line
 * that is to be passed over.
 */
export type Rest = "partial" | "start" | "oversized";

/** Records and their table (core/chunk.ts). */
export interface Rewritten {
  readonly bytes: Uint8Array;
  readonly table: Uint8Array;
}

export interface Framed {
  /** Bytes of the source dealt with; 0 = no whole record yet. */
  readonly end: number;
  readonly records: number;
  /** Bytes that the records are. */
  readonly kept: number;
  /** In place of the first `kept` bytes that were read. Good until the next call. */
  readonly rewritten: Rewritten | undefined;
  readonly counted: ReadonlyMap<Fate, Count>;
  /** What stands behind `end`. */
  readonly rest: Rest;
  /** As of a draft (core/chunk.ts). */
  readonly ended?: "cut" | undefined;
}

/** Both leave the bytes as they are: the mark and the head are taken from them afterwards. */
export interface Framing {
  /** Bytes of the largest table that it makes. */
  readonly tableBytes: number;
  /** Bytes that the records are at most for each byte of the source. */
  readonly growth: number;
  /** Where the rest of a line is passed over, at least so many bytes of that line lie before. */
  readonly cutBehind: number;
  frame(read: ReadBytes): Framed;
  /** Bytes that come while a line's rest is passed over. */
  pass(read: ReadBytes): Framed;
}

export const NOTHING_COUNTED: ReadonlyMap<Fate, Count> = new Map();

export const WAIT: Framed = {
  end: 0,
  records: 0,
  kept: 0,
  rewritten: undefined,
  counted: NOTHING_COUNTED,
  rest: "partial",
};

/** A span of which nothing is kept. */
export function counted(fate: Fate, records: number, bytes: number, rest: Rest): Framed {
  return {
    end: bytes,
    records: 0,
    kept: 0,
    rewritten: undefined,
    counted: new Map([[fate, { records, bytes }]]),
    rest,
  };
}

/** The first `end` bytes, as they are. */
export function kept(records: number, end: number, rest: Rest): Framed {
  return { end, records, kept: end, rewritten: undefined, counted: NOTHING_COUNTED, rest };
}
