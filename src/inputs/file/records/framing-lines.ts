// Turns lines of a format into records: joins the parts that a runtime wrote into messages, and messages into multi-line records,
// each stream separately. Unfinished records at the end of a read are read again: a chunk ends only before the start of all open
// records, and only where no finished record has a line after that place.
//
// A group is the span between two such places. If it would exceed `reach` bytes or MOST_RECORDS lines, the record that began
// first is ended early and its remaining lines become another record. Both limits count from the start of the group, and lines of
// runtimes have times. So records depend only on the source, not on how it was read.
import type { MultilineOptions } from "../../../core/options.ts";
import { type Framed, type Framing, kept, type ReadBytes, type Rest, WAIT } from "./framing.ts";
import { passNuls } from "./holes.ts";
import { ALONE, asItStands, type LineFormat, newLine } from "./line-format.ts";
import { Multiline } from "./multiline.ts";
import { passOver, placeToCut, skipLine } from "./oversize.ts";
import { MOST_RECORDS, RecordWriter, TABLE_BYTES, type WriterOptions } from "./record-writer.ts";
import { Rules, type RuleOptions, type RuleTools } from "./rules.ts";
import { Stream } from "./stream.ts";
import { markLength, wholeCharacters } from "./text-code.ts";

export interface LineOptions extends RuleOptions, WriterOptions {
  readonly multiline: MultilineOptions | undefined;
}

/** Limits set by the reader and by the encoding of its files. */
export interface LineBounds {
  /** Most bytes of the source in one read. */
  readonly reach: number;
  /** Most bytes of UTF-8 per byte of the source. */
  readonly growth: number;
}

/** When patterns take longer than this on one read, the rest waits for another turn, so that the agent can do other work. */
const MOST_MS = 100;
/** Lines between two checks of the clock. */
const TIMED_LINES = 16;

export class LineFraming implements Framing {
  readonly tableBytes = TABLE_BYTES;
  readonly growth: number;
  readonly cutBehind: number;
  private readonly format: LineFormat;
  private readonly oversize: "truncate" | "skip";
  private readonly multiline: Multiline | undefined;
  private readonly now: () => number;
  /** Whether patterns are applied to the lines. */
  private readonly timed: "timed" | "untimed";
  private readonly reach: number;
  /** Like `reach`, for lines that may be joined: their decoded text must fit, too. */
  private readonly joint: number;
  private readonly writer: RecordWriter;
  private readonly line = newLine();
  private readonly streams: readonly [Stream, Stream] = [new Stream(), new Stream()];
  private source!: ReadBytes;
  /** End of the current line's text. */
  private textEnd = 0;
  /** Bytes of the byte order mark at the start of the file. */
  private mark = 0;
  /** Start of the group, and the number of lines before it. */
  private group = 0;
  private groupLine = 0;
  private lines = 0;
  /** End of the last line of all finished records. */
  private done = 0;
  private ended: Framed["ended"];
  private splits = false;

  constructor(format: LineFormat, options: LineOptions, bounds: LineBounds, tools: RuleTools) {
    this.format = format;
    const { multiline } = options;
    this.now = tools.now;
    this.multiline = multiline && new Multiline(multiline, tools.now);
    this.oversize = options.oversize;
    this.reach = bounds.reach;
    this.joint = Math.floor(bounds.reach / bounds.growth);
    this.growth = bounds.growth;
    this.cutBehind = bounds.reach - 4;
    const rules = new Rules(options, tools);
    const matches = rules.patterns === "some" || multiline?.start !== undefined || multiline?.end !== undefined;
    this.timed = matches ? "timed" : "untimed";
    this.writer = new RecordWriter(options, rules, format.finisher);
  }

  frame(read: ReadBytes): Framed {
    this.begin(read);
    const deadline = this.timed === "timed" ? this.now() + MOST_MS : Infinity;
    for (let at = 0; ;) {
      const next = this.behindLine(at);
      // The end of an incomplete line is at least one byte away.
      const until = next < 0 ? read.bytes.length + 1 : next;
      if (!this.makeRoom(at, until, next < 0 ? "partial" : "whole")) return this.framed("start");
      if (until - this.group > this.reach) return at === 0 ? this.oversized() : this.framed("start");
      if (next < 0) return this.leave(at);
      this.take(at, next);
      this.lines++;
      if (!this.settle(next)) return this.framed("start");
      if (this.lines % TIMED_LINES === 0 && this.group > 0 && this.now() > deadline) return this.framed("start");
      at = next;
    }
  }

  pass(read: ReadBytes): Framed {
    return passOver(read);
  }

  private begin(read: ReadBytes): void {
    const { bytes, code, offset, readAtMs } = read;
    this.source = read;
    this.mark = offset === 0 ? markLength(code, bytes) : 0;
    this.group = this.groupLine = this.lines = this.done = 0;
    this.ended = undefined;
    this.splits = false;
    for (const stream of this.streams) stream.forget();
    this.writer.begin(bytes.length * this.growth, code, readAtMs);
    if (this.mark > 0) this.writer.content = "changed";
  }

  /** End of the line that begins at `at`, terminator included; -1: the line is incomplete. */
  private behindLine(at: number): number {
    const { bytes, code, offset, after } = this.source;
    // After a last line that was taken with half a code unit, the other half is a line by itself.
    if ((offset + at) % code.unit !== 0 && at < bytes.length) return (this.textEnd = at + 1);
    const found = code.lineEnd(bytes, at, offset);
    this.textEnd = found - code.unit;
    if (found >= 0 || after === "more" || after === "quiet") return found;
    this.textEnd = wholeCharacters(this.source);
    if (this.textEnd <= at) return -1;
    this.ended = "cut";
    return this.textEnd;
  }

