// Framing: turns bytes of a source into records. Each input uses one strategy. A strategy gets bytes that begin at the start of a
// record. It returns how many of them it consumed, and the records' bytes: either the first bytes of the read, or rewritten ones.
import type { Region } from "../../../core/arena.ts";
import type { Count, Fate } from "../../../core/fate.ts";
import type { Members } from "../../../kernel/members.ts";
import type { Names } from "../../../kernel/names.ts";
import type { TextCode } from "./text-code.ts";

/** The kernel's function that finds lines. */
export interface LineScanner {
  scan(region: Region, from: number, length: number): { records: number; end: number; longest: number };
}

/** The kernel's function that checks JSON objects. */
export interface ObjectChecker {
  readonly found: Members;
  object(bytes: Uint8Array, from: number, to: number, names: Names): void;
}

/** Bytes per read. Only a longer line asks for more. */
export const TURN_BYTES = 256 * 1024;

/**
 * What may come after these bytes. more: more data. quiet: nothing for so long that records of several lines are taken as whole.
 * still: nothing for so long that an unterminated last line is taken, too. end: nothing at all.
 */
export type After = "more" | "quiet" | "still" | "end";

export interface ReadBytes {
  readonly region: Region;
  /** Exactly the bytes read. */
  readonly bytes: Buffer;
  /** Offset of the first byte in the file. */
  readonly offset: number;
  readonly code: TextCode;
  readonly after: After;
  /** Most bytes that the records may have. */
  readonly room: number;
  /** Wall clock: the time of records without a time of their own. */
  readonly readAtMs: number;
}

/**
 * partial: the beginning of a record, without a line end. start: the start of a record. oversized: the middle of a line that is
 * to be passed over.
 */
export type Rest = "partial" | "start" | "oversized";

/** Records and their table (core/chunk.ts). */
export interface Rewritten {
  readonly bytes: Uint8Array;
  readonly table: Uint8Array;
}

export interface Framed {
  /** Bytes of the source consumed; 0 = no whole record yet. */
  readonly end: number;
  readonly records: number;
  /** Bytes of the records. */
  readonly kept: number;
  /** Used in place of the first `kept` bytes read. Valid until the next call. */
  readonly rewritten: Rewritten | undefined;
  readonly counted: ReadonlyMap<Fate, Count>;
  /** What follows after `end`. */
  readonly rest: Rest;
  /** As in Draft (core/chunk.ts). */
  readonly ended?: "cut" | undefined;
  /** Whether `max_record` cut every record in it. */
  readonly truncated?: boolean;
  /** The next record needs a chunk of another kind: the remaining bytes of the read can be framed at once. */
  readonly splits?: boolean;
  /** Index of the records, with the records' own values filled in; undefined: it does not depend on them. */
  readonly index?: string | undefined;
}

/** Both methods leave the bytes unchanged: tail checksum and fingerprint are computed from them afterwards. */
export interface Framing {
  /** Bytes of the largest table that it returns. */
  readonly tableBytes: number;
  /** Most bytes of records per byte of the source. */
  readonly growth: number;
  /** When the rest of a line is passed over, at least this many bytes of the line are before it. */
  readonly cutBehind: number;
  frame(read: ReadBytes): Framed;
  /** Handles bytes while the rest of an oversized line is passed over. */
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

/** A span of which no record is kept. */
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

/** The first `end` bytes, unchanged. */
export function kept(records: number, end: number, rest: Rest): Framed {
  return { end, records, kept: end, rewritten: undefined, counted: NOTHING_COUNTED, rest };
}
