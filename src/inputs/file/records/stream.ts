// The open records of one stream while its lines come in: a message whose last part the runtime has not written yet, and a record
// that may get more messages. Their bytes are collected here, because lines of two streams are interleaved.
import { unescape } from "./json/string.ts";
import type { Line } from "./line-format.ts";
import type { TextCode } from "./text-code.ts";

const NEWLINE = 10;
const RETURN = 13;
const LEAST_BYTES = 4096;
/** Larger buffers are freed: records of this size are rare. */
const MOST_BYTES = 256 * 1024;

/** Several lines of the source that are joined. */
export interface Open {
  /** Relative to the read; -1: nothing is open. */
  start: number;
  /** End of its last line. */
  end: number;
  /** Bytes of its lines only; lines of the other stream may be between them. */
  length: number;
  /** Number of the source's lines before it. */
  line: number;
  count: number;
  /** Times of its first and of its last line. */
  time: number;
  lastTime: number;
}

export class Stream {
  readonly message = nothing();
  readonly record = nothing();
  /** The record's bytes, then room for a line end, then the message's bytes. */
  bytes = Buffer.alloc(0);
  /** In the record: end of the last message, and end of the last one that is not empty. */
  private recordEnd = 0;
  private textEnd = 0;
  /** Start and present end of the message. */
  from = 0;
  to = 0;

  forget(): void {
    forget(this.message);
    forget(this.record);
    this.recordEnd = this.textEnd = this.from = this.to = 0;
    if (this.bytes.length > MOST_BYTES) this.bytes = Buffer.alloc(0);
  }

  /** Start of whatever is open; Infinity: nothing is. */
  get start(): number {
    const { message, record } = this;
    if (record.start >= 0) return record.start;
    return message.start >= 0 ? message.start : Infinity;
  }

  /** Number of the source's lines before it. */
  get line(): number {
    return this.record.start >= 0 ? this.record.line : this.message.line;
  }

  /** Adds a line to the message: [at, next) of the source. Each of its bytes can become `growth` bytes. */
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

  /** The message is whole: decodes its bytes and drops a \r at the end. */
  complete(code: TextCode): "same" | "decoded" {
    const { bytes, from } = this;
    const decoded = code.decode === undefined ? -1 : code.decode(bytes, from, this.to - from, "whole");
    if (decoded >= 0) this.to = from + decoded;
    if (this.to > from && bytes[this.to - 1] === RETURN) this.to--;
    return decoded >= 0 ? "decoded" : "same";
  }

  /** Adds the message to the record, as its first or next one. */
  join(): void {
    const { message, record, bytes } = this;
    if (record.start < 0) begin(record, message.start, message.line, message.time);
    else bytes[this.recordEnd] = NEWLINE;
    extend(record, message.end, message.length, message.lastTime);
    this.recordEnd = this.to;
    if (this.to > this.from) this.textEnd = this.to;
    forget(message);
  }

  /** The record's bytes are [0, text). Empty lines at its end are left out. */
  get text(): number {
    return this.textEnd;
  }

  /** Drops the record and keeps the message, if there is one. */
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
