// How bytes of a source become records: a strategy chosen once per input. A strategy looks at bytes that begin at the start
// of a record, says how many of them it dealt with, and leaves the records' bytes at the front of the region.
import type { Region } from "../../core/arena.ts";
import type { Count, Fate } from "../../core/fate.ts";

export interface ReadBytes {
  readonly region: Region;
  /** Exactly the bytes that were read. */
  readonly bytes: Buffer;
  /** end: nothing comes after them; what lacks its line end is a record. more: more may come. */
  readonly after: "more" | "end";
}

/**
 * partial: the beginning of a record, in which no line ends. start: the start of a record. oversized: the middle of a line
 * that is to be passed over.
 */
export type Rest = "partial" | "start" | "oversized";

export interface Framed {
  /** Bytes of the source dealt with; 0 = no whole record yet. */
  readonly end: number;
  readonly records: number;
  /** Bytes at the front of the region that are the records. */
  readonly kept: number;
  readonly table: Region | undefined;
  readonly counted: ReadonlyMap<Fate, Count>;
  /** What stands behind `end`. */
  readonly rest: Rest;
}

/** Both leave the bytes as they are: the mark and the head are taken from them afterwards. */
export interface Framing {
  frame(read: ReadBytes): Framed;
  /** Bytes that come while a line's rest is passed over. */
  pass(read: ReadBytes): Framed;
}

export const NOTHING_COUNTED: ReadonlyMap<Fate, Count> = new Map();

export const WAIT: Framed = {
  end: 0,
  records: 0,
  kept: 0,
  table: undefined,
  counted: NOTHING_COUNTED,
  rest: "partial",
};

/** A span of which nothing is kept. */
export function counted(fate: Fate, records: number, bytes: number, rest: Rest): Framed {
  return { end: bytes, records: 0, kept: 0, table: undefined, counted: new Map([[fate, { records, bytes }]]), rest };
}

/** The first `end` bytes, as they are. */
export function kept(records: number, end: number, rest: Rest): Framed {
  return { end, records, kept: end, table: undefined, counted: NOTHING_COUNTED, rest };
}
