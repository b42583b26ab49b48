// Builds the records of a chunk whose bytes are not the source's: their bytes one after another, and their table. It has
// buffers of its own, used again for every chunk, since the source's bytes must stay as they are until they are marked.
//
// What must hold: the lengths of the records and the counted bytes add up to the span. Lines that hold nothing belong to
// the last record. What was written since `keep` can be taken back by `undo`.
import { KIND, TABLE, TABLE_ENTRY } from "../../../core/chunk.ts";
import { type Count, DROPPED_FILTERED, DROPPED_OVERSIZE, type Fate } from "../../../core/fate.ts";
import type { Rewritten } from "./framing.ts";
import { unescape } from "./json-string.ts";
import type { Finish, Line, RecordState } from "./line-format.ts";
import { characterBoundary } from "./oversize.ts";
import type { Rules } from "./rules.ts";
import type { Decode, Piece, TextCode } from "./text-code.ts";

/** Records of one chunk at most; memory is set aside for so many. */
export const MOST_RECORDS = 8192;
export const TABLE_BYTES = MOST_RECORDS * TABLE_ENTRY;

/** A byte that is no UTF-8 becomes three, and members that move make a short record at most three times as long. */
export const FINISHED_GROWTH = 3;

const RETURN = 13;

export interface WriterOptions {
  readonly maxRecord: number;
  readonly oversize: "truncate" | "skip";
}

interface State {
  records: number;
  /** End of the last record. */
  end: number;
  /** Bytes of lines that hold nothing. */
  idle: number;
  filtered: number;
  filteredBytes: number;
  skipped: number;
  oversizeBytes: number;
}

const NOTHING: State = {
  records: 0,
  end: 0,
  idle: 0,
  filtered: 0,
  filteredBytes: 0,
  skipped: 0,
  oversizeBytes: 0,
};

export class RecordWriter {
  /** same: all records are as they stand in the source, in their order. */
  content: "same" | "changed" = "same";
  private bytes = Buffer.alloc(0);
  /** A group that comes on top of what is kept may fill it once more before it is taken back. */
  private readonly table = Buffer.alloc(2 * TABLE_BYTES);
  private readonly now: State = { ...NOTHING };
  private readonly kept: State = { ...NOTHING };
  private at = 0;
  private readonly maxRecord: number;
  private readonly oversize: "truncate" | "skip";
  private decode: Decode | undefined;
  private readonly rules: Rules;
  private readonly finisher: Finish | undefined;
  /** Of what was appended last. */
  private state: RecordState = "read";

  constructor(options: WriterOptions, rules: Rules, finisher?: Finish) {
    this.maxRecord = options.maxRecord;
    this.oversize = options.oversize;
    this.rules = rules;
    this.finisher = finisher;
  }

  get records(): number {
    return this.now.records;
  }

  get end(): number {
    return this.now.end;
  }

  /** Begins a chunk of at most `capacity` bytes. */
  begin(capacity: number, code: TextCode): void {
    this.decode = code.decode;
    if (this.bytes.length < capacity) this.bytes = Buffer.allocUnsafe(capacity);
    Object.assign(this.kept, NOTHING);
    this.content = "same";
    this.undo();
  }

  keep(): void {
    copyState(this.now, this.kept);
  }

  undo(): void {
    copyState(this.kept, this.now);
    this.at = this.now.end;
  }

  /** The text of a record, of which a \r at its end is no part, or the beginning of one. */
  append(source: Buffer, from: number, to: number, text: Line["text"], piece: Piece): void {
    const { bytes, decode } = this;
    const start = this.at;
    if (text === "json") this.at = unescape(source, from, to, bytes, start);
    else this.at += source.copy(bytes, start, from, to);
    const decoded = decode === undefined ? -1 : decode(bytes, start, this.at - start, piece);
    this.state = piece === "cut" ? "cut" : decoded >= 0 ? "changed" : "read";
    if (decoded >= 0) {
      this.content = "changed";
      this.at = start + decoded;
    }
    if (piece === "whole" && this.at > start && bytes[this.at - 1] === RETURN) this.at--;
  }

