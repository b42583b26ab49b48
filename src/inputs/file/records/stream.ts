// What is open of a stream while its lines come in: a message whose last part the runtime has not written yet, and a
// record to which further messages may belong. Their bytes are collected here, since those of two streams come mixed.
import { unescape } from "./json-string.ts";
import type { Line } from "./line-format.ts";
import type { TextCode } from "./text-code.ts";

const NEWLINE = 10;
const RETURN = 13;
const LEAST_BYTES = 4096;
/** More is given back: records of this size are rare. */
const MOST_BYTES = 256 * 1024;

/** Lines of the source that become one thing. */
export interface Open {
  /** Relative to what was read; -1: nothing is open. */
  start: number;
  /** Behind its last line. */
  end: number;
  /** Bytes of its lines; those of the other stream stand between them. */
  length: number;
  /** How many lines of the source stand before it. */
  line: number;
  count: number;
  /** Of its first line and of its last one. */
  time: number;
  lastTime: number;
}

export class Stream {
  readonly message = nothing();
  readonly record = nothing();
  /** The record's, then, with room for a line end between them, the message's. */
  bytes = Buffer.alloc(0);
  /** Of the record: where its last message ends, and where the last one ends that is not empty. */
  private recordEnd = 0;
  private textEnd = 0;
  /** Where the message begins, and ends as far as it is known. */
  from = 0;
  to = 0;

  forget(): void {
    forget(this.message);
    forget(this.record);
    this.recordEnd = this.textEnd = this.from = this.to = 0;
    if (this.bytes.length > MOST_BYTES) this.bytes = Buffer.alloc(0);
  }

  /** Where what is open begins; Infinity: nothing is. */
  get start(): number {
    const { message, record } = this;
    if (record.start >= 0) return record.start;
    return message.start >= 0 ? message.start : Infinity;
  }

  /** Lines of the source before what is open. */
  get line(): number {
    return this.record.start >= 0 ? this.record.line : this.message.line;
  }

  /** One more line of the message, [at, next) of the source; each of its bytes can become `growth`. */
  add(source: Buffer, line: Line, at: number, next: number, count: number, growth: number): void {
    const { message } = this;
    if (message.start < 0) {
      begin(message, at, count, line.time);
      this.from = this.to = this.record.start < 0 ? 0 : this.recordEnd + 1;
    }
    extend(message, next, next - at, line.time);
    this.reserve(this.from + growth * (this.to - this.from + line.to - line.from));
    if (line.text === "json") this.to = unescape(source, line.from, line.to, this.bytes, this.to);
    else this.to += source.copy(this.bytes, this.to, line.from, line.to);
  }

  /** The message is whole, and its bytes are the text of a line from now on. */
  complete(code: TextCode): "same" | "decoded" {
    const { bytes, from } = this;
    const decoded = code.decode === undefined ? -1 : code.decode(bytes, from, this.to - from, "whole");
    if (decoded >= 0) this.to = from + decoded;
    if (this.to > from && bytes[this.to - 1] === RETURN) this.to--;
    return decoded >= 0 ? "decoded" : "same";
  }

  /** The message becomes the first or the next of the record. */
  join(): void {
    const { message, record, bytes } = this;
    if (record.start < 0) begin(record, message.start, message.line, message.time);
    else bytes[this.recordEnd] = NEWLINE;
    extend(record, message.end, message.length, message.lastTime);
    this.recordEnd = this.to;
    if (this.to > this.from) this.textEnd = this.to;
    forget(message);
  }

  /** Where the record's bytes end: at [0, end). Empty lines at its end are left out. */
  get text(): number {
    return this.textEnd;
  }

  /** The record is done with; a message that is there stays. */
  release(): void {
    forget(this.record);
    this.recordEnd = this.textEnd = 0;
    if (this.message.start < 0) this.from = this.to = 0;
    else {
      this.bytes.copyWithin(0, this.from, this.to);
      this.to -= this.from;
      this.from = 0;
    }
  }

  private reserve(bytes: number): void {
    if (this.bytes.length >= bytes) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(LEAST_BYTES, bytes, 2 * this.bytes.length));
    this.bytes.copy(larger, 0, 0, this.to);
    this.bytes = larger;
  }
}

function nothing(): Open {
  return { start: -1, end: 0, length: 0, line: 0, count: 0, time: NaN, lastTime: NaN };
}

function forget(open: Open): void {
  open.start = -1;
  open.length = 0;
  open.count = 0;
}

function begin(open: Open, start: number, line: number, time: number): void {
  open.start = start;
  open.line = line;
  open.time = time;
}

function extend(open: Open, end: number, length: number, time: number): void {
  open.end = end;
  open.length += length;
  open.count++;
  open.lastTime = time;
}
