// Decides where a multi-line record begins and ends: by its first line, by its last line, or by indentation.
import type { MultilineOptions } from "../../../core/options.ts";
import { Pattern } from "../../../core/pattern.ts";

export class Multiline {
  /** Most lines in a record. */
  readonly most: number;
  /** Milliseconds after which nothing more is added to a record. */
  readonly timeout: number;
  /** For the line judged last: whether a record begins with it, and whether its record ends with it. */
  first = false;
  last = false;
  private readonly start: Pattern | undefined;
  private readonly end: Pattern | undefined;
  private readonly indent: boolean;

  /** @param now monotonic milliseconds */
  constructor(options: MultilineOptions, now: () => number) {
    const { start, end, indent } = options;
    this.start = start && new Pattern(start.source, now);
    this.end = end && new Pattern(end.source, now);
    this.indent = indent;
    this.most = options.maxRecords;
    this.timeout = options.timeout;
  }

  /** Judges the line bytes[from, to), in UTF-8 and without its line end. */
  judge(bytes: Buffer, from: number, to: number): void {
    const { start, end, indent } = this;
    const text = start || end ? bytes.toString("utf8", from, to) : "";
    this.first = start ? start.test(text) : indent && !(to > from && isBlank(bytes[from]));
    this.last = end?.test(text) ?? false;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9;
}