  /** The text of a record that is UTF-8 already. */
  copy(source: Buffer, length: number): void {
    this.at += source.copy(this.bytes, this.at, 0, length);
  }

  /** What was appended is a record that begins at `start` of the chunk and stands for `length` bytes of the source. */
  finish(start: number, length: number, time: number): void {
    const { now, bytes, rules } = this;
    const from = now.end;
    let stop = this.at;
    this.at = from;
    if (stop === from) {
      now.idle += length;
      return;
    }
    let cut = 0;
    if (stop - from > this.maxRecord) {
      if (this.oversize === "skip") return this.skip(length);
      const end = from + characterBoundary(bytes.subarray(from, stop), this.maxRecord);
      // Decoded bytes may be more than the source has.
      cut = Math.min(stop - end, length - 1);
      stop = end;
    }
    const judged = rules.judge(bytes, from, stop);
    if (judged < 0) return this.filter(length);
    now.oversizeBytes += cut;
    if (cut > 0) this.state = "cut";
    else if (this.state === "read" && (judged !== stop || rules.changed)) this.state = "changed";
    if (cut > 0 || judged !== stop || rules.changed) this.content = "changed";
    if (this.finisher) return this.finishBy(this.finisher, judged, start, length, cut);
    this.enter(judged, start, length - cut, Number.isNaN(rules.time) ? time : rules.time, KIND.text);
  }

  private finishBy(finisher: Finish, to: number, start: number, length: number, cut: number): void {
    const limit = Math.min(this.maxRecord, FINISHED_GROWTH * length);
    const end = finisher.finish(this.bytes, this.now.end, to, this.state, limit);
    this.enter(end, start, length - cut, finisher.time, finisher.kind);
  }

  private skip(length: number): void {
    this.content = "changed";
    this.now.skipped++;
    this.now.oversizeBytes += length;
  }

  private filter(length: number): void {
    this.content = "changed";
    this.now.filtered++;
    this.now.filteredBytes += length;
  }

  private enter(end: number, start: number, length: number, time: number, kind: number): void {
    const { now, table } = this;
    const at = now.records * TABLE_ENTRY;
    table.writeUInt32LE(end, at + TABLE.end);
    table.writeUInt32LE(start, at + TABLE.start);
    table.writeUInt32LE(length, at + TABLE.length);
    table.writeUInt32LE(1, at + TABLE.weight); // TABLE.kind is its highest byte
    table[at + TABLE.kind] = kind;
    table.writeDoubleLE(time, at + TABLE.time);
    if (!Number.isNaN(time)) this.content = "changed";
    now.records++;
    now.end = this.at = end;
  }

  /** What has been kept; undefined where it has no records. */
  rewritten(): Rewritten | undefined {
    const { records, end, idle } = this.kept;
    if (records === 0) return undefined;
    const length = (records - 1) * TABLE_ENTRY + TABLE.length;
    this.table.writeUInt32LE(this.table.readUInt32LE(length) + idle, length);
    return { bytes: this.bytes.subarray(0, end), table: this.table.subarray(0, records * TABLE_ENTRY) };
  }

  /** Of what has been kept. */
  counted(): ReadonlyMap<Fate, Count> {
    const { records, idle, filtered, filteredBytes, skipped, oversizeBytes } = this.kept;
    const counted = new Map<Fate, Count>();
    const nobodys = records === 0 ? idle : 0;
    if (filteredBytes + nobodys > 0)
      counted.set(DROPPED_FILTERED, { records: filtered, bytes: filteredBytes + nobodys });
    if (oversizeBytes > 0) counted.set(DROPPED_OVERSIZE, { records: skipped, bytes: oversizeBytes });
    return counted;
  }
}

function copyState(from: State, to: State): void {
  to.records = from.records;
  to.end = from.end;
  to.idle = from.idle;
  to.filtered = from.filtered;
  to.filteredBytes = from.filteredBytes;
  to.skipped = from.skipped;
  to.oversizeBytes = from.oversizeBytes;
}
