// Builds the records of a chunk whose bytes differ from the source's: their bytes one after another, and their table. It has its
// own buffers, reused for every chunk, because the source's bytes must not change before their checksum is computed.
//
// Invariants: the records' lengths and the counted bytes add up to the span. Bytes of empty lines count for the last record.
// `undo` takes back everything written since `keep`.
import { KIND, TABLE, TABLE_ENTRY } from "../../../core/chunk.ts";
import type { Count, Fate } from "../../../core/fate.ts";
import type { RecordIndex, RecordValues } from "../../../core/output.ts";
import type { Rewritten } from "./framing.ts";
import { unescape } from "./json/string.ts";
import type { Finish, Line, RecordState } from "./line-format.ts";
import { characterBoundary } from "./oversize.ts";
import type { Rules } from "./rules.ts";
import type { Decode, Piece, TextCode } from "./text-code.ts";
import { copyState, countedOut, NOTHING, type State } from "./writer-state.ts";

/** Most records in one chunk. The table's memory is allocated for this many. */
export const MOST_RECORDS = 8192;
export const TABLE_BYTES = MOST_RECORDS * TABLE_ENTRY;

/** A byte of invalid UTF-8 becomes three bytes, and moved members make a short record at most three times as long. */
export const FINISHED_GROWTH = 3;

const RETURN = 13;

const NO_VALUES: RecordValues = [];

export interface WriterOptions {
  readonly maxRecord: number;
  readonly oversize: "truncate" | "skip";
  /** Undefined: the index does not depend on the record. */
  readonly recordIndex?: RecordIndex | undefined;
}

export class RecordWriter {
  /** same: all records are unchanged and in the source's order. */
  content: "same" | "changed" = "same";
  private bytes = Buffer.alloc(0);
  /** Twice the size: a group may add as many records to those kept before it is taken back. */
  private readonly table = Buffer.alloc(2 * TABLE_BYTES);
  private readonly now: State = { ...NOTHING };
  private readonly kept: State = { ...NOTHING };
  private at = 0;
  private readonly maxRecord: number;
  private readonly oversize: "truncate" | "skip";
  private readonly recordIndex: RecordIndex | undefined;
  private readAtMs = 0;
  private decode: Decode | undefined;
  private readonly rules: Rules;
  private readonly finisher: Finish | undefined;
  /** State of the record appended last. */
  private state: RecordState = "read";
  private isCut = false;

  constructor(options: WriterOptions, rules: Rules, finisher?: Finish) {
    this.maxRecord = options.maxRecord;
    this.oversize = options.oversize;
    this.recordIndex = options.recordIndex;
    this.rules = rules;
    this.finisher = finisher;
  }

  get records(): number {
    return this.now.records;
  }

  get end(): number {
    return this.now.end;
  }

  /** Whether some records differ in kind: cut or not, or their index. A chunk has one kind, since its envelope says which. */
  get mixed(): boolean {
    const { cut, records, indices } = this.now;
    return (cut > 0 && cut < records) || indices === "several";
  }

  /** Whether any record has been kept. */
  get keeps(): boolean {
    return this.kept.records > 0;
  }

  /** Whether every kept record was cut. */
  get truncated(): boolean {
    return this.kept.cut > 0 && this.kept.cut === this.kept.records;
  }

  /** Index of the kept records. */
  get index(): string | undefined {
    return this.kept.index;
  }

  /** Begins a chunk of at most `capacity` bytes. @param readAtMs the time of records that have none of their own */
  begin(capacity: number, code: TextCode, readAtMs: number): void {
    this.readAtMs = readAtMs;
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

  /** Appends the text of a record or of its beginning. Drops a \r at the end of a whole text. */
  append(source: Buffer, from: number, to: number, text: Line["text"], piece: Piece): void {
    const { bytes, decode } = this;
    const start = this.at;
    if (text === "json") this.at = unescape(source, from, to, bytes, start);
    else this.at += source.copy(bytes, start, from, to);
    const decoded = decode === undefined ? -1 : decode(bytes, start, this.at - start, piece);
    this.isCut = piece === "cut";
    this.state = piece === "cut" ? "cut" : decoded >= 0 ? "changed" : "read";
    if (decoded >= 0) {
      this.content = "changed";
      this.at = start + decoded;
    }
    if (piece === "whole" && this.at > start && bytes[this.at - 1] === RETURN) this.at--;
  }

  /** Appends the text of a record that is UTF-8 already. */
  copy(source: Buffer, length: number): void {
    this.isCut = false;
    this.at += source.copy(this.bytes, this.at, 0, length);
  }

  /** Ends the appended record: it begins at `start` in the chunk and stands for `length` bytes of the source. */
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
      // Decoded text may have more bytes than the source.
      cut = Math.min(stop - end, length - 1);
      stop = end;
    }
    const judged = rules.judge(bytes, from, stop);
    if (judged < 0) return this.filter(length);
    now.oversizeBytes += cut;
    this.isCut ||= cut > 0;
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
    table.writeUInt32LE(1, at + TABLE.weight); // TABLE.kind is the highest byte of this word
    table[at + TABLE.kind] = kind;
    table.writeDoubleLE(time, at + TABLE.time);
    if (!Number.isNaN(time)) this.content = "changed";
    now.records++;
    if (this.isCut) now.cut++;
    if (this.recordIndex) this.direct(this.recordIndex, Number.isNaN(time) ? this.readAtMs : time);
    now.end = this.at = end;
  }

  private direct(recordIndex: RecordIndex, time: number): void {
    const { now, finisher } = this;
    const index = recordIndex.of(time, finisher?.values ?? NO_VALUES, this.readAtMs);
    now.index ??= index;
    if (index !== now.index) now.indices = "several";
  }

  /** The kept records; undefined if there are none. */
  rewritten(): Rewritten | undefined {
    const { records, end, idle } = this.kept;
    if (records === 0) return undefined;
    const length = (records - 1) * TABLE_ENTRY + TABLE.length;
    this.table.writeUInt32LE(this.table.readUInt32LE(length) + idle, length);
    return { bytes: this.bytes.subarray(0, end), table: this.table.subarray(0, records * TABLE_ENTRY) };
  }

  /** The counts of lines left out, as of the last `keep`. */
  counted(): ReadonlyMap<Fate, Count> {
    return countedOut(this.kept);
  }
}