  /** Ends the earliest open records until the line [at, until) fits into the group; false: the chunk is full. */
  private makeRoom(at: number, until: number, line: "whole" | "partial"): boolean {
    while (this.group < at) {
      const lines = line === "whole" && this.lines - this.groupLine >= MOST_RECORDS;
      if (until - this.group <= this.joint && !lines) return true;
      this.finish(this.earliest());
      if (!this.settle(at)) return false;
    }
    return true;
  }

  private earliest(): Stream {
    const [first, second] = this.streams;
    return first.start <= second.start ? first : second;
  }

  /** Ends the group before the earliest open record if all finished ones are before that place; false: the chunk is full. */
  private settle(at: number): boolean {
    const { writer } = this;
    const open = this.earliest();
    const start = Math.min(at, open.start);
    if (start === this.group || this.done > start) return true;
    if (writer.records > MOST_RECORDS || writer.end > this.source.room) return false;
    this.splits = writer.mixed && writer.keeps;
    if (this.splits) return false;
    writer.keep();
    this.group = start;
    this.groupLine = start === at ? this.lines : open.line;
    return true;
  }

  /** Ends the read: the line at `at` is incomplete. */
  private leave(at: number): Framed {
    const { after } = this.source;
    if (after === "quiet") for (const stream of this.streams) this.closeQuiet(stream);
    else if (after !== "more")
      while (this.earliest().start < Infinity) {
        this.ended = "cut";
        this.finish(this.earliest());
      }
    return this.framed(this.settle(at) ? "partial" : "start");
  }

  private framed(rest: Rest): Framed {
    const { writer, group, ended, splits } = this;
    if (group === 0) return WAIT;
    writer.undo();
    if (writer.records > 0 && writer.content === "same" && this.format.records === "lines")
      return { ...kept(writer.records, group, rest), ended, index: writer.index, splits };
    const rewritten = writer.rewritten();
    const size = rewritten?.bytes.length ?? 0;
    const { records, truncated, index } = writer;
    const facts = { ended, truncated, index, splits };
    return { end: group, records, kept: size, rewritten, counted: writer.counted(), rest, ...facts };
  }

  private take(at: number, next: number): void {
    const { line, writer, multiline } = this;
    const { bytes } = this.source;
    this.format.read(bytes, at === 0 ? this.mark : at, this.textEnd, line);
    if (multiline && !Number.isNaN(line.time)) this.closeBefore(line.time - multiline.timeout);
    const stream = line.stream === ALONE ? undefined : this.streams[line.stream];
    if (stream && (multiline || line.part === "partial" || stream.message.start >= 0)) {
      stream.add(bytes, line, at, next, this.lines, this.growth);
      if (line.part === "whole") this.complete(stream);
      return;
    }
    writer.append(bytes, line.from, line.to, line.text, "whole");
    writer.finish(at, next - at, line.time);
    this.done = next;
  }

  /** Ends a stream's message, whole or not, and adds it to the stream's record. */
  private complete(stream: Stream): void {
    const { multiline } = this;
    if (stream.complete(this.source.code) === "decoded") this.writer.content = "changed";
    multiline?.judge(stream.bytes, stream.from, stream.to);
    if (multiline?.first) this.close(stream);
    const { record } = stream;
    // An empty line begins no record.
    const empty = record.start < 0 && stream.from === stream.to;
    if (record.start >= 0) this.writer.content = "changed";
    stream.join();
    if (!multiline || empty || multiline.last || record.count >= multiline.most) this.close(stream);
  }

  private finish(stream: Stream): void {
    if (stream.message.start >= 0) this.complete(stream);
    this.close(stream);
  }

  /** Ends a stream's record. */
  private close(stream: Stream): void {
    const { record } = stream;
    if (record.start < 0) return;
    this.writer.copy(stream.bytes, stream.text);
    this.writer.finish(record.start, record.length, record.time);
    this.done = Math.max(this.done, record.end);
    stream.release();
  }

  /** After a quiet period. Lines with times end the record at the same place when read again; others may not. */
  private closeQuiet(stream: Stream): void {
    if (stream.record.start >= 0 && Number.isNaN(stream.record.lastTime)) this.ended = "cut";
    this.close(stream);
  }

  /** Ends records to which nothing was added since `time`. */
  private closeBefore(time: number): void {
    for (const stream of this.streams) if (stream.record.lastTime <= time) this.close(stream);
  }

  /** The read begins with a line that is longer than one read. */
  private oversized(): Framed {
    const { line, writer, mark } = this;
    const { bytes, code, offset } = this.source;
    const hole = passNuls(this.source);
    if (hole !== undefined) return hole;
    if (this.oversize === "skip") return skipLine(this.source);
    const end = placeToCut(bytes, this.reach - 1, code, offset);
    this.format.read(bytes, mark, end, line);
    if (line.text === "json") asItStands(line, mark, end);
    // A \r just before the cut must not be taken for a line end.
    writer.content = "changed";
    writer.append(bytes, line.from, line.to, line.text, "cut");
    writer.finish(0, end, line.time);
    this.done = end;
    this.settle(end);
    return this.framed("oversized");
  }
}
