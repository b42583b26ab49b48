// Lines of a format become records: parts that a runtime wrote are joined to messages, and messages to records of several
// lines, each stream for itself. What is unfinished at the end of what was read is read again: a chunk ends only before
// the start of all that is open, and only where no record that is done has a line behind that place.
//
// A group is what lies between two such places. Where it would become longer than `reach` or than MOST_RECORDS lines, what
// began first is a record as far as it goes, and what follows is another. Both are counted from the start of the group,
// and lines of runtimes bear times, so records depend on the source only, not on how it was read.
import type { MultilineOptions } from "../../../core/options.ts";
import { type Framed, type Framing, kept, type ReadBytes, type Rest, WAIT } from "./framing.ts";
import { passNuls } from "./holes.ts";
import { ALONE, asItStands, type LineFormat, newLine } from "./line-format.ts";
import { Multiline } from "./multiline.ts";
import { passOver, placeToCut, skipLine } from "./oversize.ts";
import { MOST_RECORDS, RecordWriter, TABLE_BYTES } from "./record-writer.ts";
import { Rules, type RuleOptions } from "./rules.ts";
import { Stream } from "./stream.ts";
import { markLength, wholeCharacters } from "./text-code.ts";

export interface LineOptions extends RuleOptions {
  readonly maxRecord: number;
  readonly oversize: "truncate" | "skip";
  readonly multiline: MultilineOptions | undefined;
}

/** What a reader and the encoding of its files allow. */
export interface LineBounds {
  /** Bytes of the source that are read at once at most. */
  readonly reach: number;
  /** Bytes of UTF-8 that a byte of the source can become. */
  readonly growth: number;
}

export class LineFraming implements Framing {
  readonly tableBytes = TABLE_BYTES;
  readonly growth: number;
  readonly cutBehind: number;
  private readonly format: LineFormat;
  private readonly oversize: "truncate" | "skip";
  private readonly multiline: Multiline | undefined;
  private readonly reach: number;
  /** Of lines that may be joined: what they become must fit too. */
  private readonly joint: number;
  private readonly writer: RecordWriter;
  private readonly line = newLine();
  private readonly streams: readonly [Stream, Stream] = [new Stream(), new Stream()];
  private source!: ReadBytes;
  /** Where the text of the line ends that is looked at. */
  private textEnd = 0;
  /** Bytes at the start of the file that are not of its text. */
  private mark = 0;
  /** Where the group begins, and how many lines stand before it. */
  private group = 0;
  private groupLine = 0;
  private lines = 0;
  /** Behind the last line of all records that are done. */
  private done = 0;
  private ended: Framed["ended"];

  /** @param wall the clock for times without a year */
  constructor(format: LineFormat, options: LineOptions, bounds: LineBounds, wall: () => number) {
    this.format = format;
    this.multiline = options.multiline && new Multiline(options.multiline);
    this.oversize = options.oversize;
    this.reach = bounds.reach;
    this.joint = Math.floor(bounds.reach / bounds.growth);
    this.growth = bounds.growth;
    this.cutBehind = bounds.reach - 4;
    this.writer = new RecordWriter(options, new Rules(options, wall), format.finisher);
  }

  frame(read: ReadBytes): Framed {
    this.begin(read);
    for (let at = 0; ;) {
      const next = this.behindLine(at);
      // The end of a line that is not whole is at least one byte away.
      const until = next < 0 ? read.bytes.length + 1 : next;
      if (!this.makeRoom(at, until, next < 0 ? "partial" : "whole")) return this.framed("start");
      if (until - this.group > this.reach) return at === 0 ? this.oversized() : this.framed("start");
      if (next < 0) return this.leave(at);
      this.take(at, next);
      this.lines++;
      if (!this.settle(next)) return this.framed("start");
      at = next;
    }
  }

  pass(read: ReadBytes): Framed {
    return passOver(read);
  }

  private begin(read: ReadBytes): void {
    const { bytes, code, offset } = read;
    this.source = read;
    this.mark = offset === 0 ? markLength(code, bytes) : 0;
    this.group = this.groupLine = this.lines = this.done = 0;
    this.ended = undefined;
    for (const stream of this.streams) stream.forget();
    this.writer.begin(bytes.length * this.growth, code);
    if (this.mark > 0) this.writer.content = "changed";
  }

