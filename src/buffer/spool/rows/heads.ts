// A head says which queue, source and envelope a chunk belongs to and where its bytes are. Heads cross the thread boundary as a
// table of numbers: thousands go in one message, and an object for each would cost more than the database does.
import { TABLE_ENTRY } from "../../../core/chunk.ts";

/** Columns of a head. */
export const HEAD = {
  queue: 0,
  seq: 1,
  /** `sources.num` and `envelopes.id`. */
  source: 2,
  envelope: 3,
  /** Span in the source, end exclusive. */
  start: 4,
  end: 5,
  records: 6,
  /** Bytes of the source that the records stand for. */
  bytes: 7,
  /** Wall clock. */
  readAtMs: 8,
  /** The age clock (age-clock.ts) when the chunk was read. */
  agedMs: 9,
  /** 1: an earlier attempt may have stored some of its records. */
  possiblyStored: 10,
  /** Bytes of the records, of the record table and of the action metadata. */
  length: 11,
  tableLength: 12,
  actionsLength: 13,
  /** On disk: the block and the offset in it. */
  block: 14,
  at: 15,
  /** In memory: addresses in the arena. */
  data: 16,
  table: 17,
  actions: 18,
} as const;
export const HEAD_WIDTH = 19;

/** One head as an array of HEAD_WIDTH numbers. */
export type Head = Float64Array;

export function headCount(heads: Float64Array): number {
  return heads.length / HEAD_WIDTH;
}

/** A view of one head of a table. */
export function headAt(heads: Float64Array, index: number): Head {
  return heads.subarray(index * HEAD_WIDTH, (index + 1) * HEAD_WIDTH);
}

/** Bytes of a chunk in its block: records, record table, action metadata. */
export function bodyBytes(head: Head): number {
  return (head[HEAD.length] as number) + (head[HEAD.tableLength] as number) + (head[HEAD.actionsLength] as number);
}

/** Columns that are never negative. A block's number may be: it has the number of a row of 0.1.0. */
const COUNTED: readonly number[] = [
  ...[HEAD.queue, HEAD.seq, HEAD.source, HEAD.envelope, HEAD.start, HEAD.end, HEAD.bytes],
  ...[HEAD.length, HEAD.tableLength, HEAD.actionsLength, HEAD.at],
];

/**
 * Whether an agent can have written this row: no negative or broken number, a record, and a span that is not reversed. Without a
 * record table, the row holds exactly the bytes of its span, and at most a record per byte; with one, the table has an entry per
 * record. SQLite does not notice a flipped bit within a value.
 */
export function isSound(head: ArrayLike<number>): boolean {
  const column = (c: number): number => head[c] as number;
  if (!COUNTED.every((c) => Number.isSafeInteger(column(c)) && column(c) >= 0)) return false;
  const [records, table, length] = [HEAD.records, HEAD.tableLength, HEAD.length].map(column) as [
    number,
    number,
    number,
  ];
  if (!Number.isSafeInteger(records) || records <= 0 || column(HEAD.start) > column(HEAD.end)) return false;
  if (table > 0) return table === records * TABLE_ENTRY;
  const span = column(HEAD.end) - column(HEAD.start);
  return records <= length && length === span && column(HEAD.bytes) === span;
}
