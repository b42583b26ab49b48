// Makes rows of the gaps that lost heads left, from the log files. They get sequence numbers between those of their neighbours, so
// that records are sent in order, and the offsets that they had, so that documents keep their ids.
import { BLOCK_BYTES } from "../spool/rows/blocks.ts";
import { HEAD, HEAD_WIDTH, type Head } from "../spool/rows/heads.ts";
import { countRecords } from "../spool/rows/lines.ts";
import { readRange } from "../spool/rows/reread.ts";
import type { Fresh, LostRange } from "./fresh.ts";
import type { Gap } from "./gaps.ts";

/** A part of a gap that becomes a row. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly records: number;
}

export interface FilledRow {
  readonly head: Head;
  readonly bytes: Uint8Array;
}

const LF = 10;

export class Filling {
  private readonly fresh: Fresh;
  /** Records of the gaps that are in no row yet. */
  private records: number;
  /** In order of the sequence number after them: then each of them finds a free number before that. */
  private readonly gaps: readonly Gap[];
  private readonly unread: Pick<Gap, "source" | "start" | "end">[] = [];

  /** @param records of all gaps */
  constructor(fresh: Fresh, gaps: readonly Gap[], records: number) {
    this.fresh = fresh;
    this.records = records;
    this.gaps = gaps.toSorted((a, b) => seqOf(a.after, Infinity) - seqOf(b.after, Infinity));
  }

  /** The rows that could be read. Each must be added before the next is asked for. */
  *rows(): Generator<FilledRow> {
    const pieces = this.gaps.map((gap) => cut(gap));
    const read = pieces.flatMap((some) => some ?? []).reduce((sum, piece) => sum + piece.records, 0);
    // With as many lines as records, each record was a line. If a file is gone, that cannot be told; then at least not more.
    const all = !pieces.includes(undefined);
    const areLines = all ? read === this.records : read < this.records;
    for (const [i, gap] of this.gaps.entries()) {
      const own = areLines ? pieces[i] : undefined;
      if (own) for (const piece of own) yield* this.row(gap, piece);
      else this.unread.push(gap);
    }
  }

  private *row({ source, before, after }: Gap, { start, end, records }: Piece): Generator<FilledRow> {
    const near = before ?? after;
    const home = near ? { queue: near[HEAD.queue] as number, envelope: near[HEAD.envelope] as number } : undefined;
    const { queue, envelope } = home ?? this.fresh.homeOf(source) ?? {};
    const { nextSeq, agedMs } = this.fresh.meta;
    const seq = queue && this.fresh.freeSeq(queue, seqOf(before, 0), seqOf(after, nextSeq));
    const bytes = readRange(source, start, end - start);
    if (!queue || !envelope || !seq || !bytes || records === 0 || countRecords(bytes) !== records) {
      this.unread.push({ source, start, end });
      return;
    }
    const head = new Float64Array(HEAD_WIDTH);
    head.set([queue, seq, source.num, envelope, start, end, records, bytes.length]);
    head[HEAD.readAtMs] = near?.[HEAD.readAtMs] ?? this.fresh.atMs;
    head[HEAD.agedMs] = near?.[HEAD.agedMs] ?? agedMs;
    head[HEAD.possiblyStored] = 1;
    head[HEAD.length] = bytes.length;
    this.records -= records;
    yield { head, bytes };
  }

  /** What could not be read, with the records that are left, in proportion to the bytes. */
  *lost(): Generator<LostRange> {
    let bytes = this.unread.reduce((sum, { start, end }) => sum + end - start, 0);
    for (const { source, start, end } of this.unread) {
      const records = Math.round((this.records * (end - start)) / bytes);
      this.records -= records;
      bytes -= end - start;
      const { input, id, path } = source;
      const range = { start, end, records, bytes: end - start };
      yield { input, source: id, path, ...range, uncertain: true, merged: false };
    }
  }
}

function seqOf(head: Head | undefined, none: number): number {
  return head?.[HEAD.seq] ?? none;
}

/** Cuts a gap at line ends, so that each piece fits a block. Undefined: the file does not have it any more, or not as lines. */
function cut({ source, start, end, before, after }: Gap): readonly Piece[] | undefined {
  if ([before, after].some((head) => head && !isPlain(head))) return undefined;
  const pieces: Piece[] = [];
  for (let at = start; at < end;) {
    const length = Math.min(BLOCK_BYTES, end - at);
    const bytes = readRange(source, at, length);
    const whole = bytes && (at + length === end ? length : bytes.lastIndexOf(LF) + 1);
    if (!bytes || !whole) return undefined;
    pieces.push({ start: at, end: at + whole, records: countRecords(bytes.subarray(0, whole)) });
    at += whole;
  }
  return pieces;
}

/** Whether the row holds exactly the bytes of its span. If its neighbours do, so did a lost row with as many records as lines. */
function isPlain(head: Head): boolean {
  const [start, end, length, table, actions] = [
    HEAD.start,
    HEAD.end,
    HEAD.length,
    HEAD.tableLength,
    HEAD.actionsLength,
  ].map((column) => head[column]) as [number, number, number, number, number];
  return length === end - start && table === 0 && actions === 0;
}
