// Lines of a format, joined to records where the format says so. Records that are still unfinished at the end of what was
// read are read again: a chunk ends only where no record is open, so that a checkpoint never passes the start of one.
//
// A group is what lies between two such places. It ends at the latest before the line that would make it longer than
// `reach` or than MOST_RECORDS lines: what is open then is a record as far as it goes, and what follows is another. Both
// are counted from the start of the group, so where groups end depends on the source only, not on how it was read.
import { type Framed, type Framing, kept, type ReadBytes, type Rest, WAIT } from "./framing.ts";
import { addLineEnd, dropEmptyEnd, forget, nothingOpen, type Open } from "./joined.ts";
import { ALONE, asItStands, type LineFormat, newLine } from "./line-format.ts";
import { characterBoundary, cutOversize, NEWLINE, passOver } from "./oversize.ts";
import { MOST_RECORDS, RecordWriter, TABLE_BYTES } from "./record-writer.ts";
import { Rules, type RuleOptions } from "./rules.ts";

/** One byte of an old encoding can be three of UTF-8. */
const DECODED_GROWTH = 3;

export interface LineOptions extends RuleOptions {
  readonly maxRecord: number;
  readonly oversize: "truncate" | "skip";
  /** Undefined: the source is UTF-8. */
  readonly decoder: TextDecoder | undefined;
}

export class LineFraming implements Framing {
  readonly tableBytes = TABLE_BYTES;
  readonly growth: number;
  private readonly format: LineFormat;
  private readonly options: LineOptions;
  private readonly reach: number;
  private readonly writer: RecordWriter;
  private readonly line = newLine();
  private readonly streams: readonly [Open, Open] = [nothingOpen(), nothingOpen()];
  private open = 0;

  /** @param reach bytes of the source that are read at once at most @param wall the clock for times without a year */
  constructor(format: LineFormat, options: LineOptions, reach: number, wall: () => number) {
    this.format = format;
    this.options = options;
    this.reach = reach;
    this.growth = options.decoder === undefined ? 1 : DECODED_GROWTH;
    this.writer = new RecordWriter(options, new Rules(options, wall));
  }

  frame({ bytes, after, room }: ReadBytes): Framed {
    const { writer, reach } = this;
    writer.begin(bytes.length * this.growth);
    for (const open of this.streams) forget(open);
    this.open = 0;
    let [end, group, at, lines] = [0, 0, 0, 0];
    let rest: Rest = "partial";
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, at);
      const next = newline < 0 ? bytes.length : newline + 1;
      const last = newline < 0 && after === "end";
      const beyond = next - group > reach || (newline < 0 && !last && next - group >= reach);
      if (beyond && at === group) {
        if (end === 0) return this.oversized(bytes);
        rest = "start";
        break;
      }
      const complete = next > at && (newline >= 0 || last);
      if (complete) this.format.read(bytes, at, newline < 0 ? next : newline, this.line);
      const full = beyond || lines === MOST_RECORDS;
      if (full || (!complete && after !== "more") || (complete && this.line.place === "first")) this.closeAll(bytes);
      if (at > group && this.open === 0) {
        if (writer.records > MOST_RECORDS || writer.end > room) {
          rest = "start";
          break;
        }
        writer.keep();
        end = group = at;
        lines = 0;
        if (full && at < bytes.length) continue;
      }
      if (!complete) break;
      this.take(bytes, at, next);
      at = next;
      lines++;
    }
    return this.framed(end, rest);
  }

  pass({ bytes }: ReadBytes): Framed {
    return passOver(bytes);
  }

  private framed(end: number, rest: Rest): Framed {
    if (end === 0) return WAIT;
    const { writer } = this;
    writer.undo();
    if (writer.records > 0 && writer.content === "same" && this.format.records === "lines")
      return kept(writer.records, end, rest);
    const rewritten = writer.rewritten();
    const size = rewritten?.bytes.length ?? 0;
    return { end, records: writer.records, kept: size, rewritten, counted: writer.counted(), rest };
  }

  /** The line [at, next), which has been read. */
  private take(bytes: Buffer, at: number, next: number): void {
    const { format, line, writer } = this;
    const open = line.stream === ALONE ? undefined : this.streams[line.stream];
    const empty = line.from === line.to && format.between === "line ends";
    if (open === undefined || (open.start < 0 && (line.part === "whole" || empty))) {
      writer.append(bytes, line.from, line.to, line.text);
      writer.finish(at, next - at, line.time);
      return;
    }
    if (open.start >= 0 && format.between === "line ends") addLineEnd(open, bytes, at);
    if (open.start < 0) {
      this.open++;
      open.start = at;
      open.time = line.time;
    }
    open.length += next - at;
    open.spans.push(line.from, line.to);
    if (line.part === "whole" || ++open.lines === format.most) this.close(open, bytes);
  }

  private close(open: Open, bytes: Buffer): void {
    const { spans } = open;
    if (spans.length > 2) this.writer.content = "changed";
    if (this.format.between === "line ends") dropEmptyEnd(open);
    for (let i = 0; i < spans.length; i += 2) {
      this.writer.append(bytes, spans[i] as number, spans[i + 1] as number, this.format.joined);
    }
    this.writer.finish(open.start, open.length, open.time);
    forget(open);
    this.open--;
  }

  /** In the order in which they began. */
  private closeAll(bytes: Buffer): void {
    const order = this.streams[0].start <= this.streams[1].start ? this.streams : this.streams.toReversed();
    for (const open of order) if (open.start >= 0) this.close(open, bytes);
  }

  /** `bytes` begin with a line that is longer than what is read at once. */
  private oversized(bytes: Buffer): Framed {
    const { maxRecord, oversize } = this.options;
    if (oversize === "skip") return cutOversize(bytes, maxRecord, oversize);
    const { line, writer, reach } = this;
    this.format.read(bytes, 0, reach, line);
    if (line.text === "json") asItStands(line, 0, reach);
    const end = characterBoundary(bytes, Math.min(line.from + maxRecord, reach - 1));
    writer.append(bytes, line.from, end, line.text);
    writer.finish(0, end, line.time);
    writer.keep();
    return this.framed(end, "oversized");
  }
}
