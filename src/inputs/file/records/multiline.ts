// Where a record of several lines begins and ends: by its first line, its last one, or by indentation.
import type { MultilineOptions } from "../../../core/options.ts";

export class Multiline {
  /** Lines of a record at most. */
  readonly most: number;
  /** Milliseconds after which nothing more belongs to a record. */
  readonly timeout: number;
  /** Of the line that was judged last: a record begins with it; it is the last one of its record. */
  first = false;
  last = false;
  private readonly options: MultilineOptions;

  constructor(options: MultilineOptions) {
    this.options = options;
    this.most = options.maxRecords;
    this.timeout = options.timeout;
  }

  /** The line is bytes[from, to), in UTF-8 and without its end. */
  judge(bytes: Buffer, from: number, to: number): void {
    const { start, end, indent } = this.options;
    const text = start || end ? bytes.toString("utf8", from, to) : "";
    this.first = start ? start.test(text) : indent && !(to > from && isBlank(bytes[from]));
    this.last = end?.test(text) ?? false;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 32 || byte === 9;
}