  /** Behind the line that begins at `at`; -1: it is not whole. */
  private behindLine(at: number): number {
    const { bytes, code, offset, after } = this.source;
    // Behind a last line that was taken with half a code unit, the other half is by itself.
    if ((offset + at) % code.unit !== 0 && at < bytes.length) return (this.textEnd = at + 1);
    const found = code.lineEnd(bytes, at, offset);
    this.textEnd = found - code.unit;
    if (found >= 0 || after === "more" || after === "quiet") return found;
    this.textEnd = wholeCharacters(this.source);
    if (this.textEnd <= at) return -1;
    this.ended = "cut";
    return this.textEnd;
  }

  /** Ends what began first until the line [at, until) is within the bounds of the group; false: the chunk is full. */
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

  /** A group may end where all begins that is open, once all that is done lies before it; false: the chunk is full. */
  private settle(at: number): boolean {
    const { writer } = this;
    const open = this.earliest();
    const start = Math.min(at, open.start);
    if (start === this.group || this.done > start) return true;
    if (writer.records > MOST_RECORDS || writer.end > this.source.room) return false;
    writer.keep();
    this.group = start;
    this.groupLine = start === at ? this.lines : open.line;
    return true;
  }

  /** No line is whole from `at` on. */
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
    const { writer, group, ended } = this;
    if (group === 0) return WAIT;
    writer.undo();
    if (writer.records > 0 && writer.content === "same" && this.format.records === "lines")
      return { ...kept(writer.records, group, rest), ended };
    const rewritten = writer.rewritten();
    const size = rewritten?.bytes.length ?? 0;
    return { end: group, records: writer.records, kept: size, rewritten, counted: writer.counted(), rest, ended };
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

  /** The message of a stream is whole, or as far as it goes. */
  private complete(stream: Stream): void {
    const { multiline } = this;
    if (stream.complete(this.source.code) === "decoded") this.writer.content = "changed";
    multiline?.judge(stream.bytes, stream.from, stream.to);
    if (multiline?.first) this.close(stream);
    const { record } = stream;
    // An empty line begins none.
    const empty = record.start < 0 && stream.from === stream.to;
    if (record.start >= 0) this.writer.content = "changed";
    stream.join();
    if (!multiline || empty || multiline.last || record.count >= multiline.most) this.close(stream);
  }

  private finish(stream: Stream): void {
    if (stream.message.start >= 0) this.complete(stream);
    this.close(stream);
  }

  /** The record of a stream has all of its lines. */
  private close(stream: Stream): void {
    const { record } = stream;
    if (record.start < 0) return;
    this.writer.copy(stream.bytes, stream.text);
    this.writer.finish(record.start, record.length, record.time);
    this.done = Math.max(this.done, record.end);
    stream.release();
  }

  /** Nothing was written for a while. Where lines bear times, these will say so again. */
  private closeQuiet(stream: Stream): void {
    if (stream.record.start >= 0 && Number.isNaN(stream.record.lastTime)) this.ended = "cut";
    this.close(stream);
  }

  /** Records to which nothing was added since `time`. */
  private closeBefore(time: number): void {
    for (const stream of this.streams) if (stream.record.lastTime <= time) this.close(stream);
  }

  /** What was read begins with a line that is longer than what is read at once. */
  private oversized(): Framed {
    const { line, writer, mark } = this;
    const { bytes, code, offset } = this.source;
    const hole = passNuls(this.source);
    if (hole !== undefined) return hole;
    if (this.oversize === "skip") return skipLine(this.source);
    const end = placeToCut(bytes, this.reach - 1, code, offset);
    this.format.read(bytes, mark, end, line);
    if (line.text === "json") asItStands(line, mark, end);
    // Where it is cut there may be a \r, which would be taken for a line end.
    writer.content = "changed";
    writer.append(bytes, line.from, line.to, line.text, "cut");
    writer.finish(0, end, line.time);
    this.done = end;
    this.settle(end);
    return this.framed("oversized");
  }
}
